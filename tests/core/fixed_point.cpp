// Requantization against wide arithmetic, hand-worked vectors and an independent derivation of the double rounding.
#include <offramp/core/fixed_point.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "tests/support/random.hpp"

using namespace offramp;
using std::int32_t;
using std::int64_t;

namespace {

constexpr int32_t lowest = std::numeric_limits<int32_t>::min();
constexpr int32_t highest = std::numeric_limits<int32_t>::max();
constexpr int32_t half = 1 << 30;

// floor(v * m * 2^(shift - 31) + 1/2), saturated. |v * m| < 2^62 is exact in the 64-bit mantissa of x86's long double;
// where long double is narrower, the integer part and the remainder are formed apart.
int32_t rounded_once(int32_t v, int32_t m, int shift) {
  static_assert(std::numeric_limits<long double>::digits >= 64, "needs a 64-bit mantissa");
  const long double exact = std::ldexp(static_cast<long double>(int64_t{v} * m), shift - 31);
  const long double q = std::floor(exact + 0.5L);
  if (q > static_cast<long double>(highest)) return highest;
  if (q < static_cast<long double>(lowest)) return lowest;
  return static_cast<int32_t>(q);
}

// Division by 2^e, halves away from zero, in plain integers.
int64_t divide_away(int64_t h, int e) {
  const int64_t d = int64_t{1} << e;
  const int64_t magnitude = h < 0 ? -h : h;
  const int64_t q = (2 * magnitude + d) / (2 * d);
  return h < 0 ? -q : q;
}

// gemmlowp's own form of the doubling high product: a nudge with the sign of the product, division truncating to zero.
int64_t high_product(int64_t x, int32_t m) {
  const int64_t ab = x * m;
  const int64_t nudge = ab >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
  return (ab + nudge) / (int64_t{1} << 31);
}

}  // namespace

static_assert(requantize(-3, half, 0) == -1);
static_assert(requantize(-6, half, -1) == -1);
static_assert(requantize(3, half, 0) == 2);
static_assert(requantize_double_rounding(-3, half, 0) == -1);
static_assert(requantize_double_rounding(-6, half, -1) == -2);
static_assert(requantize_double_rounding(3, half, 0) == 2);

TEST_CASE("one rounding equals wide arithmetic") {
  const int32_t values[] = {0, 1, -1, 2, -2, 3, -3, 255, -256, 65537, highest, lowest, highest - 1, lowest + 1};
  const int32_t multipliers[] = {0, half, half + 1, highest, 1518500250};
  for (const int32_t v : values)
    for (const int32_t m : multipliers)
      for (int shift = -31; shift <= 30; ++shift)
        if (requantize(v, m, shift) != rounded_once(v, m, shift)) FAIL_CHECK(v << " * " << m << ", shift " << shift);
  offramp_test::random_numbers r{2};
  for (int i = 0; i < 20000; ++i) {
    const int32_t v = r.between(lowest, highest) >> r.between(0, 30);
    const int32_t m = r.between(half, highest);
    const int shift = r.between(-31, 30);
    if (requantize(v, m, shift) != rounded_once(v, m, shift)) FAIL_CHECK(v << " * " << m << ", shift " << shift);
  }
}

TEST_CASE("one rounding: ties go up on both sides of zero") {
  for (int k = -9; k <= 9; ++k) CHECK(requantize(2 * k + 1, half, 0) == k + 1);  // (2k + 1) / 2
}

TEST_CASE("double rounding equals its two steps written differently") {
  offramp_test::random_numbers r{3};
  for (int i = 0; i < 20000; ++i) {
    const int shift = r.between(-31, 8);
    const int32_t v = r.between(lowest, highest) >> (shift > 0 ? shift + r.between(0, 8) : r.between(0, 20));
    const int32_t m = r.between(half, highest);
    const int64_t x = shift > 0 ? int64_t{v} * (int64_t{1} << shift) : v;
    const int64_t expected = divide_away(high_product(x, m), shift > 0 ? 0 : -shift);
    if (requantize_double_rounding(v, m, shift) != expected) FAIL_CHECK(v << " * " << m << ", shift " << shift);
  }
}

TEST_CASE("double rounding: the product ties up, the shift ties away from zero") {
  CHECK(requantize_double_rounding(-3, half, 0) == -1);    // -1.5 in the product
  CHECK(requantize_double_rounding(-12, half, -2) == -2);  // -6 exactly, then -1.5 in the shift
  CHECK(requantize_double_rounding(12, half, -2) == 2);
  // The two forms differ by at most one.
  offramp_test::random_numbers r{4};
  int different = 0;
  for (int i = 0; i < 20000; ++i) {
    const int32_t v = r.between(-2000000, 2000000);
    const int32_t m = r.between(half, highest);
    const int shift = r.between(-14, -4);
    const int gap = requantize(v, m, shift) - requantize_double_rounding(v, m, shift);
    if (gap < -1 || gap > 1) FAIL_CHECK(v << " * " << m << ", shift " << shift);
    different += gap != 0;
  }
  CHECK(different > 0);
}

TEST_CASE("factors are represented to half a unit of 2^-31, and the ends are kept") {
  offramp_test::random_numbers r{5};
  for (int i = 0; i < 20000; ++i) {
    const double factor = std::ldexp(1.0 + r.between(0, 1 << 30) / 1073741824.0, r.between(-31, 28));
    const fixed_factor f = make_fixed_factor(factor);
    const double back = std::ldexp(static_cast<double>(f.multiplier), f.shift - 31);
    const bool normal = f.multiplier >= half && f.shift >= -31 && f.shift <= 30;
    // Half a unit of a multiplier of at least 2^30: a relative error of at most 2^-31.
    if (!normal || std::fabs(back - factor) > factor * std::ldexp(1.0, -31)) FAIL_CHECK("factor " << factor);
  }
  CHECK(make_fixed_factor(1.0) == fixed_factor{half, 1});
  CHECK(make_fixed_factor(0.5) == fixed_factor{half, 0});
  CHECK(make_fixed_factor(0.75) == fixed_factor{half + half / 2, 0});
  CHECK(make_fixed_factor(0.0) == fixed_factor{});
  CHECK(make_fixed_factor(-1.0) == fixed_factor{});
  CHECK(make_fixed_factor(std::numeric_limits<double>::quiet_NaN()) == fixed_factor{});
  CHECK(make_fixed_factor(std::ldexp(1.0, -40)) == fixed_factor{});
  CHECK(make_fixed_factor(1e30) == fixed_factor{highest, 30});
  CHECK(make_fixed_factor(std::numeric_limits<double>::infinity()) == fixed_factor{highest, 30});
  // Just below a power of two the multiplier would be 2^31: it carries into the shift.
  CHECK(make_fixed_factor(std::nextafter(1.0, 0.0)) == fixed_factor{half, 1});
  CHECK(make_fixed_factor(std::ldexp(1.0, -32)) == fixed_factor{half, -31});
}

TEST_CASE("clamp") {
  CHECK(clamp(5, 0, 3) == 3);
  CHECK(clamp(-5, 0, 3) == 0);
  CHECK(clamp(2, 0, 3) == 2);
}
