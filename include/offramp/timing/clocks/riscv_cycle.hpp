// The cycle counter of RISC-V (unprivileged specification, Zicntr): cycles that the hart has run, at its frequency of
// the moment. Machine mode has it; an operating system may withhold it from programs, which then trap (Linux
// does by default).
#ifndef OFFRAMP_TIMING_CLOCKS_RISCV_CYCLE_HPP
#define OFFRAMP_TIMING_CLOCKS_RISCV_CYCLE_HPP

#include <cstdint>

#include <offramp/timing/clock.hpp>

namespace offramp::inline OFFRAMP_ABI {

namespace detail {
#if defined(__riscv)
inline constexpr bool is_riscv = true;
#else
inline constexpr bool is_riscv = false;
#endif

// 64 bits from two registers of 32: the low half may wrap between two readings, which shows in the high half.
template <class High, class Low>
constexpr std::uint64_t read_halves(High high, Low low) {
  for (;;) {
    const std::uint32_t before = high(), count = low();
    if (high() == before) return std::uint64_t{before} << 32 | count;
  }
}
}  // namespace detail

struct riscv_cycle_clock {
  static constexpr time_unit unit = time_unit::cycles;

  template <bool Here = detail::is_riscv>
  static std::uint64_t now() {
    static_assert(Here, "offramp: riscv_cycle_clock reads the cycle counter of RISC-V; this machine has another clock");
#if defined(__riscv) && __riscv_xlen == 32
    return detail::read_halves(
        [] {
          std::uint32_t high;
          __asm__ volatile("rdcycleh %0" : "=r"(high) : : "memory");
          return high;
        },
        [] {
          std::uint32_t low;
          __asm__ volatile("rdcycle %0" : "=r"(low) : : "memory");
          return low;
        });
#elif defined(__riscv)
    std::uint64_t count;
    __asm__ volatile("rdcycle %0" : "=r"(count) : : "memory");
    return count;
#else
    return 0;
#endif
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
