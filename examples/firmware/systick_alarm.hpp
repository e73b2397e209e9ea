// SysTick as an alarm: one interrupt, `counts` of it from now. The vector table is copied to RAM, so that any startup
// code will do; a firmware with a SysTick handler of its own calls `action` from there and needs none of this.
#ifndef EXAMPLES_FIRMWARE_SYSTICK_ALARM_HPP
#define EXAMPLES_FIRMWARE_SYSTICK_ALARM_HPP

#include <cstdint>

namespace systick {

using handler = void (*)();
inline constinit handler action = nullptr;
alignas(128) inline constinit std::uintptr_t vectors[16]{};  // Armv7-M B1.5.3: aligned to their size, rounded up

inline volatile std::uint32_t& at(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}
inline volatile std::uint32_t& control() { return at(0xe000e010); }       // SYST_CSR
inline volatile std::uint32_t& reload() { return at(0xe000e014); }        // SYST_RVR
inline volatile std::uint32_t& value() { return at(0xe000e018); }         // SYST_CVR
inline volatile std::uint32_t& vector_table() { return at(0xe000ed08); }  // SCB VTOR

inline void tick() {
  control() = 0;  // once
  action();
}

}  // namespace systick

inline void stop_alarm() { systick::control() = 0; }

// `counts` of processor cycles, at most 2^24 - 1.
inline void start_alarm(std::uint32_t counts, systick::handler action) {
  stop_alarm();
  systick::action = action;
  const auto* old = reinterpret_cast<const std::uintptr_t*>(std::uintptr_t{systick::vector_table()});
  if (old != systick::vectors) {
    for (int i = 0; i < 16; ++i) *const_cast<volatile std::uintptr_t*>(&systick::vectors[i]) = old[i];
    systick::vectors[15] = reinterpret_cast<std::uintptr_t>(&systick::tick);
    systick::vector_table() = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(systick::vectors));
    __asm__ volatile("" ::: "memory");
  }
  systick::reload() = counts;
  systick::value() = 0;    // any value: begins at `reload`
  systick::control() = 7;  // on, with its interrupt, counting processor cycles
}

#endif
