// From measured ops to the trees of a CPU's profile: one linear model tree per class, as deep as samples that it was
// not fitted on profit from, with the error on those. Also the model that knows no more than OPs, to compare with.
#ifndef OFFRAMP_HOST_FIT_LATENCY_HPP
#define OFFRAMP_HOST_FIT_LATENCY_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <offramp/core/hash.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/latency_tree.hpp>
#include <offramp/latency/profile.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct latency_fit {
  profile_data profile;
  std::vector<double> held_out;  // of every sample: what trees predict that were fitted without it
};

namespace detail {

inline void check_samples(const std::vector<latency_sample>& samples) {
  if (samples.empty()) throw error("fit_latency: no samples, expected those of at least one class of ops");
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const latency_sample& s = samples[i];
    const std::string which = "fit_latency: sample " + std::to_string(i) + " (" + to_string(s.features.what) + ")";
    if (static_cast<int>(s.features.what) >= op_classes) throw error(which + ": expected a class of ops");
    if (!(s.time > 0) || !std::isfinite(s.time))
      throw error(which + ": found a time of " + std::to_string(s.time) +
                  ", expected a positive count (a clock that does not advance?)");
    for (int r = 0; r < regressors; ++r)
      if (!(s.features.x[r] >= 0) || !std::isfinite(s.features.x[r]))
        throw error(which + ": " + to_string(static_cast<regressor>(r)) + " is " + std::to_string(s.features.x[r]) +
                    ", expected a count of 0 or more");
  }
}

inline void check_options(const fit_options& o) {
  const auto at_least = [](const char* name, int found, int least) {
    if (found < least)
      throw error(std::string{"fit_options: "} + name + " is " + std::to_string(found) + ", expected at least " +
                  std::to_string(least));
  };
  at_least("least_samples", o.least_samples, 4);
  at_least("depth", o.depth, 0);
  at_least("thresholds", o.thresholds, 1);
  at_least("folds", o.folds, 2);
  if (!(o.negligible >= 0) || !std::isfinite(o.negligible))
    throw error("fit_options: negligible is " + std::to_string(o.negligible) + ", expected a count of 0 or more");
}

// The larger float: what was measured is not beyond what was measured.
inline float float_at_least(double v) {
  const auto f = static_cast<float>(v);
  return static_cast<double>(f) < v ? std::nextafter(f, std::numeric_limits<float>::infinity()) : f;
}

using grown_trees = std::array<std::vector<grown_node>, op_classes>;

inline bool is_inner(const grown_node& n) { return n.ask.test != tree_test::leaf; }

// Takes tests away, the one that gains least first, until the trees find room in a profile.
inline void prune_to_fit(grown_trees& trees, int most_nodes, int most_leaves) {
  for (;;) {
    int inner = 0;
    int roots = 0;
    grown_node* least = nullptr;
    for (std::vector<grown_node>& tree : trees) {
      if (tree.empty()) continue;
      ++roots;
      std::vector<int> walk{0};
      while (!walk.empty()) {
        grown_node& n = tree[static_cast<std::size_t>(walk.back())];
        walk.pop_back();
        if (!is_inner(n)) continue;
        ++inner;
        walk.push_back(n.yes);
        walk.push_back(n.no);
        const bool last =
            !is_inner(tree[static_cast<std::size_t>(n.yes)]) && !is_inner(tree[static_cast<std::size_t>(n.no)]);
        if (last && (least == nullptr || n.gain < least->gain)) least = &n;
      }
    }
    if (2 * inner + roots <= most_nodes && inner + roots <= most_leaves) return;
    if (least == nullptr) return;
    least->ask = {};
  }
}

inline void cut_below(std::vector<grown_node>& tree, int depth) {
  for (grown_node& n : tree)
    if (n.level >= depth) n.ask = {};
}

// Parents before children, a test's `yes` before its `no`. Returns the node.
inline std::uint8_t put_tree(const std::vector<grown_node>& tree, int from, profile_data& p) {
  const grown_node& n = tree[static_cast<std::size_t>(from)];
  const int here = p.node_count++;
  if (is_inner(n)) {
    latency_node to = n.ask;
    to.yes = put_tree(tree, n.yes, p);
    to.no = put_tree(tree, n.no, p);
    p.nodes[here] = to;
  } else {
    latency_node to;
    to.value = p.leaf_count++;
    for (int r = 0; r < regressors; ++r)
      p.leaves[to.value].cost[r] = static_cast<float>(n.leaf.cost[static_cast<std::size_t>(r)]);
    p.nodes[here] = to;
  }
  return static_cast<std::uint8_t>(here);
}

// Which part a sample belongs to, at random: ops that are alike stay together, for networks repeat theirs, and what was
// fitted to an op itself would not be held out.
inline int part_of(const op_features& f, int parts) {
  std::uint64_t h = hash_seed;
  for (const double x : f.x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    h = hash_mix(hash_mix(h, static_cast<std::uint32_t>(bits)), static_cast<std::uint32_t>(bits >> 32));
  }
  for (const std::int32_t v : f.is) h = hash_mix(h, v);
  return static_cast<int>((h ^ h >> 32) % static_cast<std::uint64_t>(parts));
}

// Fits trees with parts of the samples held out. Returns the depth from which on more tests do not help on those, and
// puts its predictions and their mean relative error.
inline int cross_validate(const std::vector<latency_sample>& samples, const std::vector<int>& of, const fit_options& o,
                          std::vector<double>& held_out, double& error_of_class) {
  const auto n = static_cast<int>(of.size());
  const auto depths = static_cast<std::size_t>(o.depth) + 1;
  std::vector<double> predicted(static_cast<std::size_t>(n) * depths);
  std::vector<double> errors(depths, 0.0);
  std::vector<int> part;
  for (const int i : of) part.push_back(part_of(samples[static_cast<std::size_t>(i)].features, o.folds));
  for (int fold = 0; fold < o.folds; ++fold) {
    std::vector<int> fitted;
    for (std::size_t k = 0; k < of.size(); ++k)
      if (part[k] != fold) fitted.push_back(of[k]);
    if (fitted.size() == of.size()) continue;
    if (fitted.empty()) fitted = of;  // all alike: there is nothing else to fit to
    const std::vector<grown_node> tree = tree_grower{samples, o}.grow(fitted);
    for (std::size_t k = 0; k < of.size(); ++k) {
      if (part[k] != fold) continue;
      const latency_sample& s = samples[static_cast<std::size_t>(of[k])];
      for (std::size_t d = 0; d < depths; ++d) {
        const double p = predict_grown(tree, s.features, static_cast<int>(d));
        predicted[k * depths + d] = p;
        // One op that is predicted many times too long says little about all others, and what takes long matters more.
        errors[d] += std::sqrt(s.time) * std::min(1.0, std::abs(p - s.time) / (s.time + o.negligible));
      }
    }
  }
  double least = errors[0];
  for (const double e : errors) least = std::min(least, e);
  std::size_t depth = 0;
  // As much as the draw of the parts changes an error by.
  while (errors[depth] > least * 1.05) ++depth;
  error_of_class = 0;
  for (std::size_t k = 0; k < of.size(); ++k) {
    const auto at = static_cast<std::size_t>(of[k]);
    held_out[at] = predicted[k * depths + depth];
    error_of_class += std::abs(held_out[at] - samples[at].time) / samples[at].time / n;
  }
  return static_cast<int>(depth);
}

}  // namespace detail

// Trees, largest_work and error of every class that has samples; name, unit, path and what is beside the ops are left
// to the caller. Throws where there are no samples, or fewer of a class than two leaves need, or where a time is none.
inline latency_fit fit_and_hold_out(const std::vector<latency_sample>& samples, const fit_options& options = {}) {
  detail::check_samples(samples);
  detail::check_options(options);
  std::array<std::vector<int>, op_classes> classes;
  for (std::size_t i = 0; i < samples.size(); ++i)
    classes[static_cast<std::size_t>(samples[i].features.what)].push_back(static_cast<int>(i));
  for (std::size_t c = 0; c < op_classes; ++c)
    if (!classes[c].empty() && classes[c].size() < 2 * static_cast<std::size_t>(options.least_samples))
      throw error(std::string{"fit_latency: too few samples of "} + to_string(static_cast<op_class>(c)) + ": found " +
                  std::to_string(classes[c].size()) + ", needed " + std::to_string(2 * options.least_samples));
  latency_fit fit;
  fit.held_out.assign(samples.size(), 0.0);
  detail::grown_trees trees;
  for (std::size_t c = 0; c < op_classes; ++c) {
    if (classes[c].empty()) continue;
    double error_of_class = 0;
    fit_options as_deep = options;
    as_deep.depth = detail::cross_validate(samples, classes[c], options, fit.held_out, error_of_class);
    trees[c] = detail::tree_grower{samples, as_deep}.grow(classes[c]);
    double largest = 0;
    for (const int i : classes[c])
      largest = std::max(largest, samples[static_cast<std::size_t>(i)].features.get(regressor::work));
    fit.profile.classes[c].largest_work = detail::float_at_least(largest);
    fit.profile.classes[c].error = static_cast<float>(error_of_class);
  }
  detail::prune_to_fit(trees, profile_data::max_nodes, profile_data::max_leaves);
  for (std::size_t c = 0; c < op_classes; ++c)
    if (!trees[c].empty()) fit.profile.classes[c].root = detail::put_tree(trees[c], 0, fit.profile);
  fit.profile.samples = static_cast<std::int32_t>(samples.size());
  return fit;
}

inline profile_data fit_latency(const std::vector<latency_sample>& samples, const fit_options& options = {}) {
  return fit_and_hold_out(samples, options).profile;
}

// Time in proportion to OPs, products of bits counted as a 64th: what one would guess without a model. One coefficient
// of least squared relative error for all classes, or one per class that has samples; `error` is that on the samples
// themselves.
inline profile_data fit_proportional(const std::vector<latency_sample>& samples, bool per_class = false) {
  detail::check_samples(samples);
  profile_data p;
  detail::latency_moments all;
  std::array<detail::latency_moments, op_classes> of{};
  for (const latency_sample& s : samples) of[static_cast<std::size_t>(s.features.what)].add(s, 0);
  for (const detail::latency_moments& m : of) all += m;
  for (std::size_t c = 0; c < op_classes; ++c) {
    if (of[c].count == 0) continue;
    constexpr unsigned work = 1u << static_cast<unsigned>(regressor::work);
    const auto fit = detail::fit_costs(per_class ? of[c] : all, work);
    class_profile& to = p.classes[c];
    double largest = 0;
    double sum = 0;
    for (const latency_sample& s : samples) {
      if (static_cast<std::size_t>(s.features.what) != c) continue;
      const double ops = s.features.get(regressor::work);
      largest = std::max(largest, ops);
      sum += std::abs(ops * fit.cost[static_cast<std::size_t>(regressor::work)] - s.time) / s.time;
    }
    to.largest_work = detail::float_at_least(largest);
    to.error = static_cast<float>(sum / of[c].count);
    std::vector<detail::grown_node> tree(1);
    tree[0].leaf = fit;
    to.root = detail::put_tree(tree, 0, p);
  }
  p.samples = static_cast<std::int32_t>(samples.size());
  return p;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
