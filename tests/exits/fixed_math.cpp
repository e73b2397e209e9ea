// exp and log in integers against the standard library, over the whole range.
#include <offramp/exits/fixed_math.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

// The bound the header states, in units of 2^-16.
constexpr double bound = 3.0;

}  // namespace

TEST_CASE("fixed_math: exp(-x) within 3 units, for every x that gives more than nothing") {
  double worst = 0;
  std::uint32_t at = 0;
  const auto look = [&](std::uint32_t x) {
    const double e = std::abs(exp_minus_q16(x) - 65536.0 * std::exp(-static_cast<double>(x) / 65536.0));
    if (e > worst) worst = e, at = x;
  };
  for (std::uint32_t x = 0; x < 13u * 65536u; ++x) look(x);
  for (std::uint64_t x = 13u * 65536u; x <= 0xffffffffu; x += 65521u) look(static_cast<std::uint32_t>(x));
  look(0xffffffffu);
  CAPTURE(at);
  CHECK(worst <= bound);
  CHECK(exp_minus_q16(0) == 65536);
  CHECK(exp_minus_q16(0xffffffffu) == 0);
}

TEST_CASE("fixed_math: exp(-x) never rises by more than its error") {
  std::uint32_t last = exp_minus_q16(0);
  for (std::uint32_t x = 1; x < 13u * 65536u; ++x) {
    const std::uint32_t e = exp_minus_q16(x);
    if (e > last + 1) FAIL_CHECK("at " << x << ": " << last << " then " << e);
    last = e;
  }
}

TEST_CASE("fixed_math: log within 3 units, over the whole range") {
  double worst = 0;
  std::uint32_t at = 0;
  const auto look = [&](std::uint32_t x) {
    const double e = std::abs(log_q16(x) - 65536.0 * std::log(static_cast<double>(x) / 65536.0));
    if (e > worst) worst = e, at = x;
  };
  for (std::uint32_t x = 65536; x < 4u * 65536u; ++x) look(x);
  for (std::uint64_t x = 4u * 65536u; x <= 0xffffffffu; x += 9973u) look(static_cast<std::uint32_t>(x));
  for (int i = 16; i < 32; ++i) look(1u << i), look((2u << i) - 1u);
  CAPTURE(at);
  CHECK(worst <= bound);
  CHECK(log_q16(65536) == 0);
}

TEST_CASE("fixed_math: to_q16 rounds and saturates") {
  CHECK(to_q16(0.0f) == 0);
  CHECK(to_q16(1.0f) == q16_one);
  CHECK(to_q16(-1.0f) == -q16_one);
  CHECK(to_q16(0.5f / 65536.0f) == 1);
  CHECK(to_q16(-0.5f / 65536.0f) == -1);
  CHECK(to_q16(0.49f / 65536.0f) == 0);
  CHECK(to_q16(1e9f) == 0x7fffffff);
  CHECK(to_q16(-1e9f) == -0x7fffffff);
  CHECK(to_q16(std::nanf("")) == -0x7fffffff);  // never confident
}
