// The host's clock counts nanoseconds and never goes back.
#include <offramp/timing/clocks/steady.hpp>

#include <chrono>
#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

using namespace offramp;

static_assert(clock_source<steady_clock>);
static_assert(steady_clock::unit == time_unit::nanoseconds);
static_assert(std::is_same_v<decltype(steady_clock::now()), std::uint64_t>);

TEST_CASE("steady: monotonic, and between two readings of the standard clock") {
  const auto standard = [] {
    const auto t = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(t).count());
  };
  std::uint64_t last = standard();
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = steady_clock::now();
    REQUIRE(now >= last);
    last = now;
  }
  CHECK(last <= standard());
}
