// What a network will take on a CPU, from its profile and without running it: a constant expression over a constexpr
// profile, so that `static_assert(latency<net>(cpu).longest_path <= deadline)` is a line in a user's code.
#ifndef OFFRAMP_LATENCY_PREDICT_HPP
#define OFFRAMP_LATENCY_PREDICT_HPP

#include <limits>

#include <offramp/latency/profile.hpp>
#include <offramp/net/plan.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Counts of the profile's unit that one op takes; infinite where the profile knows nothing of its class.
constexpr double op_latency(const profile_data& p, const op_features& f) {
  const class_profile& c = p.classes[static_cast<int>(f.what)];
  if (c.root == class_profile::not_measured) return std::numeric_limits<double>::infinity();
  const latency_node* n = &p.nodes[c.root];
  while (n->test != tree_test::leaf) n = &p.nodes[n->holds(f) ? n->yes : n->no];
  const latency_leaf& leaf = p.leaves[n->value];
  double sum = 0;
  for (int r = 0; r < regressors; ++r) sum += static_cast<double>(leaf.cost[r]) * f.x[r];
  return sum;
}

// Counts of the profile's unit.
template <int Exits>
struct latency_prediction {
  double to_exit[Exits]{};    // of a sample that leaves at exit k; every head up to it included
  double longest_path = 0;    // of one that leaves nowhere early, times the profile's quantile ratio. Not a bound.
  bool known = true;          // every op's class was measured
  bool extrapolated = false;  // some op is larger than any that was measured

  // Mean of a stream of which the share leaving[k] leaves at exit k.
  [[nodiscard]] constexpr double mean(const double (&leaving)[Exits]) const {
    double sum = 0;
    for (int k = 0; k < Exits; ++k) sum += leaving[k] * to_exit[k];
    return sum;
  }
};

namespace detail {

// Any program planned for Path: `steps` in order, their exits ascending.
template <class Path, int Exits>
constexpr latency_prediction<Exits> predict_steps(const profile_data& p, const step_desc* steps, int count) {
  latency_prediction<Exits> r;
  double sum = static_cast<double>(p.per_sample);
  int next = 0;
  for (int k = 0; k < Exits; ++k) {
    for (; next < count && steps[next].exit == k; ++next) {
      const op_features f = features<Path>(steps[next]);
      const class_profile& c = p.classes[static_cast<int>(f.what)];
      sum += op_latency(p, f) + static_cast<double>(p.per_step);
      r.known = r.known && c.root != class_profile::not_measured;
      r.extrapolated = r.extrapolated || f.get(regressor::work) > static_cast<double>(c.largest_work);
    }
    sum += static_cast<double>(p.per_exit);
    r.to_exit[k] = sum;
  }
  r.longest_path = sum * static_cast<double>(p.quantile_ratio);
  return r;
}

}  // namespace detail

template <class Lowered, class Path>
constexpr latency_prediction<Lowered::exits> latency(const cpu_profile<Path>& cpu) {
  using plan = planned<Lowered, Path>;
  return detail::predict_steps<Path, Lowered::exits>(cpu.data, plan::program.steps, plan::steps);
}

// Of one step of the plan, the share of going to it included.
template <class Lowered, class Path>
constexpr double step_latency(const cpu_profile<Path>& cpu, int step) {
  return op_latency(cpu.data, features<Path>(planned<Lowered, Path>::program.steps[step])) +
         static_cast<double>(cpu.data.per_step);
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
