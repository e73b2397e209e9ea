// The time stamp counter of x86. It counts reference cycles: at one rate whatever the core's frequency is (every CPU
// since 2008), that of the nominal frequency or near it, not the cycles a core has run. Synchronous between the cores.
#ifndef OFFRAMP_TIMING_CLOCKS_TSC_HPP
#define OFFRAMP_TIMING_CLOCKS_TSC_HPP

#include <cstdint>

#include <offramp/timing/clock.hpp>

namespace offramp::inline OFFRAMP_ABI {

namespace detail {
#if defined(__x86_64__) || defined(__i386__)
inline constexpr bool is_x86 = true;
#else
inline constexpr bool is_x86 = false;
#endif
}  // namespace detail

struct tsc_clock {
  static constexpr time_unit unit = time_unit::cycles;

  // The first fence waits for the instructions before, the second keeps those behind from starting earlier.
  template <bool Here = detail::is_x86>
  static std::uint64_t now() {
    static_assert(Here, "offramp: tsc_clock reads the time stamp counter of x86; this machine has another clock");
    std::uint32_t low = 0, high = 0;
#if defined(__x86_64__) || defined(__i386__)
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
#endif
    return std::uint64_t{high} << 32 | low;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
