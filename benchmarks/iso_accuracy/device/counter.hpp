// Instructions executed, from a timer of the emulated board. Under `-icount shift=6` every instruction takes 64 ns of
// the emulator's time, and the timer (Arm CMSDK APB timer 0 of MPS2 boards, 32 bits, counting down) ticks every 40 ns,
// so that an instruction is 1.6 ticks and a count is exact to one, up to 2.6 billion. Without -icount the numbers mean
// nothing.
#ifndef BENCHMARKS_ISO_ACCURACY_DEVICE_COUNTER_HPP
#define BENCHMARKS_ISO_ACCURACY_DEVICE_COUNTER_HPP

#include <cstdint>

namespace board {

inline volatile std::uint32_t* timer() { return reinterpret_cast<volatile std::uint32_t*>(0x40000000u); }

inline void start_counter() {
  timer()[0] = 0;            // CTRL: off
  timer()[2] = 0xffffffffu;  // RELOAD
  timer()[1] = 0xffffffffu;  // VALUE
  timer()[0] = 1;            // CTRL: on, no interrupt
}

// Instructions that `work` executes, the reading of the timer among them.
template <class Work>
std::int64_t instructions_of(Work work) {
  const std::uint32_t before = timer()[1];
  work();
  const std::uint32_t ticks = before - timer()[1];
  return (static_cast<std::int64_t>(ticks) * 5 + 4) / 8;
}

}  // namespace board

#endif
