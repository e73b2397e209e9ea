// Which types are clocks, and differences of readings across a wrap.
#include <offramp/timing/clock.hpp>

#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

struct cycles_16 {
  [[maybe_unused]] static constexpr time_unit unit = time_unit::cycles;
  static std::uint16_t now() { return 0; }
};
struct signed_clock {
  [[maybe_unused]] static constexpr time_unit unit = time_unit::cycles;
  static int now() { return 0; }
};
struct without_unit {
  static unsigned now() { return 0; }
};
struct unit_of_another_type {
  [[maybe_unused]] static constexpr int unit = 1;
  static unsigned now() { return 0; }
};
struct without_now {
  [[maybe_unused]] static constexpr time_unit unit = time_unit::ticks;
};
struct now_of_an_object {
  [[maybe_unused]] static constexpr time_unit unit = time_unit::ticks;
  unsigned now() { return 0; }
};

static_assert(clock_source<cycles_16>);
static_assert(!clock_source<signed_clock>);
static_assert(!clock_source<without_unit>);
static_assert(!clock_source<unit_of_another_type>);
static_assert(!clock_source<without_now>);
static_assert(!clock_source<now_of_an_object>);
static_assert(!clock_source<int>);

}  // namespace

TEST_CASE_TEMPLATE("clock: elapsed counts across one wrap", T, std::uint8_t, std::uint16_t, std::uint32_t,
                   std::uint64_t) {
  constexpr T most = std::numeric_limits<T>::max();
  CHECK(elapsed<T>(5, 5) == 0);
  CHECK(elapsed<T>(5, 12) == 7);
  CHECK(elapsed<T>(0, most) == most);
  CHECK(elapsed<T>(most, 0) == 1);
  CHECK(elapsed<T>(static_cast<T>(most - 9), 20) == 30);
  CHECK(elapsed<T>(6, 5) == most);  // all but one count of a whole wrap
  static_assert(elapsed<T>(most, 2) == 3);
}
