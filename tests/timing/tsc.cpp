// The time stamp counter advances with time, in order, on machines that have one.
#include <offramp/timing/clocks/tsc.hpp>

#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

#include <offramp/timing/clocks/steady.hpp>

using namespace offramp;

static_assert(clock_source<tsc_clock>);
static_assert(tsc_clock::unit == time_unit::cycles);
static_assert(std::is_same_v<count_of<tsc_clock>, std::uint64_t>);

#if defined(__x86_64__) || defined(__i386__)
TEST_CASE("tsc: advances at between 0.1 and 10 counts a nanosecond") {
  CHECK(advances<tsc_clock>());
  const auto start = steady_clock::now();
  const auto cycles = tsc_clock::now();
  std::uint64_t last = cycles;
  while (elapsed(start, steady_clock::now()) < 2'000'000) {
    const auto now = tsc_clock::now();
    REQUIRE(now > last);
    last = now;
  }
  const auto end = tsc_clock::now();
  const auto ns = static_cast<double>(elapsed(start, steady_clock::now()));
  const double rate = static_cast<double>(elapsed(cycles, end)) / ns;
  CHECK(rate > 0.1);
  CHECK(rate < 10);
}
#endif
