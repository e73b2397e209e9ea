// Arithmetic of deadlines by hand, across a wrap of the clock, too.
#include <offramp/exits/deadline.hpp>

#include <cstdint>
#include <initializer_list>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

// Eight bits: wraps soon.
struct small_clock {
  static constexpr time_unit unit = time_unit::ticks;
  static inline std::uint8_t time = 0;
  static std::uint8_t now() { return time; }
};
constexpr std::uint8_t costs[2]{10, 100};

}  // namespace

TEST_CASE("deadline: goes on only if now + next_cost <= deadline") {
  for (const int start : {0, 250}) {  // the second wraps
    small_clock::time = static_cast<std::uint8_t>(start);
    const auto d = deadline_in<small_clock>(std::uint8_t{120}, costs);
    const auto later = [&](int by) { small_clock::time = static_cast<std::uint8_t>(start + by); };
    CHECK((d.allows(0) && d.allows(1)));
    later(20);
    CHECK(d.allows(1));  // just: 20 + 100
    later(21);
    CHECK_FALSE(d.allows(1));
    CHECK(d.allows(0));
    later(110);
    CHECK(d.allows(0));
    later(111);
    CHECK_FALSE(d.allows(0));
    later(120);
    CHECK_FALSE(d.allows(0));
    later(121);  // past it: nothing is left, not 255
    CHECK_FALSE(d.allows(0));
    CHECK_FALSE(d.allows(1));
  }
}

TEST_CASE("deadline: from an earlier reading on") {
  small_clock::time = 60;
  const auto d = deadline_from<small_clock>(std::uint8_t{40}, std::uint8_t{30}, costs);
  CHECK(d.allows(0));  // 20 spent, 10 left
  small_clock::time = 61;
  CHECK_FALSE(d.allows(0));
}

TEST_CASE("deadline: none allows everything") { CHECK(no_deadline::allows(0)); }
