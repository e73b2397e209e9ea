// The board that the runner runs on: text out, memory, a clock. This one is an emulated Cortex-M whose time is counted
// instructions: one takes 2^OFFRAMP_BOARD_SHIFT ns (qemu -icount shift=N), a tick of SysTick a quarter of
// OFFRAMP_BOARD_TICK_QUARTER_NS, so that with a shift of 6 and ticks of up to 50 ns every instruction is seen. Another
// board: a header of these four things, named by -DOFFRAMP_BOARD_HEADER='"..."' (README.md).
#ifndef BENCHMARKS_BOARD_PROFILE_DEVICE_EMULATED_HPP
#define BENCHMARKS_BOARD_PROFILE_DEVICE_EMULATED_HPP

#include <cstdint>

#include <offramp/timing/clocks/cortex_m_systick.hpp>

#include "tests/embedded/board/semihosting.hpp"

#ifndef OFFRAMP_BOARD_SHIFT
#define OFFRAMP_BOARD_SHIFT 6
#endif
#ifndef OFFRAMP_BOARD_TICK_QUARTER_NS
#define OFFRAMP_BOARD_TICK_QUARTER_NS 160
#endif

namespace board {

inline constexpr std::uint32_t memory_bytes = 3u << 20;  // for weights and tensors

// SysTick counts 24 bits; its interrupt, some twenty instructions in ten million, counts the rest.
struct clock {
  static constexpr offramp::time_unit unit = offramp::time_unit::instructions;

  static bool start() {
    static vector_table vectors{};
    volatile auto* const vector_offset = reinterpret_cast<volatile std::uint32_t*>(0xe000ed08u);  // VTOR
    const auto* from = reinterpret_cast<const volatile std::uint32_t*>(*vector_offset);
    for (int i = 0; i < 15; ++i) vectors.words[i] = from[i];
    vectors.words[15] = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&wrapped));
    *vector_offset = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&vectors));
    if (!offramp::cortex_m_systick_clock::start()) return false;
    volatile auto* const control = reinterpret_cast<volatile std::uint32_t*>(0xe000e010u);  // SYST_CSR
    *control = *control | 2u;                                                               // TICKINT
    return true;
  }
  static std::uint64_t now() {
    for (;;) {
      const std::uint32_t before = wraps;
      const std::uint64_t ticks = std::uint64_t{before} << 24 | offramp::cortex_m_systick_clock::now();
      if (wraps == before) return ticks * OFFRAMP_BOARD_TICK_QUARTER_NS >> (OFFRAMP_BOARD_SHIFT + 2);
    }
  }

 private:
  struct alignas(128) vector_table {
    std::uint32_t words[16];
  };
  static inline volatile std::uint32_t wraps = 0;
  static void wrapped() { wraps = wraps + 1; }
};

}  // namespace board

#endif
