// Which trim of a network meets a deadline, before any of them is built or trained (NetCut, arXiv 2101.05363): one
// profile of the whole network, op by op, tells all of its trims; so does a latency model, without running anything.
// Then the longest that is fast enough is the one to retrain. In the compiler: netcut_type (elastic/trim.hpp).
#ifndef OFFRAMP_HOST_NETCUT_HPP
#define OFFRAMP_HOST_NETCUT_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <offramp/elastic/trim.hpp>
#include <offramp/exits/session.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/op_profile.hpp>
#include <offramp/host/statistics.hpp>
#include <offramp/host/table.hpp>
#include <offramp/latency/predict.hpp>
#include <offramp/net/plan.hpp>
#include <offramp/timing/clocks/steady.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// What one trim will take, every exit declined. Counts of the clock or profile it comes from.
struct trim_estimate {
  double time = 0;     // expected
  double longest = 0;  // held against the deadline: with the margin that the estimator's error asks for
};

// A network profiled once.
struct network_profile {
  double whole = 0;           // t_N: a run of the whole network, every exit declined, without an observer
  std::vector<double> steps;  // t_i: each op of its plan, in the plan's order
};

// Measures a deployed network as the estimator needs it: `runs` runs with a recorder (op_profile.hpp), as many without.
// `inputs` in turn: [n][input_size]. Throws as profile_ops does.
template <clock_source Clock = steady_clock, class Lowered, class Path, class Criterion, class Reuse>
network_profile profile_network(
    const bound_weights<Lowered, Path, Criterion, Reuse>& weights,
    std::span<const typename session<Lowered, Path, Criterion, Reuse>::input_element> inputs, int runs = 199) {
  network_profile p;
  for (const op_profile::row& r : profile_ops<Clock>(weights, inputs, runs).rows) p.steps.push_back(r.median);
  using session_t = session<Lowered, Path, Criterion, Reuse>;
  const auto memory = std::make_unique<arena<Lowered, Path>>();
  session_t net{weights, *memory};
  std::vector<std::uint64_t> times;
  for (int i = 0; i < runs; ++i) {
    const std::size_t at = static_cast<std::size_t>(i) % (inputs.size() / session_t::input_size);
    const auto x = checked_input<session_t>(inputs.subspan(at * session_t::input_size, session_t::input_size));
    const auto start = Clock::now();
    net.begin(x);
    while (net.step()) {}
    times.push_back(elapsed(start, Clock::now()));
  }
  p.whole = static_cast<double>(median(times));
  return p;
}

namespace detail {

inline void expect_times(const network_profile& p, int steps) {
  if (p.steps.size() != static_cast<std::size_t>(steps))
    throw error("netcut: found times of " + std::to_string(p.steps.size()) + " ops, expected " + std::to_string(steps) +
                ": the profile is another network's, path's or lowering's");
  double sum = 0;
  for (std::size_t i = 0; i < p.steps.size(); ++i) {
    if (!(p.steps[i] >= 0) || !std::isfinite(p.steps[i]))
      throw error("netcut: op " + std::to_string(i) + " takes " + std::to_string(p.steps[i]) +
                  ", expected a time of 0 or more");
    sum += p.steps[i];
  }
  if (!(p.whole > 0) || !std::isfinite(p.whole))
    throw error("netcut: the whole network takes " + std::to_string(p.whole) + ", expected a time above 0");
  if (!(sum > 0)) throw error("netcut: the ops take no time at all: did the clock advance?");
}

}  // namespace detail

// The profiler-based estimator, for the trims of `Family`, the shortest first:
//
//   t(l) = t_N * (sum of t_i over the ops that are kept) / (sum of t_i over all ops)
//
// The ratio takes out what timing every op by itself adds. Not seen is that the last op kept may write another kind
// where nothing follows (before the first residual: i8 in place of the stream's i16). Kept are the backbone up to block
// l, the early heads where the family keeps exits, and the last head, which stands for the new one. `Lowered` is the
// lowered whole network, `ratio` the margin of `longest`, 1 or more. Throws where the profile does not fit.
template <class Family, class Lowered, class Path>
std::vector<trim_estimate> estimate_by_profile(const network_profile& profile, double ratio = 1) {
  using net = typename Lowered::network;
  static_assert(std::is_same_v<net, typename Family::network>,
                "offramp: estimate_by_profile<Family, Lowered, Path>: Lowered is another network than the family's");
  const auto& program = planned<Lowered, Path>::program;
  detail::expect_times(profile, program.step_count);
  double all = 0;
  for (const double t : profile.steps) all += t;
  std::vector<trim_estimate> estimates;
  for (int b = 0; b < Family::size; ++b) {
    const int end = block_end<net>(b);
    double kept = 0;
    for (int i = 0; i < program.step_count; ++i) {
      const step_desc& s = program.steps[i];
      const bool last_head = s.head && s.exit + 1 == Lowered::exits;
      const bool kept_head = s.head && Family::keeps_exits && s.layer_first < end;
      if (last_head || kept_head || (!s.head && s.layer_first < end))
        kept += profile.steps[static_cast<std::size_t>(i)];
    }
    const double t = profile.whole * kept / all;
    estimates.push_back({t, t * ratio});
  }
  return estimates;
}

namespace detail {

template <class Family, kind Rest, class Path, int... I>
std::vector<trim_estimate> estimate_all(const cpu_profile<Path>& cpu, std::integer_sequence<int, I...>) {
  const auto one = [&]<class Net>(std::type_identity<Net>) {
    const auto p = latency<lower<Net, Rest>>(cpu);
    return trim_estimate{p.to_exit[Net::exits - 1], p.longest_path};
  };
  return {one(std::type_identity<typename Family::template at<I>>{})...};
}

}  // namespace detail

// The analytic estimator: what the latency model says of every trim, its own head and its own fusions included.
template <class Family, kind Rest = kind::i8, class Path>
std::vector<trim_estimate> estimate_by_model(const cpu_profile<Path>& cpu) {
  return detail::estimate_all<Family, Rest>(cpu, std::make_integer_sequence<int, Family::size>{});
}

struct netcut_choice {
  int index = -1;            // of the family: Family::at<index>, index + 1 blocks; -1: none meets the deadline
  trim_estimate estimate{};  // of that trim; of the fastest one where none meets it
  int fastest = 0;           // index of the fastest trim
  double deadline = 0;

  [[nodiscard]] bool found() const { return index >= 0; }
  // By how much the fastest trim misses; 0 where one is found.
  [[nodiscard]] double missing() const { return found() ? 0 : estimate.longest - deadline; }
};

// The longest trim that meets the deadline, in the unit of the estimates: the only one of its family to retrain. Throws
// where there are no estimates, one is not a number, or the deadline is not above 0.
inline netcut_choice netcut(const std::vector<trim_estimate>& family, double deadline) {
  if (family.empty()) throw error("netcut: found no estimates, expected one for each trim of the family");
  if (!(deadline > 0)) throw error("netcut: the deadline is " + std::to_string(deadline) + ", expected above 0");
  netcut_choice c;
  c.deadline = deadline;
  for (std::size_t i = 0; i < family.size(); ++i) {
    const double t = family[i].longest;
    if (!(t >= 0))
      throw error("netcut: the estimate of trim " + std::to_string(i) + " is " + std::to_string(t) +
                  ", expected 0 or more");
    if (t < family[static_cast<std::size_t>(c.fastest)].longest) c.fastest = static_cast<int>(i);
    if (t <= deadline) c.index = static_cast<int>(i);
  }
  c.estimate = family[static_cast<std::size_t>(c.found() ? c.index : c.fastest)];
  return c;
}

// For several networks: the choice of each. The most accurate of the retrained ones wins.
inline std::vector<netcut_choice> netcut(const std::vector<std::vector<trim_estimate>>& families, double deadline) {
  std::vector<netcut_choice> all;
  for (const auto& f : families) all.push_back(netcut(f, deadline));
  return all;
}

// One line: what was chosen, or what binds and by how much. `unit` is that of the estimates ("ns").
inline std::string describe(const netcut_choice& c, const std::string& unit) {
  const auto time = [&](double t) { return std::isfinite(t) ? fixed(t, t < 100 ? 2 : 0) + " " + unit : "unknown"; };
  if (c.found())
    return "trim of " + std::to_string(c.index + 1) + (c.index == 0 ? " block: " : " blocks: ") +
           time(c.estimate.time) + " expected, " + time(c.estimate.longest) + " at most, deadline " + time(c.deadline);
  const std::string trim = "trim of " + std::to_string(c.fastest + 1) + (c.fastest == 0 ? " block" : " blocks");
  if (!std::isfinite(c.estimate.longest))
    return "no trim meets the deadline of " + time(c.deadline) + ": the profile knows nothing of some op of the " +
           trim;
  return "no trim meets the deadline of " + time(c.deadline) + ": the fastest, a " + trim + ", takes " +
         time(c.estimate.longest) + ", " + time(c.missing()) + " (" + fixed(100 * c.missing() / c.deadline, 0) +
         " %) too long";
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
