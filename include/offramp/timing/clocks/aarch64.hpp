// The virtual counter of the generic timer of AArch64: one rate on all cores, readable by programs, and slower than the
// cores (often 24 MHz to 1 GHz), so that short ops need many runs.
#ifndef OFFRAMP_TIMING_CLOCKS_AARCH64_HPP
#define OFFRAMP_TIMING_CLOCKS_AARCH64_HPP

#include <cstdint>

#include <offramp/timing/clock.hpp>

namespace offramp::inline OFFRAMP_ABI {

namespace detail {
#if defined(__aarch64__)
inline constexpr bool is_aarch64 = true;
#else
inline constexpr bool is_aarch64 = false;
#endif
}  // namespace detail

struct aarch64_clock {
  static constexpr time_unit unit = time_unit::ticks;

  // The barriers keep the reading in its place among the instructions around it.
  template <bool Here = detail::is_aarch64>
  static std::uint64_t now() {
    static_assert(Here, "offramp: aarch64_clock reads cntvct_el0 of AArch64; this machine has another clock");
    std::uint64_t count = 0;
#if defined(__aarch64__)
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(count) : : "memory");
#endif
    return count;
  }

  template <bool Here = detail::is_aarch64>
  static std::uint64_t ticks_per_second() {
    static_assert(Here, "offramp: aarch64_clock reads cntfrq_el0 of AArch64; this machine has another clock");
    std::uint64_t frequency = 0;
#if defined(__aarch64__)
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
#endif
    return frequency;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
