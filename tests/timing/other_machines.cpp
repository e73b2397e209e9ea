// covers: timing/clocks/aarch64.hpp timing/clocks/riscv_cycle.hpp
// Clocks of machines that this may not be: clocks by their type everywhere, and read where they are at home.
#include <offramp/timing/clocks/aarch64.hpp>
#include <offramp/timing/clocks/riscv_cycle.hpp>

#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

using namespace offramp;

static_assert(clock_source<aarch64_clock> && clock_source<riscv_cycle_clock>);
static_assert(aarch64_clock::unit == time_unit::ticks);
static_assert(riscv_cycle_clock::unit == time_unit::cycles);
static_assert(std::is_same_v<count_of<aarch64_clock>, std::uint64_t>);
static_assert(std::is_same_v<count_of<riscv_cycle_clock>, std::uint64_t>);

TEST_CASE("riscv_cycle: two halves of 32 bits are one reading, also where the low one wraps in between") {
  // Every reading lets some cycles pass.
  std::uint64_t time = 0;
  std::uint64_t step = 0;
  const auto read = [&] {
    return detail::read_halves([&] { return static_cast<std::uint32_t>((time += step) >> 32); },
                               [&] { return static_cast<std::uint32_t>(time += step); });
  };
  step = 3;
  for (std::uint64_t from = 0x1fffffff0u; from < 0x200000010u; ++from) {
    time = from;
    const std::uint64_t got = read();
    REQUIRE(got > from);
    REQUIRE(got <= time);
    REQUIRE(time - from <= 6 * step);  // read again once at most
  }
}

#if defined(__aarch64__)
TEST_CASE("aarch64: advances") {
  CHECK(advances<aarch64_clock>());
  CHECK(aarch64_clock::ticks_per_second() > 1'000'000);
}
#endif
