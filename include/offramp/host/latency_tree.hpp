// Grows the linear model tree of one class of ops (FastDeepIoT, Yao et al. 2018, arXiv 1809.06970). Rows are divided by
// their measured times, so that squared relative errors are least. Every fit over a part of the samples starts from
// sums of x x' and x, so that hundreds of candidate tests cost little more than one. Below a test, a leaf has costs of
// its own or those from above times a factor: "slower by a third" takes fewer samples to know than a sum of costs.
// First it is asked which kernel runs, because each reckons its loops in a unit of its own.
#ifndef OFFRAMP_HOST_LATENCY_TREE_HPP
#define OFFRAMP_HOST_LATENCY_TREE_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include <offramp/host/nonnegative_least_squares.hpp>
#include <offramp/latency/profile.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// One measured op; `time` in counts of the profile's unit, of the op alone.
struct latency_sample {
  op_features features;
  double time = 0;
};

struct fit_options {
  int least_samples = 10;     // of a leaf with costs of its own, half of a factor; a class needs twice as many
  int depth = 4;              // tests on the way to a leaf, beside those of which kernel runs, at most; fewer where
                              // held-out samples do not profit
  double least_gain = 0.01;   // a test takes away at least this share of the squared error
  double least_worth = 0.04;  // costs are left out as long as the squared error grows by less than this share
  int thresholds = 24;        // tried per condition
  int folds = 5;              // of the cross-validation, 2 or more
  // Counts added to each time before errors are divided by it: what an op may be off without harm, such as the share
  // of going from op to op. Without it, ops of two nanoseconds decide which tests are asked.
  double negligible = 0;
};

namespace detail {

// What a fit needs to know of a set of samples.
struct latency_moments {
  Eigen::Matrix<double, regressors, regressors> gram = Eigen::Matrix<double, regressors, regressors>::Zero();
  Eigen::Matrix<double, regressors, 1> sum = Eigen::Matrix<double, regressors, 1>::Zero();
  double squared = 0;  // of the times, each divided as its row
  int count = 0;

  void add(const latency_sample& s, double negligible) {
    const Eigen::Matrix<double, regressors, 1> row =
        Eigen::Map<const Eigen::Matrix<double, regressors, 1>>(s.features.x) / (s.time + negligible);
    const double time = s.time / (s.time + negligible);
    gram.noalias() += row * row.transpose();
    sum += row * time;
    squared += time * time;
    ++count;
  }
  latency_moments& operator+=(const latency_moments& o) {
    gram += o.gram;
    sum += o.sum;
    squared += o.squared;
    count += o.count;
    return *this;
  }
};

struct latency_fit_of_leaf {
  std::array<double, regressors> cost{};
  double squared = 0;  // sum of squared relative errors
  int costs = 0;       // above zero
  int parameters = 0;  // that were fitted: all costs, or a factor
};

// `allowed`: one bit per regressor.
inline latency_fit_of_leaf fit_costs(const latency_moments& m, unsigned allowed) {
  std::array<int, regressors> of{};
  int n = 0;
  for (int r = 0; r < regressors; ++r)
    if (allowed >> r & 1u) of[static_cast<std::size_t>(n++)] = r;
  Eigen::MatrixXd gram(n, n);
  Eigen::VectorXd sum(n);
  for (int i = 0; i < n; ++i) {
    sum(i) = m.sum(of[static_cast<std::size_t>(i)]);
    for (int j = 0; j < n; ++j) gram(i, j) = m.gram(of[static_cast<std::size_t>(i)], of[static_cast<std::size_t>(j)]);
  }
  const Eigen::VectorXd x = nonnegative_normal_equations(gram, sum, m.squared);
  latency_fit_of_leaf f;
  f.squared = std::max(0.0, m.squared - 2 * sum.dot(x) + x.dot(gram * x));
  for (int i = 0; i < n; ++i) {
    f.cost[static_cast<std::size_t>(of[static_cast<std::size_t>(i)])] = x(i);
    f.costs += x(i) > 0 ? 1 : 0;
  }
  f.parameters = f.costs;
  return f;
}

// Squared error as it would be on other samples, roughly: generalized cross-validation (Craven and Wahba 1979), where
// `parameters` were fitted to `count` samples. Errors of a thousandth are as good as none.
inline double expected_error(double squared, int count, double parameters) {
  const double left = 1 - parameters / count;
  return left > 0.1 ? (squared + 1e-6 * count) / (left * left) : (squared + 1e-6 * count) * 100;
}

// Costs that do not pay are taken out one after the other, the one that is missed least first.
inline latency_fit_of_leaf fit_few_costs(const latency_moments& m, const fit_options& o) {
  unsigned allowed = (1u << regressors) - 1;
  latency_fit_of_leaf best = fit_costs(m, allowed);
  double least = expected_error(best.squared, m.count, best.costs);
  while (best.costs > 1) {
    latency_fit_of_leaf next;
    unsigned without = 0;
    for (int r = 0; r < regressors; ++r) {
      if (!(best.cost[static_cast<std::size_t>(r)] > 0)) continue;
      const latency_fit_of_leaf f = fit_costs(m, allowed & ~(1u << r));
      if (without == 0 || f.squared < next.squared) {
        next = f;
        without = 1u << r;
      }
    }
    const double error_without = expected_error(next.squared, m.count, next.costs);
    if (error_without > least * (1 + o.least_worth)) break;
    least = std::min(least, error_without);
    allowed &= ~without;
    best = next;
  }
  return best;
}

// The costs of `of`, all larger or smaller by one factor: of least squared relative error.
inline latency_fit_of_leaf scaled(const latency_moments& m, const latency_fit_of_leaf& of) {
  const Eigen::Map<const Eigen::Matrix<double, regressors, 1>> cost(of.cost.data());
  const double along = m.sum.dot(cost);
  const double squared = cost.dot(m.gram * cost);
  latency_fit_of_leaf f = of;
  const double factor = squared > 0 ? along / squared : 1;
  for (double& c : f.cost) c *= factor;
  f.squared = std::max(0.0, m.squared - factor * along);
  f.parameters = 1;
  return f;
}

inline double expected_error(const latency_fit_of_leaf& f, int count) {
  return expected_error(f.squared, count, f.parameters);
}

struct grown_node {
  latency_node ask;  // `test` leaf: none; children are indices into the same vector
  int yes = -1;
  int no = -1;
  int level = 0;
  double gain = 0;           // squared error that the test takes away
  latency_fit_of_leaf leaf;  // of an inner node, too: what it would be without its test
};

constexpr bool names_things(condition c) {
  return c == condition::variant || c == condition::in_kind || c == condition::out_kind || c == condition::adds ||
         c == condition::two_slopes || c == condition::what || c == condition::in_layout || c == condition::out_layout;
}
constexpr bool comes_in_groups(condition c) {
  return c == condition::in_channels || c == condition::out_channels || c == condition::positions ||
         c == condition::out_width || c == condition::depth;
}

// The roundest number of [least, most], of whole powers of two: people and kernels like them.
constexpr std::int32_t roundest(std::int32_t least, std::int32_t most) {
  for (int bit = 30; bit > 0; --bit) {
    const std::int32_t candidate = most >> bit << bit;
    if (candidate >= least && candidate > 0) return candidate;
  }
  return most;
}

class tree_grower {
 public:
  tree_grower(const std::vector<latency_sample>& samples, const fit_options& options)
      : samples_(samples), options_(options) {}

  // A tree over the samples `of`; node 0 is its root.
  std::vector<grown_node> grow(std::vector<int> of) {
    nodes_.clear();
    const latency_fit_of_leaf whole = fit_few_costs(moments_of(of), options_);
    grow_kernels(std::move(of), whole);
    return std::move(nodes_);
  }

 private:
  // A test was chosen to fit and counts as three parameters, as in MARS (Friedman 1991).
  static constexpr int test_parameters = 3;
  // So many tests, the best with all costs, are tried again with the few costs that pay.
  static constexpr std::size_t tried_again = 8;

  struct split {
    latency_node ask;
    double expected = -1;  // error of both sides with all costs; negative: none found
    latency_moments yes;
    latency_moments no;
  };

  // Costs of its own from `own_costs(m)`, or those above times a factor, whichever may be expected to err less.
  template <class Own>
  latency_fit_of_leaf fit(const latency_moments& m, const latency_fit_of_leaf& above, Own own_costs) const {
    const latency_fit_of_leaf by_factor = scaled(m, above);
    if (m.count < options_.least_samples) return by_factor;
    const latency_fit_of_leaf own = own_costs(m);
    return expected_error(own, m.count) < expected_error(by_factor, m.count) ? own : by_factor;
  }
  latency_fit_of_leaf fit(const latency_moments& m, const latency_fit_of_leaf& above) const {
    return fit(m, above, [&](const latency_moments& of) { return fit_few_costs(of, options_); });
  }

  // Each kernel and form of it that has enough samples gets a part of its own if that pays, the most frequent first;
  // the others share one, which is told from all of the class where they are few. Such tests do not count as depth.
  int grow_kernels(std::vector<int> of, const latency_fit_of_leaf& whole) {
    std::map<std::int32_t, int> count;
    for (const int i : of) ++count[at(i).features.get(condition::variant)];
    const auto most =
        std::max_element(count.begin(), count.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    const auto rest = [&] {
      return grow_from(of, 0, static_cast<int>(of.size()) < options_.least_samples ? &whole : nullptr);
    };
    if (count.size() < 2 || most->second < options_.least_samples) return rest();
    latency_node ask;
    ask.test = tree_test::equals;
    ask.of = condition::variant;
    ask.value = most->first;
    auto [yes, no] = divided(of, ask);
    const latency_moments all = moments_of(of), others = moments_of(no);
    const latency_fit_of_leaf together = fit_few_costs(all, options_), own = fit_few_costs(moments_of(yes), options_),
                              theirs = fit(others, whole);
    const double apart =
        expected_error(own.squared + theirs.squared, all.count, own.parameters + theirs.parameters + test_parameters);
    if (!(apart < expected_error(together, all.count) * (1 - options_.least_gain))) return rest();
    const int here = add_node(-1, unbiased(together, of));
    const int left = grow_from(std::move(yes), 0, nullptr);
    const int right = grow_kernels(std::move(no), whole);
    put_test(here, ask, left, right, std::numeric_limits<double>::infinity());
    return here;
  }

  int grow_from(std::vector<int> of, int level, const latency_fit_of_leaf* above) {
    const latency_moments all = moments_of(of);
    const latency_fit_of_leaf whole = above == nullptr ? fit_few_costs(all, options_) : fit(all, *above);
    const int here = add_node(level, unbiased(whole, of));
    if (level >= options_.depth || all.count < 2 * least_of_factor()) return here;
    split best;
    double least = expected_error(whole, all.count) * (1 - options_.least_gain);
    double gain = 0;
    for (const split& s : best_splits(of, whole)) {
      const latency_fit_of_leaf yes = fit(s.yes, whole);
      const latency_fit_of_leaf no = fit(s.no, whole);
      const double with =
          expected_error(yes.squared + no.squared, all.count, yes.parameters + no.parameters + test_parameters);
      if (!(with < least)) continue;
      least = with;
      best = s;
      gain = whole.squared - yes.squared - no.squared;
    }
    if (best.expected < 0) return here;
    auto [yes, no] = divided(of, best.ask);
    of.clear();
    const int left = grow_from(std::move(yes), level + 1, &whole);
    const int right = grow_from(std::move(no), level + 1, &whole);
    put_test(here, best.ask, left, right, gain);
    return here;
  }

  int add_node(int level, const latency_fit_of_leaf& leaf) {
    nodes_.emplace_back();
    nodes_.back().level = level;
    nodes_.back().leaf = leaf;
    return static_cast<int>(nodes_.size()) - 1;
  }
  void put_test(int of, const latency_node& ask, int yes, int no, double gain) {
    grown_node& n = nodes_[static_cast<std::size_t>(of)];
    n.ask = ask;
    n.yes = yes;
    n.no = no;
    n.gain = gain;
  }
  // Those that say yes, and the others.
  [[nodiscard]] std::pair<std::vector<int>, std::vector<int>> divided(const std::vector<int>& of,
                                                                      const latency_node& ask) const {
    std::pair<std::vector<int>, std::vector<int>> sides;
    for (const int i : of) (ask.holds(at(i).features) ? sides.first : sides.second).push_back(i);
    return sides;
  }
  [[nodiscard]] latency_moments moments_of(const std::vector<int>& of) const {
    latency_moments m;
    for (const int i : of) m.add(at(i), options_.negligible);
    return m;
  }

  // Least squares of predicted / measured lie low by their variance; a network is a sum of ops, to which that adds up.
  // So that predicted / measured is 1 on average, outliers counted as factors of 2.
  latency_fit_of_leaf unbiased(latency_fit_of_leaf leaf, const std::vector<int>& of) const {
    double sum = 0;
    double weights = 0;
    for (const int i : of) {
      const latency_sample& s = at(i);
      double predicted = 0;
      for (std::size_t r = 0; r < regressors; ++r) predicted += leaf.cost[r] * s.features.x[r];
      const double weight = s.time / (s.time + options_.negligible);
      sum += weight * std::clamp(predicted / s.time, 0.5, 2.0);
      weights += weight;
    }
    const double factor = weights / sum;
    for (double& c : leaf.cost) c *= factor;
    return leaf;
  }

  // The best first. `whole`: costs without a test.
  std::vector<split> best_splits(const std::vector<int>& of, const latency_fit_of_leaf& whole) const {
    std::vector<split> best;
    for (int c = 0; c < conditions; ++c) {
      const auto what = static_cast<condition>(c);
      if (names_things(what)) {
        try_names(of, what, whole, best);
      } else {
        try_thresholds(of, what, whole, best);
        if (comes_in_groups(what)) try_multiples(of, what, whole, best);
      }
    }
    return best;
  }

  void consider(const latency_node& ask, const latency_moments& yes, const latency_moments& no,
                const latency_fit_of_leaf& whole, std::vector<split>& best) const {
    if (yes.count < least_of_factor() || no.count < least_of_factor()) return;
    const auto all_costs = [](const latency_moments& m) { return fit_costs(m, (1u << regressors) - 1); };
    const latency_fit_of_leaf a = fit(yes, whole, all_costs);
    const latency_fit_of_leaf b = fit(no, whole, all_costs);
    const double expected =
        expected_error(a.squared + b.squared, yes.count + no.count, a.parameters + b.parameters + test_parameters);
    const auto place =
        std::find_if(best.begin(), best.end(), [&](const split& s) { return expected < s.expected * (1 - 1e-6); });
    if (place == best.end() && best.size() >= tried_again) return;
    best.insert(place, {ask, expected, yes, no});
    if (best.size() > tried_again) best.pop_back();
  }

  // Samples in order of the condition, in bins between which a threshold may lie.
  void try_thresholds(const std::vector<int>& of, condition c, const latency_fit_of_leaf& whole,
                      std::vector<split>& best) const {
    std::vector<std::pair<std::int32_t, int>> order;
    for (const int i : of) order.emplace_back(at(i).features.get(c), i);
    std::sort(order.begin(), order.end());
    std::vector<std::size_t> changes;  // order[k - 1] and order[k] differ
    for (std::size_t k = 1; k < order.size(); ++k)
      if (order[k].first != order[k - 1].first) changes.push_back(k);
    if (changes.empty()) return;
    std::vector<std::size_t> cuts = changes;
    const auto most = static_cast<std::size_t>(std::max(1, options_.thresholds));
    if (changes.size() > most) {  // those nearest to quantiles of the samples
      cuts.clear();
      for (std::size_t q = 1; q <= most; ++q) {
        const std::size_t wish = order.size() * q / (most + 1);
        const auto next = std::lower_bound(changes.begin(), changes.end(), wish);
        const std::size_t cut = next == changes.end() ? changes.back() : *next;
        if (cuts.empty() || cut != cuts.back()) cuts.push_back(cut);
      }
    }
    std::vector<latency_moments> bins(cuts.size() + 1);
    for (std::size_t k = 0, bin = 0; k < order.size(); ++k) {
      while (bin < cuts.size() && k >= cuts[bin]) ++bin;
      bins[bin].add(at(order[k].second), options_.negligible);
    }
    std::vector<latency_moments> behind = bins;  // sums of what follows; sums alone, since differences would cancel
    for (std::size_t b = behind.size() - 1; b-- > 0;) behind[b] += behind[b + 1];
    latency_moments before;
    for (std::size_t b = 0; b < cuts.size(); ++b) {
      before += bins[b];
      latency_node ask;
      ask.test = tree_test::at_most;
      ask.of = c;
      ask.value = roundest(order[cuts[b] - 1].first, order[cuts[b]].first - 1);
      consider(ask, before, behind[b + 1], whole, best);
    }
  }

  void try_multiples(const std::vector<int>& of, condition c, const latency_fit_of_leaf& whole,
                     std::vector<split>& best) const {
    int last = 0;
    for (const int m : {2, 4, 8, 16, 32, 64}) {
      latency_node ask;
      ask.test = tree_test::multiple_of;
      ask.of = c;
      ask.value = m;
      const int count = try_test(of, ask, last, whole, best);
      last = count;
    }
  }

  void try_names(const std::vector<int>& of, condition c, const latency_fit_of_leaf& whole,
                 std::vector<split>& best) const {
    std::vector<std::int32_t> values;
    for (const int i : of) values.push_back(at(i).features.get(c));
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.size() < 2) return;
    // Of two, one test will do: the one that says yes to what is not zero.
    for (std::size_t v = values.size() == 2 ? 1 : 0; v < values.size(); ++v) {
      latency_node ask;
      ask.test = tree_test::equals;
      ask.of = c;
      ask.value = values[v];
      try_test(of, ask, 0, whole, best);
    }
  }

  // How many say yes; a test that divides them as the one before did (`same` say yes) is passed over.
  int try_test(const std::vector<int>& of, const latency_node& ask, int same, const latency_fit_of_leaf& whole,
               std::vector<split>& best) const {
    int count = 0;
    for (const int i : of) count += ask.holds(at(i).features) ? 1 : 0;
    const int others = static_cast<int>(of.size()) - count;
    if (count == same || count < least_of_factor() || others < least_of_factor()) return count;
    latency_moments yes;
    latency_moments no;
    for (const int i : of) (ask.holds(at(i).features) ? yes : no).add(at(i), options_.negligible);
    consider(ask, yes, no, whole, best);
    return count;
  }

  // Samples that a factor needs.
  [[nodiscard]] int least_of_factor() const { return std::max(2, options_.least_samples / 2); }
  const latency_sample& at(int i) const { return samples_[static_cast<std::size_t>(i)]; }

  const std::vector<latency_sample>& samples_;
  const fit_options& options_;
  std::vector<grown_node> nodes_;
};

// Tests below `depth` are not asked.
inline double predict_grown(const std::vector<grown_node>& tree, const op_features& f, int depth) {
  const grown_node* n = tree.data();
  while (n->ask.test != tree_test::leaf && n->level < depth)
    n = &tree[static_cast<std::size_t>(n->ask.holds(f) ? n->yes : n->no)];
  double sum = 0;
  for (std::size_t r = 0; r < regressors; ++r) sum += n->leaf.cost[r] * f.x[r];
  return sum;
}

}  // namespace detail

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
