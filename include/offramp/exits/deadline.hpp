// A deadline for one sample: the network goes on behind exit k only if now + next_cost[k] <= deadline, so that an
// answer is there in time; the first exit is always computed. `next_cost` is a plain array, from a profile, a recorder
// or by hand: next_cost[k] are clock counts from exit k to exit k + 1, Exits - 1 of them. The clock may wrap
// (timing/clock.hpp).
#ifndef OFFRAMP_EXITS_DEADLINE_HPP
#define OFFRAMP_EXITS_DEADLINE_HPP

#include <cstddef>

#include <offramp/timing/clock.hpp>

namespace offramp::inline OFFRAMP_ABI {

// `budget` counts from `start`, less than one wrap of the clock. `next_cost` must outlive it.
template <clock_source Clock, std::size_t Steps>
struct running_deadline {
  using count = decltype(Clock::now());
  static constexpr std::size_t steps = Steps;
  count start;
  count budget;
  const count* next_cost;

  // Is there time for the stage and head behind exit k?
  [[nodiscard]] bool allows(int k) const {
    const count spent = elapsed<Clock>(start, Clock::now());
    return spent <= budget && next_cost[k] <= static_cast<count>(budget - spent);
  }
};

// From now on: net.classify(x, deadline_in<board_clock>(20'000, next_cost)).
template <clock_source Clock, std::size_t Steps>
running_deadline<Clock, Steps> deadline_in(decltype(Clock::now()) budget,
                                           const decltype(Clock::now()) (&next_cost)[Steps]) {
  return {Clock::now(), budget, next_cost};
}

// From an earlier reading of the clock on, when the sample arrived, say.
template <clock_source Clock, std::size_t Steps>
running_deadline<Clock, Steps> deadline_from(decltype(Clock::now()) start, decltype(Clock::now()) budget,
                                             const decltype(Clock::now()) (&next_cost)[Steps]) {
  return {start, budget, next_cost};
}

struct no_deadline {
  static constexpr bool allows(int) { return true; }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
