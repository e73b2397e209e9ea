// The system timer that Cortex-M cores have (Armv7-M Architecture Reference Manual B3.3): 24 bits, counts processor
// cycles downwards. Read here as a counter that goes up; one wrap is 2^24 cycles, 0.1 s at 168 MHz: no op may
// take longer.
#ifndef OFFRAMP_TIMING_CLOCKS_CORTEX_M_SYSTICK_HPP
#define OFFRAMP_TIMING_CLOCKS_CORTEX_M_SYSTICK_HPP

#include <cstdint>

#include <offramp/timing/clock.hpp>
#include <offramp/timing/clocks/cortex_m_registers.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <class Registers>
struct systick_counter {
  static constexpr time_unit unit = time_unit::cycles;
  static constexpr int bits = 24;

  static std::uint32_t now() { return (0u - Registers::read(value)) & longest; }

  // Switches the timer on, over its whole range and without its interrupt. False: it does not advance, or it is already
  // somebody's (an operating system's tick): then it wraps earlier than differences allow for, and is left as it is.
  static bool start() {
    if ((Registers::read(control) & enable) != 0) {
      if ((Registers::read(reload) & longest) != longest) return false;
    } else {
      Registers::write(reload, longest);
      Registers::write(value, 0);  // any value: begins at `reload`
      Registers::write(control, enable | processor_clock);
    }
    return advances<systick_counter>();
  }

 private:
  static constexpr std::uint32_t longest = (1u << bits) - 1;
  static constexpr std::uint32_t control = 0xe000e010, enable = 1u, processor_clock = 1u << 2;  // SYST_CSR
  static constexpr std::uint32_t reload = 0xe000e014;                                           // SYST_RVR
  static constexpr std::uint32_t value = 0xe000e018;                                            // SYST_CVR
};

using cortex_m_systick_clock = systick_counter<cortex_m_registers>;

}  // namespace offramp::inline OFFRAMP_ABI

#endif
