// Which types are clocks, and differences of readings across a wrap.
#include <offramp/timing/clock.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

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

// 24 bits in 32, as SysTick; what stands above them is no part of the count.
struct of_24_bits {
  static constexpr time_unit unit = time_unit::cycles;
  static constexpr int bits = 24;
  static std::uint32_t now() { return 0; }
};
struct of_32_bits {
  static constexpr time_unit unit = time_unit::cycles;
  static std::uint32_t now() { return 0; }
};
struct stands {
  static constexpr time_unit unit = time_unit::ticks;
  static inline int reads = 0;
  static std::uint8_t now() { return ++reads, std::uint8_t{7}; }
};
struct every_fifth_reading {
  static constexpr time_unit unit = time_unit::ticks;
  static inline int reads = 0;
  static std::uint8_t now() { return static_cast<std::uint8_t>(++reads / 5); }
};
struct to_switch_on {
  static constexpr time_unit unit = time_unit::ticks;
  static inline bool on = false;
  static inline unsigned reads = 0;
  static unsigned now() { return on ? ++reads : 0u; }
  static bool start() { return on = true; }
};

static_assert(clock_source<cycles_16>);
static_assert(clock_bits<cycles_16>() == 16);
static_assert(clock_bits<of_24_bits>() == 24);
static_assert(std::is_same_v<count_of<cycles_16>, std::uint16_t>);
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

TEST_CASE("the width of a counter") {
  CHECK(clock_bits<of_24_bits>() == 24);
  CHECK(clock_bits<cycles_16>() == 16);
}

TEST_CASE("clock: a counter narrower than its readings wraps at its own width") {
  constexpr std::uint32_t most = 0xffffff;
  CHECK(elapsed<of_24_bits>(5, 5) == 0);
  CHECK(elapsed<of_24_bits>(5, 12) == 7);
  CHECK(elapsed<of_24_bits>(most, 0) == 1);
  CHECK(elapsed<of_24_bits>(most - 9, 20) == 30);
  CHECK(elapsed<of_24_bits>(6, 5) == most);
  CHECK(elapsed<of_24_bits>(0xab000005u, 0xcd000007u) == 2);
  CHECK(elapsed<of_32_bits>(0xfffffff6u, 20) == 30);
  CHECK(elapsed<cycles_16>(65530, 4) == 10);
  static_assert(elapsed<of_24_bits>(most, 2) == 3);
  // The same readings differ by another number where the counter is wider.
  CHECK(elapsed<of_32_bits>(most, 2) == 0xff000003u);
}

TEST_CASE("clock: does it advance") {
  CHECK_FALSE(advances<stands>(50));
  CHECK(stands::reads == 51);
  CHECK(advances<every_fifth_reading>(50));
  CHECK_FALSE(start_clock<stands>());
  CHECK_FALSE(advances<to_switch_on>());
  CHECK(start_clock<to_switch_on>());
  CHECK(advances<to_switch_on>());
}

TEST_CASE("clock: units have names") {
  CHECK(std::string{to_string(time_unit::nanoseconds)} == "nanoseconds");
  CHECK(std::string{to_string(time_unit::cycles)} == "cycles");
  CHECK(std::string{to_string(time_unit::instructions)} == "instructions");
  CHECK(std::string{to_string(time_unit::ticks)} == "ticks");
  CHECK(std::string{to_string(static_cast<time_unit>(9))} == "unknown");
}
