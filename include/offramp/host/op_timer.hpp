// An observer that keeps the time of every op of a session, run after run.
#ifndef OFFRAMP_HOST_OP_TIMER_HPP
#define OFFRAMP_HOST_OP_TIMER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <offramp/host/statistics.hpp>
#include <offramp/timing/clocks/steady.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// `Clock` as in timing/clock.hpp; figures are in its unit. The cost of reading the clock
// itself is measured and taken off.
template <clock_source Clock = steady_clock>
class op_timer {
 public:
  explicit op_timer(int steps) : samples_(static_cast<std::size_t>(steps)) {
    std::vector<std::uint64_t> empty;
    for (int i = 0; i < 101; ++i) {
      const auto start = Clock::now();
      empty.push_back(elapsed(start, Clock::now()));
    }
    overhead_ = host::median(empty);
  }
  void enter(int) { start_ = Clock::now(); }
  void leave(int step) { samples_[static_cast<std::size_t>(step)].push_back(elapsed(start_, Clock::now())); }
  static void exit_judged(int, bool) {}

  // Median time of one op; 0 if it never ran.
  [[nodiscard]] double median(int step) const {
    const std::uint64_t m = host::median(samples_[static_cast<std::size_t>(step)]);
    return static_cast<double>(m - std::min(m, overhead_));
  }

 private:
  std::vector<std::vector<std::uint64_t>> samples_;
  decltype(Clock::now()) start_{};
  std::uint64_t overhead_ = 0;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
