// The sigmoid over its whole range; gates worked by hand, in integers and floats; parameters at the ends of their
// range.
#include <offramp/exits/learned_gate.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <limits>

#include <doctest/doctest.h>

#include "tests/support/random.hpp"

using namespace offramp;

static_assert(exit_criterion<learned_gate> && detail::scores_with_parameters<learned_gate> &&
              !detail::scores_logits<learned_gate> && detail::has_parameters<learned_gate>());
static_assert(detail::thresholds_of<learned_gate, 10>() == 1 && detail::words_of<learned_gate, 10>() == 5);

namespace {

constexpr std::uint32_t q16(double v) { return static_cast<std::uint32_t>(static_cast<std::int32_t>(v * 65536)); }

}  // namespace

TEST_CASE("learned_gate: sigmoid within 4 units, and it never falls by more than rounding") {
  std::int32_t last = 0;
  for (std::int64_t u = -20 * 65536; u <= 20 * 65536; u += 37) {
    const std::int32_t s = sigmoid_q16(u);
    const double exact = 65536.0 / (1.0 + std::exp(-static_cast<double>(u) / 65536.0));
    if (std::abs(s - exact) > 4) FAIL_CHECK("sigmoid(" << u << ") = " << s << ", exact " << exact);
    if (s < last - 1) FAIL_CHECK("falls at " << u << " from " << last << " to " << s);
    last = s;
  }
  CHECK(std::abs(sigmoid_q16(0) - 32768) <= 1);
  CHECK(sigmoid_q16(std::int64_t{1} << 50) == 65535);
  CHECK(sigmoid_q16(-(std::int64_t{1} << 50)) == 1);
}

TEST_CASE("learned_gate: worked by hand") {
  // One unit is ln 2: softmax of (0, 2, 0) units is (1, 4, 1) / 6.
  const double ln2 = std::log(2.0);
  const std::int32_t z[3]{0, 2, 0};
  const float zf[3]{0, static_cast<float>(2 * ln2), 0};
  const fixed_factor unit = make_fixed_factor(ln2 * 65536);
  const double p = 4.0 / 6;
  const double margin = 2 * ln2;
  const double certainty = 1 - (2.0 / 3 * std::log(1.5) + 1.0 / 3 * std::log(6.0)) / std::log(3.0);
  const auto check = [&](double b, double w0, double w1, double w2) {
    const std::uint32_t parameters[4]{q16(b), q16(w0), q16(w1), q16(w2)};
    const double u = b + w0 * p + w1 * margin + w2 * certainty;
    const double exact = 1 / (1 + std::exp(-u));
    CHECK(learned_gate::score(z, 3, unit, parameters) / 65536.0 == doctest::Approx(exact).epsilon(5e-4));
    CHECK(static_cast<double>(learned_gate::score(zf, 3, parameters)) == doctest::Approx(exact).epsilon(1e-5));
  };
  check(0, 0, 0, 0);
  check(-1, 0, 0, 0);
  check(0, 3, 0, 0);
  check(0, 0, -2, 0);
  check(0, 0, 0, 4);
  check(-1, 2, 0.5, 1);
  const auto f = learned_gate::features_of(z, 3, unit);
  CHECK(f.q16[0] == max_softmax::score(z, 3, unit));
  CHECK(f.q16[1] == logit_margin::score(z, 3, unit));
  CHECK(f.q16[2] == entropy::score(z, 3, unit));
  const auto ff = learned_gate::features_of(zf, 3);
  CHECK(ff.value[0] == max_softmax::score(zf, 3));
  CHECK(ff.value[1] == logit_margin::score(zf, 3));
  CHECK(ff.value[2] == entropy::score(zf, 3));
}

TEST_CASE("learned_gate: no parameters overflow") {
  const std::int32_t z[3]{std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min(), 0};
  const fixed_factor unit = make_fixed_factor(65536.0);
  constexpr std::uint32_t ends[]{0x80000000u, 0x7fffffffu};
  for (const std::uint32_t b : ends)
    for (const std::uint32_t w : ends) {
      const std::uint32_t parameters[4]{b, w, w, w};
      CHECK(learned_gate::score(z, 3, unit, parameters) == (w == 0x7fffffffu ? 65535 : 1));
      const float zf[3]{1e30f, -1e30f, 0};
      CHECK(learned_gate::score(zf, 3, parameters) == doctest::Approx(w == 0x7fffffffu ? 1.0 : 0.0));
    }
}

TEST_CASE("a margin of 16 or more counts as 16") {
  // One unit is one: 1000 in Q16 does not fit the feature, and need not.
  const fixed_factor unit = make_fixed_factor(65536.0);
  const std::int32_t far[] = {1000, 0, -5};
  const std::int32_t near[] = {3, 0, -5};
  CHECK(learned_gate::features_of(far, 3, unit).q16[1] == 16 * 65536);
  CHECK(learned_gate::features_of(near, 3, unit).q16[1] == 3 * 65536);
  const float real[] = {1000.0f, 0.0f, -5.0f};
  CHECK(learned_gate::features_of(real, 3).value[1] == 16.0f);
}
