// Statistics by hand, the limits against tables, and streams: the same one seldom raises, another one does.
#include <offramp/exits/drift.hpp>

#include <cmath>
#include <cstdint>
#include <initializer_list>

#include <doctest/doctest.h>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

prediction at_exit(int exit, int probability = 0) {
  prediction p;
  p.exit = static_cast<std::int16_t>(exit);
  p.probability_q16 = static_cast<std::uint16_t>(probability);
  return p;
}

}  // namespace

TEST_CASE("exit_drift: limits are the 0.999 quantiles of chi-square, at most 3.2 % above") {
  // Abramowitz and Stegun, table 26.8.
  const double quantiles[]{10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.124, 27.877, 29.588};
  for (int n = 1; n <= 10; ++n) {
    const double limit = detail::chi_square_once_in_1000(n) / 65536.0;
    CAPTURE(n);
    CHECK(limit >= quantiles[n - 1] * 0.999);
    CHECK(limit <= quantiles[n - 1] * 1.032);
  }
  CHECK(detail::chi_square_once_in_1000(30) / 65536.0 == doctest::Approx(59.703).epsilon(0.003));
}

TEST_CASE("exit_drift: chi-square by hand") {
  // Window 10; expected 5, 3.75, 1.25.
  exit_drift<3, 10> d{{{32768, 24576, 8192}}};
  for (const int exit : {0, 0, 0, 0, 0, 0, 1, 1, 2}) d.record(at_exit(exit));
  CHECK(d.statistic_q16() == 0);  // not yet
  d.record(at_exit(2));
  // 1/5 + 1.75^2/3.75 + 0.75^2/1.25 = 0.2 + 0.816667 + 0.45
  CHECK(static_cast<double>(d.statistic_q16()) / 65536 == doctest::Approx(1.466667).epsilon(1e-4));
  CHECK_FALSE(d.raised());
  for (int i = 0; i < 10; ++i) d.record(at_exit(2));  // a window of its own: 5 + 3.75 + 8.75^2/1.25 = 70
  CHECK(static_cast<double>(d.statistic_q16()) / 65536 == doctest::Approx(70).epsilon(1e-4));
  CHECK(d.raised());
  for (const int exit : {0, 0, 0, 0, 0, 1, 1, 1, 1, 2}) d.record(at_exit(exit));
  CHECK(static_cast<double>(d.statistic_q16()) / 65536 < 0.1);
  CHECK(d.raised());  // until reset
  d.reset();
  CHECK_FALSE(d.raised());
  CHECK(d.statistic_q16() == 0);
}

TEST_CASE("exit_drift: a share of nothing is a very small share") {
  exit_drift<2, 4096> d{{{65536, 0}}};
  for (int i = 0; i < 4096; ++i) d.record(at_exit(1));
  CHECK(d.raised());
  // 4096 + 4096^2 / (4096 / 65536): the largest statistic there is.
  CHECK(static_cast<double>(d.statistic_q16()) / 65536 == doctest::Approx(4096.0 * 65536).epsilon(1e-3));
}

TEST_CASE("exit_drift: the stream it knows, and another one") {
  offramp_test::random_numbers r{330};
  const exit_shares<3> shares{{32768, 19661, 13107}};  // 0.5, 0.3, 0.2
  int raised = 0;
  for (int window = 0; window < 2000; ++window) {
    exit_drift<3> d{shares};
    for (int i = 0; i < 512; ++i) {
      const std::int32_t u = r.between(0, 65535);
      d.record(at_exit(u < 32768 ? 0 : u < 32768 + 19661 ? 1 : 2));
    }
    raised += d.raised() ? 1 : 0;
  }
  CHECK(raised <= 8);  // expected 2
  int found = 0;
  for (int window = 0; window < 100; ++window) {
    exit_drift<3> d{shares};
    for (int i = 0; i < 512; ++i) {
      const std::int32_t u = r.between(0, 65535);  // 0.4, 0.3, 0.3
      d.record(at_exit(u < 26214 ? 0 : u < 45875 ? 1 : 2));
    }
    found += d.raised() ? 1 : 0;
  }
  CHECK(found >= 95);
}

TEST_CASE("score_drift: sums by hand, to both sides") {
  score_drift d{{30000, 1000}};  // slack 500, limit 5000
  d.record(at_exit(0, 31000));
  CHECK((d.above_q16() == 500 && d.below_q16() == 0));
  d.record(at_exit(0, 29600));  // -400 - 500; 400 - 500
  CHECK((d.above_q16() == 0 && d.below_q16() == 0));
  d.record(at_exit(0, 27000));
  CHECK((d.above_q16() == 0 && d.below_q16() == 2500));
  CHECK_FALSE(d.raised());
  d.record(at_exit(0, 27000));
  CHECK_FALSE(d.raised());  // at the limit
  d.record(at_exit(0, 29499));
  CHECK(d.below_q16() == 5001);
  CHECK(d.raised());
  d.reset();
  CHECK((d.below_q16() == 0 && !d.raised()));
  for (int i = 0; i < 3; ++i) d.record(at_exit(0, 33000));
  CHECK(d.above_q16() == 7500);
  CHECK(d.raised());
  for (int i = 0; i < 50; ++i) d.record(at_exit(0, 30000));
  CHECK(d.above_q16() == 0);
  CHECK(d.raised());  // until reset
}

TEST_CASE("score_drift: sums are held far above the limit") {
  score_drift d{{0, 2}};
  for (int i = 0; i < 20000; ++i) d.record(at_exit(0, 65535));
  CHECK(d.above_q16() == 1 << 30);
}

TEST_CASE("score_drift: the stream it knows, and one that is a little less certain") {
  offramp_test::random_numbers r{331};
  const auto sample = [&](int mean) {  // a sum of twelve: about normal, deviation 2000
    double s = -6;
    for (int i = 0; i < 12; ++i) s += r.between(0, 1 << 20) / static_cast<double>(1 << 20);
    return at_exit(0, static_cast<int>(mean + 2000 * s));
  };
  const auto samples_until_raised = [&](int mean) {
    double all = 0;
    for (int run = 0; run < 200; ++run) {
      score_drift d{{40000, 2000}};
      int n = 0;
      while (!d.raised() && n < 20000) d.record(sample(mean)), ++n;
      all += n;
    }
    return all / 200;
  };
  // Tables for slack 1/2 and limit 5 of a deviation: 465 on average without a shift, 10.4 with one of a deviation.
  const double without = samples_until_raised(40000);
  const double with = samples_until_raised(38000);
  CAPTURE(without);
  CAPTURE(with);
  CHECK((without > 350 && without < 600));
  CHECK((with > 8 && with < 13));
}
