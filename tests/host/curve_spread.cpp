// Accuracy between points, beyond them, and over seeds, worked by hand.
#include <offramp/host/curve_spread.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"

namespace host = offramp::host;
using offramp_test::message_of;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("curve spread: accuracy at a cost") {
  const host::cost_curve c{{40, 20, 40, 60}, {80, 70, 84, 90}};  // in no order, two points at 40
  CHECK(host::accuracy_at(c, 20) == 70);
  CHECK(host::accuracy_at(c, 30) == doctest::Approx(77));
  CHECK(host::accuracy_at(c, 40) == 84);
  CHECK(host::accuracy_at(c, 50) == doctest::Approx(87));
  CHECK(host::accuracy_at(c, 1000) == 90);
  CHECK(std::isnan(host::accuracy_at(c, 19)));
}

TEST_CASE("curve spread: mean, deviation, error and extremes of three runs") {
  const std::vector<host::cost_curve> runs = {{{10, 30}, {60, 80}}, {{10, 30}, {63, 83}}, {{15, 30}, {66, 86}}};
  const auto s = host::spread_curve(runs, {10, 30, 40});
  CHECK(s.runs == 3);
  CHECK(std::isnan(s.mean[0]));  // the third run does not reach down to 10
  CHECK(std::isnan(s.low[0]));
  for (const std::size_t i : {1u, 2u}) {
    CHECK(s.mean[i] == doctest::Approx(83));
    CHECK(s.deviation[i] == doctest::Approx(3));
    CHECK(s.standard_error[i] == doctest::Approx(3 / std::sqrt(3.0)));
    CHECK(s.low[i] == doctest::Approx(80));
    CHECK(s.high[i] == doctest::Approx(86));
  }
  const auto band = host::spread_band("three", s);
  CHECK(band.low[1] == doctest::Approx(80));
  CHECK(band.high[2] == doctest::Approx(86));
  CHECK(host::spread_band("three", s, host::band_width::standard_error).high[1] ==
        doctest::Approx(83 + 3 / std::sqrt(3.0)));
  CHECK(host::spread_band("three", s, host::band_width::extremes).low[1] == doctest::Approx(80));
  const auto xs = host::common_costs(runs, 4);
  CHECK(xs == std::vector<double>{15, 20, 25, 30});
}

TEST_CASE("curve spread: a single run has no spread") {
  const auto s = host::spread_curve({{{10, 30}, {60, 80}}}, {20});
  CHECK(s.mean[0] == doctest::Approx(70));
  CHECK(std::isnan(s.deviation[0]));
  CHECK(s.low[0] == s.high[0]);
  CHECK(host::spread_band("one", s).low.empty());
}

TEST_CASE("curve spread: what cannot be merged is refused") {
  CHECK(has(message_of([] { host::spread_curve({}, {1}); }), "found no run, expected at least one"));
  CHECK(has(message_of([] { host::spread_curve({{{1, 2}, {3}}}, {1}); }), "found 2 costs and 1 accuracies"));
  CHECK(has(message_of([] { host::accuracy_at({}, 1); }), "found 0 costs and 0 accuracies"));
  CHECK(has(message_of([] { host::accuracy_at({{1, 2}, {3, NAN}}, 1); }), "point 1 of the curve is not finite"));
  CHECK(has(message_of([] { host::common_costs({}, 3); }), "found 0 runs"));
  CHECK(has(message_of([] { host::common_costs({{{1}, {1}}}, 1); }), "1 points, expected at least one run and two"));
}
