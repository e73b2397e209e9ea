// Thresholds are in the criterion's units.
#include <offramp/exits/thresholds.hpp>

#include <doctest/doctest.h>

using namespace offramp;

TEST_CASE("thresholds: confidence is in the criterion's units") {
  static_assert(confidence{0.5f}.q16 == 32768);
  CHECK(confidence{2.0f}.q16 == 131072);
  CHECK(confidence{1e9f}.q16 == never_q16);
}

TEST_CASE("thresholds: one an exit, or several") {
  static_assert(sizeof(exit_thresholds<3>) == 3 * 4 && sizeof(exit_thresholds<3, 10>) == 30 * 4);
  CHECK(exit_thresholds<2>{}.q16[1] == 0);
}
