// The cycle counter of Cortex-M3 and later (DWT CYCCNT, Armv7-M Architecture Reference Manual C1.8): 32 bits, one count
// per processor cycle, stops while the core sleeps. It is part of the debug hardware: off after reset, missing on some
// chips and in emulators, so `start` says whether it counts.
#ifndef OFFRAMP_TIMING_CLOCKS_CORTEX_M_DWT_HPP
#define OFFRAMP_TIMING_CLOCKS_CORTEX_M_DWT_HPP

#include <cstdint>

#include <offramp/timing/clock.hpp>
#include <offramp/timing/clocks/cortex_m_registers.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <class Registers>
struct dwt_counter {
  static constexpr time_unit unit = time_unit::cycles;

  static std::uint32_t now() { return Registers::read(cycle_count); }

  // Switches the counter on. False: it does not advance; use cortex_m_systick_clock.
  static bool start() {
    Registers::write(debug_control, Registers::read(debug_control) | trace_enable);
    Registers::write(lock_access, unlocked);  // Cortex-M7 locks writes of software; ignored where there is no lock
    Registers::write(control, Registers::read(control) | count_enable);
    return advances<dwt_counter>();
  }

 private:
  static constexpr std::uint32_t debug_control = 0xe000edfc, trace_enable = 1u << 24;  // DEMCR, TRCENA
  static constexpr std::uint32_t control = 0xe0001000, count_enable = 1u;              // DWT_CTRL, CYCCNTENA
  static constexpr std::uint32_t cycle_count = 0xe0001004;                             // DWT_CYCCNT
  static constexpr std::uint32_t lock_access = 0xe0001fb0, unlocked = 0xc5acce55;      // DWT_LAR
};

using cortex_m_dwt_clock = dwt_counter<cortex_m_registers>;

}  // namespace offramp::inline OFFRAMP_ABI

#endif
