// The learned speed: it comes near, stays, forgives an outlier, and keeps its range.
#include <offramp/select/cost_factor.hpp>

#include <cmath>
#include <initializer_list>

#include <doctest/doctest.h>

#include <tests/support/random.hpp>

using namespace offramp;

TEST_CASE("it starts at the profile's speed and stays there") {
  cost_factor f;
  CHECK(f.q16() == 65536);
  for (int i = 0; i < 1000; ++i) f.observe(1000, 1000);
  CHECK(f.q16() == 65536);
  f.observe(0, 7000);  // teaches nothing
  CHECK(f.q16() == 65536);
}

TEST_CASE("it is the weighted mean of Q16 within rounding") {
  offramp_test::random_numbers random{704};
  for (const int shift : {0, 1, 3, 6, 16}) {
    cost_factor f{shift};
    double expected = 1;
    for (int i = 0; i < 300; ++i) {
      const auto predicted = static_cast<std::uint32_t>(random.between(1000, 100000));
      const auto measured = static_cast<std::uint32_t>(random.between(1000, 100000));
      f.observe(predicted, measured);
      double ratio = static_cast<double>(measured) / predicted;
      ratio = std::fmin(std::fmax(ratio, expected / 2), expected * 2);
      expected += (ratio - expected) / std::pow(2.0, shift);
      expected = std::fmin(std::fmax(expected, 1.0 / 256), 256.0);
      REQUIRE(std::fabs(f.q16() / 65536.0 - expected) < 1e-4 * expected + 1e-5);
    }
  }
}

TEST_CASE("half the clock is learned in some steps, to the last digit") {
  cost_factor f{3};
  int steps = 0;
  for (; f.q16() < 2 * 65536 * 0.99; ++steps) f.observe(500, 1000);
  CHECK(steps > 4);
  CHECK(steps < 40);
  for (int i = 0; i < 200; ++i) f.observe(500, 1000);
  CHECK(f.q16() == 2 * 65536);
  for (int i = 0; i < 300; ++i) f.observe(1000, 500);
  CHECK(f.q16() == 32768);
}

TEST_CASE("one interrupt counts as twice at most, nonsense keeps the range") {
  cost_factor f{3};
  f.observe(1000, 1000000);
  CHECK(f.q16() == 65536 + 8192);
  f.set_q16(3 * 65536);
  CHECK(f.q16() == 3 * 65536);
  f.set_q16(0);
  CHECK(f.q16() == 256);
  f.set_q16(0xffffffff);
  CHECK(f.q16() == 256 * 65536);
  cost_factor up{0}, down{0}, odd{-3}, odder{99};
  for (int i = 0; i < 100; ++i) up.observe(1, 0xffffffff), down.observe(0xffffffff, 0);
  CHECK(up.q16() == 256 * 65536);
  CHECK(down.q16() == 256);
  odd.observe(100, 200);
  CHECK(odd.q16() == 2 * 65536);
  odder.observe(100, 200);
  CHECK(odder.q16() == 65537);
}
