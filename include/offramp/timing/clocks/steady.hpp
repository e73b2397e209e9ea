// The host's monotonic clock. Opt-in: the device umbrella knows no chrono.
#ifndef OFFRAMP_TIMING_CLOCKS_STEADY_HPP
#define OFFRAMP_TIMING_CLOCKS_STEADY_HPP

#include <chrono>
#include <cstdint>

#include <offramp/timing/clock.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct steady_clock {
  static constexpr time_unit unit = time_unit::nanoseconds;
  static std::uint64_t now() {
    const auto t = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(t).count());
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
