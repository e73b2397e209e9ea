// Device program: clocks and recorder on a bare Cortex-M under an emulator, whose SysTick counts and whose DWT does
// not. One line per check that fails, exit status 0 or 1.
#include <cstdint>

#include <offramp/timing/clocks/cortex_m_dwt.hpp>
#include <offramp/timing/clocks/cortex_m_systick.hpp>
#include <offramp/timing/recorder.hpp>

#include "tests/embedded/board/semihosting.hpp"

using namespace offramp;

namespace {

int failures = 0;
void check(bool holds, const char* what) {
  if (holds) return;
  ++failures;
  board::print("FAIL ");
  board::print(what);
  board::print("\n");
}

[[gnu::noinline]] void work(std::uint32_t rounds) {
  for (std::uint32_t i = 0; i < rounds; ++i) __asm__ volatile("nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop");
}

constinit recorder<cortex_m_systick_clock, 3, 1, 8> times{};
constinit recorder<cortex_m_dwt_clock, 1, 1, 8> no_times{};

}  // namespace

int main() {
  check(times.status() == clock_status::not_started, "not started");
  check(times.start() == clock_status::ok, "SysTick counts");
  for (int i = 0; i < 8; ++i)
    for (int step = 0; step < 3; ++step) {
      times.enter(step);
      work(1000u << step);
      times.leave(step);
    }
  std::uint32_t last = 0;
  for (int step = 0; step < 3; ++step) {
    const auto t = times.times(step);
    board::print("step ");
    board::print(static_cast<std::int32_t>(t.median));
    board::print(" mad ");
    board::print(static_cast<std::int32_t>(t.deviation));
    board::print(" min ");
    board::print(static_cast<std::int32_t>(t.minimum));
    board::print("\n");
    check(t.median > last + last / 2, "twice the work takes longer");
    last = t.median;
  }
  board::print("overhead ");
  board::print(static_cast<std::int32_t>(times.overhead()));
  board::print("\n");
  // Across the wrap: it comes every 2^24 cycles.
  const std::uint32_t start = cortex_m_systick_clock::now();
  std::uint32_t previous = start, sum = 0;
  bool wrapped = false;
  while (sum < 0x1000000u + 1000u) {
    const std::uint32_t now = cortex_m_systick_clock::now();
    wrapped = wrapped || now < previous;
    sum += elapsed<cortex_m_systick_clock>(previous, now);
    previous = now;
    work(2000);
  }
  check(wrapped, "SysTick wrapped");
  check(sum < 0x1100000u, "no wrap was taken for a long time");
  check(no_times.start() == clock_status::not_advancing, "a DWT that does not count is reported");
  return failures == 0 ? 0 : 1;
}
