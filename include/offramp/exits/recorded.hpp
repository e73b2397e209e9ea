// A recorder that fits a network, a session that is recorded, and what the recorded times say about going on to the
// next exit: the costs that a deadline asks for.
#ifndef OFFRAMP_EXITS_RECORDED_HPP
#define OFFRAMP_EXITS_RECORDED_HPP

#include <cstddef>
#include <cstdint>
#include <limits>

#include <offramp/exits/session.hpp>
#include <offramp/net/plan.hpp>
#include <offramp/timing/recorder.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Keeps the last `Samples` times of every op of this network on this path.
template <class Lowered, class Path, clock_source Clock, int Samples = 63>
using recorder_for = recorder<Clock, planned<Lowered, Path>::steps, Lowered::exits, Samples>;

// recorder_for<device_net, path::portable, board_clock> times;  recorded_session<...> net{weights, memory, times};
template <class Lowered, class Path, clock_source Clock, int Samples = 63, exit_criterion Criterion = max_softmax,
          reuse_policy Reuse = no_reuse>
using recorded_session = session<Lowered, Path, Criterion, Reuse, recorder_for<Lowered, Path, Clock, Samples>>;

// next_cost[k] = what lies between exit k and exit k + 1, for exits/deadline.hpp: the medians of its ops, each with
// `deviations` times its median absolute deviation on top, in counts of the clock. Costs that do not fit its type
// become its largest. False, and nothing is written, where an op has not run since the recorder started.
template <class Lowered, class Path, clock_source Clock, int Steps, int Exits, int Samples, std::size_t Costs>
constexpr bool recorded_next_cost(const recorder<Clock, Steps, Exits, Samples>& times,
                                  count_of<Clock> (&next_cost)[Costs], unsigned deviations = 3) {
  using p = planned<Lowered, Path>;
  static_assert(Steps == p::steps && Exits == Lowered::exits, "offramp: this recorder is another network's");
  static_assert(Costs + 1 == Lowered::exits,
                "offramp: next_cost has one entry for every exit but the last: what it takes to reach the next one");
  constexpr std::uint64_t most = std::numeric_limits<count_of<Clock>>::max();
  for (int i = p::program.exit_first[1]; i < Steps; ++i)
    if (times.times(i).runs == 0) return false;
  for (int k = 0; k + 1 < Exits; ++k) {
    std::uint64_t sum = 0;
    for (int i = p::program.exit_first[k + 1]; i < p::program.exit_first[k + 2]; ++i) {
      const auto t = times.times(i);
      sum += t.median + std::uint64_t{deviations} * t.deviation;
    }
    next_cost[k] = static_cast<count_of<Clock>>(sum < most ? sum : most);
  }
  return true;
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
