// The frontier of a family of networks on one CPU (select/frontier.hpp): every candidate's exits are evaluated once on
// validation inputs and its latency to each exit is predicted once; then thresholds and the last exit are free. Tried
// are one threshold for all exits, and everything on the way to the least of error + price * mean cost at a row of
// prices, whose answers lie on the convex hull of what thresholds can reach. What another configuration covers falls
// out; so does what is within `merge` of one that is more accurate.
#ifndef OFFRAMP_HOST_SEARCH_FRONTIER_HPP
#define OFFRAMP_HOST_SEARCH_FRONTIER_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/threshold_search.hpp>
#include <offramp/latency/energy.hpp>
#include <offramp/latency/predict.hpp>
#include <offramp/select/frontier.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// One network with its weights on one path. `choice` says which; its thresholds, cut and exits are searched. Times in
// counts of the profile's unit.
struct frontier_candidate {
  std::string name;
  configuration choice{};
  exit_outputs outputs;         // of validation inputs, with scores
  std::vector<double> to_exit;  // mean time to each exit, all heads up to it included
  double longest_path = 0;      // to the last exit, with the profile's quantile
  std::size_t arena_bytes = 0;
  std::size_t weight_bytes = 0;
  std::vector<double> energy_to_exit{};  // nJ; or none
};

// With what the plan and the profile say.
template <class Lowered, class Path>
frontier_candidate candidate_of(std::string name, configuration choice, exit_outputs outputs,
                                const cpu_profile<Path>& cpu) {
  const auto t = latency<Lowered>(cpu);
  choice.path = Path::id;
  return {std::move(name),
          choice,
          std::move(outputs),
          {std::begin(t.to_exit), std::end(t.to_exit)},
          t.longest_path,
          memory<Lowered, Path>.arena_bytes,
          memory<Lowered, Path>.weight_bytes};
}

// With measured times to its exits instead of predicted ones, where a network can be run once: the longest path keeps
// its ratio to the last. Throws unless there is a positive time for every exit.
inline frontier_candidate with_times(frontier_candidate c, const std::vector<double>& measured_to_exit) {
  const bool sound =
      std::all_of(measured_to_exit.begin(), measured_to_exit.end(), [](double t) { return std::isfinite(t) && t > 0; });
  if (!sound || measured_to_exit.empty() || measured_to_exit.size() != c.to_exit.size() || !(c.to_exit.back() > 0))
    throw error("with_times: found " + std::to_string(measured_to_exit.size()) + (sound ? "" : " (not all positive)") +
                " measured times for candidate '" + c.name + "', expected one above 0 for each of " +
                std::to_string(c.to_exit.size()) + " exits");
  c.longest_path *= measured_to_exit.back() / c.to_exit.back();
  c.to_exit = measured_to_exit;
  return c;
}

// With the energy to its exits, by a table of picojoules (latency/energy.hpp).
template <class Lowered, class Path>
frontier_candidate with_energy(frontier_candidate c, const energy_table& table) {
  const auto picojoules = energy<Lowered, Path>(table);
  c.energy_to_exit.clear();
  for (const double pj : picojoules.to_exit) c.energy_to_exit.push_back(pj / 1000);
  return c;
}

struct frontier_options {
  time_unit unit = time_unit::nanoseconds;
  int grid = 60;  // thresholds tried at each exit
  int prices = 16;
  double merge = 0.01;  // a point may stand for others whose costs are at most this share below its own
  // Means are raised by so many standard errors, as other inputs than the validation ones leave at other exits: 0 tells
  // what these take, 1.645 what others stay within in 19 of 20 cases.
  double standard_errors = 0;
};

// A frontier and what its configurations refer to.
struct searched_frontier {
  time_unit unit = time_unit::nanoseconds;
  std::vector<frontier_point> points;
  std::map<int, std::string> names;                                      // of networks, by configuration::network
  std::map<int, std::vector<std::vector<std::int32_t>>> thresholds_q16;  // of networks: [set][exit]

  [[nodiscard]] frontier_view view() const { return {points.data(), static_cast<int>(points.size()), unit}; }
  // The thresholds of a point.
  [[nodiscard]] const std::vector<std::int32_t>& thresholds_of(int point) const {
    const configuration& c = points.at(static_cast<std::size_t>(point)).choice;
    return thresholds_q16.at(c.network).at(c.thresholds);
  }
};

// The threshold of an exit that every input leaves at, if not before.
inline constexpr std::int32_t always_q16 = std::numeric_limits<std::int32_t>::min();

namespace detail {

inline std::string named_candidate(const std::string& name) { return "candidate '" + name + "'"; }

// Throws unless counts are finite, not below 0, and do not fall.
inline void expect_rising(const std::vector<double>& counts, std::size_t exits, const std::string& whose) {
  if (counts.size() != exits)
    throw error("search_frontier: " + whose + " has " + std::to_string(counts.size()) +
                " values, expected one for each of " + std::to_string(exits) + " exits");
  double before = 0;
  for (std::size_t k = 0; k < exits; ++k) {
    if (!std::isfinite(counts[k]) || counts[k] < 0)
      throw error("search_frontier: " + whose + " is " + std::to_string(counts[k]) + " to exit " +
                  std::to_string(k + 1) +
                  ", expected a finite number of at least 0 (does the profile know all of its ops?)");
    if (counts[k] < before)
      throw error("search_frontier: " + whose + " is " + std::to_string(counts[k]) + " to exit " +
                  std::to_string(k + 1) + ", less than the " + std::to_string(before) + " to the exit before it");
    before = counts[k];
  }
}

inline void expect_candidates(const std::vector<frontier_candidate>& all) {
  if (all.empty()) throw error("search_frontier: found no candidates, expected at least one");
  const frontier_candidate& a = all.front();
  for (const frontier_candidate& c : all) {
    const std::string name = named_candidate(c.name);
    if (c.outputs.count() == 0 || c.outputs.exits() == 0)
      throw error("search_frontier: " + name + " has no validation outputs, expected at least one input and one exit");
    if (c.outputs.exits() > 1) expect_scores(c.outputs, ("search_frontier: " + name).c_str());
    if (c.outputs.classes != a.outputs.classes)
      throw error("search_frontier: " + name + " tells " + std::to_string(c.outputs.classes) + " classes apart, " +
                  named_candidate(a.name) + " " + std::to_string(a.outputs.classes) +
                  ": expected networks for one task");
    if (c.outputs.truth != a.outputs.truth)
      throw error("search_frontier: " + name + " was validated on other inputs than " + named_candidate(a.name) + " (" +
                  std::to_string(c.outputs.count()) + " and " + std::to_string(a.outputs.count()) +
                  "): expected the same ones, in the same order");
    const auto exits = static_cast<std::size_t>(c.outputs.exits());
    expect_rising(c.to_exit, exits, "the time of " + name);
    if (!c.energy_to_exit.empty()) expect_rising(c.energy_to_exit, exits, "the energy of " + name);
    if (!std::isfinite(c.longest_path) || c.longest_path < c.to_exit.back())
      throw error("search_frontier: the longest path of " + name + " is " + std::to_string(c.longest_path) +
                  ", expected at least the " + std::to_string(c.to_exit.back()) + " to its last exit");
    const double most =
        std::max({c.longest_path, static_cast<double>(c.arena_bytes), static_cast<double>(c.weight_bytes),
                  c.energy_to_exit.empty() ? 0.0 : c.energy_to_exit.back()});
    if (most >= static_cast<double>(no_limit))
      throw error("search_frontier: a figure of " + name + " is " + std::to_string(most) +
                  ", expected less than 2^32: choose a larger unit");
    for (const frontier_candidate& other : all)
      if (other.choice.network == c.choice.network && other.outputs.exits() != c.outputs.exits())
        throw error("search_frontier: " + name + " and " + named_candidate(other.name) + " are both network " +
                    std::to_string(c.choice.network) + " and have " + std::to_string(c.outputs.exits()) + " and " +
                    std::to_string(other.outputs.exits()) + " exits: number them apart");
  }
}

// The first `exits` exits alone.
inline exit_outputs first_exits(exit_outputs o, int exits) {
  const auto n = static_cast<std::size_t>(exits);
  const auto cut = [n](auto& v) {
    if (v.size() > n) v.resize(n);
  };
  cut(o.score_q16), cut(o.label), cut(o.ops), cut(o.integer_logits), cut(o.real_logits), cut(o.scale), cut(o.unit);
  return o;
}

struct found_point {
  frontier_point point{};
  std::vector<std::int32_t> thresholds_q16;
};

inline double mean_over(const std::vector<int>& left, const std::vector<double>& to_exit, double standard_errors) {
  double sum = 0, all = 0;
  for (std::size_t k = 0; k < left.size(); ++k) sum += left[k] * to_exit[k], all += left[k];
  const double mean = sum / all;
  double squares = 0;
  for (std::size_t k = 0; k < left.size(); ++k) squares += left[k] * (to_exit[k] - mean) * (to_exit[k] - mean);
  return std::min(mean + standard_errors * std::sqrt(squares) / all, to_exit[left.size() - 1]);
}

// What a candidate can be up to its exit number `exits`, counted from 1.
inline void try_configurations(const frontier_candidate& c, int exits, const frontier_options& options,
                               std::vector<found_point>& found) {
  const exit_outputs o = first_exits(c.outputs, exits);
  const double all = c.to_exit[static_cast<std::size_t>(exits) - 1];
  const auto counts = [](double v) { return static_cast<std::uint32_t>(std::ceil(v)); };
  const auto mean = [&](const operating_point& p, const std::vector<double>& to_exit) {
    return mean_over(p.left, to_exit, options.standard_errors);
  };
  const auto keep = [&](const operating_point& p) {
    found_point f;
    f.point.choice = c.choice;
    f.point.choice.cut = static_cast<std::uint8_t>(exits);
    f.point.choice.exits = 0;
    for (std::size_t k = 0; k < p.left.size(); ++k)
      if (p.left[k] > 0 && k < 32) f.point.choice.exits |= 1u << k;
    f.point.mean_cost = counts(mean(p, c.to_exit));
    f.point.longest_path = counts(all > 0 ? c.longest_path * (all / c.to_exit.back()) : 0);
    f.point.arena_bytes = static_cast<std::uint32_t>(c.arena_bytes);
    f.point.weight_bytes = static_cast<std::uint32_t>(c.weight_bytes);
    if (!c.energy_to_exit.empty()) f.point.energy_nj = counts(mean(p, c.energy_to_exit));
    f.point.accuracy_e4 = static_cast<std::uint16_t>(std::lround(p.accuracy * 10000));
    // The last of the exits that are run takes everyone, so that a session of the whole network stops there; those
    // behind it are never asked.
    f.thresholds_q16 = p.thresholds_q16;
    f.thresholds_q16.resize(static_cast<std::size_t>(c.outputs.exits()), always_q16);
    f.thresholds_q16[static_cast<std::size_t>(exits) - 1] = always_q16;
    found.push_back(std::move(f));
  };
  const std::vector<std::int32_t> grid = threshold_grid(o, options.grid);
  const std::vector<operating_point> same = sweep(o, grid);  // one threshold for all exits
  for (const operating_point& p : same) keep(p);
  if (exits == 1 || !(all > 0)) return;
  operating_point best = same.back();
  double price = 1e-3;  // of the whole cost, in accuracy; up to 1
  for (int i = 0; i < options.prices; ++i, price *= std::pow(1e3, 1.0 / options.prices)) {
    const auto worth = [&](const operating_point& p) { return p.accuracy - price * mean(p, c.to_exit) / all; };
    for (const operating_point& p : same)
      if (worth(p) > worth(best)) best = p;
    best = descend(o, grid, std::move(best), [&](const operating_point& tried, const operating_point& than) {
      keep(tried);  // what is no better at this price may be so for some budget
      return worth(tried) > worth(than);
    });
  }
}

// Is every cost of `a` at most (1 + merge) times that of `b`, and is it as accurate?
inline bool stands_for(const frontier_point& a, const frontier_point& b, double merge) {
  const auto most = [merge](std::uint32_t v) { return static_cast<double>(v) * (1 + merge); };
  return a.accuracy_e4 >= b.accuracy_e4 && a.mean_cost <= most(b.mean_cost) && a.longest_path <= most(b.longest_path) &&
         a.arena_bytes <= most(b.arena_bytes) && a.weight_bytes <= most(b.weight_bytes) &&
         a.energy_nj <= most(b.energy_nj);
}

// What no other point covers, without what another may stand for; the least of each cost stays. In a frontier's order.
inline std::vector<found_point> pareto(std::vector<found_point> all, double merge) {
  std::stable_sort(all.begin(), all.end(), [](const found_point& a, const found_point& b) {
    return a.point.accuracy_e4 != b.point.accuracy_e4 ? a.point.accuracy_e4 > b.point.accuracy_e4
                                                      : stands_before(a.point, b.point);
  });
  std::vector<found_point> front;  // the most accurate first: what covers a point stands before it, or is its equal
  for (found_point& p : all)
    if (std::none_of(front.begin(), front.end(), [&](const found_point& f) { return covers(f.point, p.point); }))
      front.push_back(std::move(p));
  std::vector<bool> stays(front.size(), merge <= 0);
  const auto keep_least = [&](auto cost) {
    if (front.empty()) return;
    std::size_t least = 0;
    for (std::size_t i = 0; i < front.size(); ++i)
      if (cost(front[i].point) < cost(front[least].point)) least = i;
    stays[least] = true;
  };
  keep_least([](const frontier_point& p) { return p.mean_cost; });
  keep_least([](const frontier_point& p) { return p.longest_path; });
  keep_least([](const frontier_point& p) { return p.arena_bytes; });
  keep_least([](const frontier_point& p) { return p.weight_bytes; });
  keep_least([](const frontier_point& p) { return p.energy_nj; });
  for (std::size_t i = 0; i < front.size(); ++i) {
    bool needed = true;
    for (std::size_t j = 0; j < i && needed; ++j)
      needed = !(stays[j] && stands_for(front[j].point, front[i].point, merge));
    if (needed) stays[i] = true;
  }
  std::vector<found_point> kept;
  for (std::size_t i = 0; i < front.size(); ++i)
    if (stays[i]) kept.push_back(std::move(front[i]));
  std::sort(kept.begin(), kept.end(),
            [](const found_point& a, const found_point& b) { return stands_before(a.point, b.point); });
  return kept;
}

}  // namespace detail

// Throws where there is nothing to choose among, or where candidates cannot be compared. Candidates with one
// configuration::network share their lists of thresholds. For each, some exits * 5,000 evaluations of all images.
inline searched_frontier search_frontier(const std::vector<frontier_candidate>& candidates,
                                         const frontier_options& options = {}) {
  detail::expect_candidates(candidates);
  if (!(options.standard_errors >= 0) || !std::isfinite(options.standard_errors))
    throw error("search_frontier: means shall be raised by " + std::to_string(options.standard_errors) +
                " standard errors, expected a finite number of at least 0");
  std::vector<detail::found_point> all;
  for (const frontier_candidate& c : candidates) {
    std::vector<detail::found_point> own;
    for (int exits = 1; exits <= c.outputs.exits(); ++exits) detail::try_configurations(c, exits, options, own);
    for (detail::found_point& p : detail::pareto(std::move(own), 0)) all.push_back(std::move(p));
  }
  searched_frontier f;
  f.unit = options.unit;
  for (const frontier_candidate& c : candidates) f.names.emplace(c.choice.network, c.name);
  for (detail::found_point& p : detail::pareto(std::move(all), options.merge)) {
    auto& sets = f.thresholds_q16[p.point.choice.network];
    auto at = std::find(sets.begin(), sets.end(), p.thresholds_q16);
    if (at == sets.end()) at = sets.insert(sets.end(), p.thresholds_q16);
    p.point.choice.thresholds = static_cast<std::uint16_t>(at - sets.begin());
    f.points.push_back(p.point);
  }
  return f;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
