// What a point misses, in each limit's unit, and which limit is missed worst.
#include <offramp/select/constraints.hpp>

#include <string>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

frontier_point a_point() {
  frontier_point p;
  p.mean_cost = 100;
  p.longest_path = 150;
  p.arena_bytes = 2000;
  p.weight_bytes = 30000;
  p.energy_nj = 40;
  p.accuracy_e4 = 9000;
  return p;
}

}  // namespace

TEST_CASE("no limits admit everything, even what is not known") {
  frontier_point p = a_point();
  p.energy_nj = no_limit;
  CHECK(missed(p, {}).none());
  CHECK_FALSE(missed(p, {.energy_nj = 1000}).none());  // an energy that is not known keeps no limit
  CHECK(missed(p, {.energy_nj = 1000}).worst() == limit::energy);
}

TEST_CASE("each limit is kept at its value and missed by the difference") {
  const frontier_point p = a_point();
  const auto check = [&p](limit which, const constraints& exact, const constraints& tight, std::uint32_t by) {
    CHECK(missed(p, exact).none());
    const excess e = missed(p, tight);
    CHECK_FALSE(e.none());
    CHECK(e.worst() == which);
    CHECK(e.worst_by() == by);
  };
  check(limit::deadline, {.deadline = 150}, {.deadline = 140}, 10);
  check(limit::deadline, {.deadline = 100, .on = deadline_on::mean}, {.deadline = 97, .on = deadline_on::mean}, 3);
  check(limit::arena_bytes, {.arena_bytes = 2000}, {.arena_bytes = 1999}, 1);
  check(limit::weight_bytes, {.weight_bytes = 30000}, {.weight_bytes = 0}, 30000);
  check(limit::energy, {.energy_nj = 40}, {.energy_nj = 38}, 2);
  check(limit::accuracy, {.least_accuracy_e4 = 9000}, {.least_accuracy_e4 = 9100}, 100);
  CHECK(std::string{to_string(limit::deadline)} == "deadline");
  CHECK(std::string{to_string(limit::accuracy)} == "accuracy");
  CHECK(std::string{to_string(static_cast<limit>(7))} == "unknown");
}

TEST_CASE("the worst limit is missed by the largest share, not by the largest number") {
  const frontier_point p = a_point();
  const excess e = missed(p, {.deadline = 75, .on = deadline_on::mean, .weight_bytes = 29000});
  CHECK(e.by[static_cast<int>(limit::weight_bytes)] == 1000);  // 3 %
  CHECK(e.worst() == limit::deadline);                         // 33 %
  CHECK(e.worst_by() == 25);
  const excess less = missed(p, {.deadline = 80, .on = deadline_on::mean});
  CHECK(less < e);
  CHECK_FALSE(e < less);
  CHECK_FALSE(e < e);
}

TEST_CASE("times follow the speed, rounded up and never beyond what a count holds") {
  static_assert(at_speed(100, 65536) == 100 && at_speed(100, 32768) == 50 && at_speed(0, 70000) == 0);
  CHECK(at_speed(1, 32768) == 1);
  CHECK(at_speed(3, 65536 + 1) == 4);
  CHECK(at_speed(no_limit, 65536) == no_limit);
  CHECK(at_speed(0x80000000u, 0x01000000u) == no_limit);
  CHECK(missed(a_point(), {.deadline = 300}, 2 * 65536).none());
  CHECK(missed(a_point(), {.deadline = 299}, 2 * 65536).worst_by() == 1);
  CHECK(missed(a_point(), {.arena_bytes = 2000}, 2 * 65536).none());  // memory does not
}
