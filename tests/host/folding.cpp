// Thresholds by bisection are those of the closed form; affine maps keep their value in fixed point.
#include <offramp/host/folding.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

// A convolution of n products of signs with batch norm and sign.
struct norm_of {
  host::layer_parameters weights;
  host::layer_parameters norm;
  norm_of(float gamma, float beta, float mean, float variance) {
    norm.gamma = {gamma};
    norm.beta = {beta};
    norm.mean = {mean};
    norm.variance = {variance};
  }
  [[nodiscard]] host::fused_layers layers() const { return {&weights, {{layer_kind::batch_norm, &norm}}, true}; }
};

bool bit(const host::integer_threshold& t, std::int32_t acc) { return (acc < t.threshold) != t.flip; }

}  // namespace

TEST_CASE("folding: thresholds by bisection are those of the closed form") {
  // With acc = n - 2 * (differing bits): bit = acc < mu - beta * s / gamma for gamma > 0, > for gamma < 0, beta < 0 for
  // gamma = 0. Where batch norm comes out within rounding of 0, the trainer's float decides and not the formula.
  offramp_test::random_numbers r{77};
  constexpr std::int32_t n = 300;
  for (int trial = 0; trial < 500; ++trial) {
    const auto real = [&](double most) { return static_cast<float>(most * r.between(-100000, 100000) / 100000.0); };
    const float variance = static_cast<float>(std::pow(10.0, r.between(-8, 5)));
    const float gamma = r.one_in(10) ? 0.0f : real(r.one_in(5) ? 1e-3 : 2);
    const norm_of f{gamma, real(2), real(200), variance};
    const auto t = host::sign_threshold(f.layers(), 0, 1.0, n);
    const double s = std::sqrt(static_cast<double>(variance) + static_cast<double>(batch_norm_epsilon));
    const double beta = static_cast<double>(f.norm.beta[0]);
    const double mean = static_cast<double>(f.norm.mean[0]);
    for (std::int32_t acc = -n; acc <= n; ++acc) {
      const double y = static_cast<double>(gamma) / s * (acc - mean) + beta;
      const double rounding =
          1e-6 * (std::abs(static_cast<double>(gamma) / s) * (std::abs(mean) + std::abs(acc)) + std::abs(beta));
      if (std::abs(y) <= rounding && gamma != 0) continue;
      const double zero = mean - beta * s / static_cast<double>(gamma);
      const bool expected = gamma == 0 ? beta < 0 : gamma > 0 ? acc < zero : acc > zero;
      if (bit(t, acc) != expected)
        FAIL_CHECK("gamma " << gamma << " beta " << beta << " mean " << mean << " variance " << variance << " acc "
                            << acc);
    }
  }
}

TEST_CASE("folding: thresholds at ties and extremes") {
  using host::sign_threshold;
  // variance + epsilon = 1 in float, so that batch norm is x - 7 exactly: 0 counts as +1.
  const float one = 1.0f - batch_norm_epsilon;
  auto t = sign_threshold(norm_of{1, 0, 7, one}.layers(), 0, 1.0, 100);
  CHECK(bit(t, 6));
  CHECK_FALSE(bit(t, 7));
  t = sign_threshold(norm_of{-1, 0, 7, one}.layers(), 0, 1.0, 100);
  CHECK_FALSE(bit(t, 7));
  CHECK(bit(t, 8));
  // Always on one side.
  for (const float gamma : {1.0f, -1.0f, 0.0f, 1e-30f})
    for (const float beta : {1e6f, -1e6f}) {
      t = sign_threshold(norm_of{gamma, beta, 0, 1}.layers(), 0, 1.0, 100);
      for (const std::int32_t acc : {-100, -1, 0, 1, 100}) CHECK(bit(t, acc) == (beta < 0));
    }
  // gamma = 0 and beta = 0: +1 everywhere.
  t = sign_threshold(norm_of{0, 0, 5, 1}.layers(), 0, 1.0, 100);
  CHECK_FALSE(bit(t, -100));
  CHECK_FALSE(bit(t, 100));
  // The ends themselves.
  t = sign_threshold(norm_of{1, 0, 99.5f, 1}.layers(), 0, 1.0, 100);
  CHECK(bit(t, 99));
  CHECK_FALSE(bit(t, 100));
  t = sign_threshold(norm_of{1, 0, -99.5f, 1}.layers(), 0, 1.0, 100);
  CHECK(bit(t, -100));
  CHECK_FALSE(bit(t, -99));
}

TEST_CASE("folding: float thresholds separate as the formula does") {
  offramp_test::random_numbers r{78};
  for (int trial = 0; trial < 200; ++trial) {
    const auto real = [&](double most) { return static_cast<float>(most * r.between(-1000, 1000) / 1000.0); };
    const norm_of f{r.one_in(8) ? 0.0f : real(2), real(2), real(5), 0.5f};
    const auto t = host::sign_threshold(f.layers(), 0, 1.0);
    for (int i = 0; i < 20; ++i) {
      const float x = real(10);
      const double y = static_cast<double>(x) * f.layers().map(0).factor + f.layers().map(0).offset;
      if (std::abs(y) < 1e-5) continue;
      CHECK(((x < t.threshold) != t.flip) == (y < 0));
    }
  }
}

TEST_CASE("folding: factor and bias of an affine output") {
  offramp_test::random_numbers r{79};
  for (int trial = 0; trial < 2000; ++trial) {
    const double factor = std::pow(10.0, r.between(-60, 10) / 10.0) * (r.one_in(2) ? 1 : -1);
    const double offset = r.between(-30000, 30000);
    const auto a = host::find_affine(factor, offset, 8);
    for (const std::int32_t acc : {-3000, -1, 0, 1, 777}) {
      const double y = factor * acc + offset;
      if (std::abs(y) > 1e6) continue;
      const std::int32_t got = requantize(acc * 256 + a.bias, a.multiplier, a.shift);
      // Half a unit of rounding, half a unit of the bias, the 31 bits of the factor; and channels that are almost
      // constant.
      const double tolerance =
          0.51 + std::abs(factor) / 512 + 1e-9 * std::abs(y) + std::abs(offset) * 3000 * 256 / (1 << 30);
      if (std::abs(got - y) > tolerance)
        FAIL_CHECK("factor " << factor << " offset " << offset << " acc " << acc << ": " << got);
    }
  }
  CHECK(host::find_affine(0.0, 0.0, 8).multiplier == 0);
  // A constant channel is its offset, whatever it sums up.
  const auto constant = host::find_affine(0.0, 100.0, 8);
  for (const std::int32_t acc : {-300, 0, 300})
    CHECK(std::abs(requantize(acc * 256 + constant.bias, constant.multiplier, constant.shift) - 100) <= 1);
}

TEST_CASE("folding: a mixture in whole numbers stays within its limit and near its value") {
  offramp_test::random_numbers r{80};
  for (int trial = 0; trial < 2000; ++trial) {
    const double a = trial < 4 ? trial / 2 - 0.5 * (trial % 2) : r.between(-300, 300) / 100.0;
    const int taps = r.between(1, 8) * r.between(1, 8);
    const double b = (1 - a) / taps;
    const std::int32_t limit = r.one_in(2) ? 65535 : 8421504;
    const host::mixture_constants m = host::find_mixture(a, b, taps, limit);
    CAPTURE(a);
    CAPTURE(taps);
    CHECK(std::abs(std::int64_t{m.maximum}) + taps * std::abs(std::int64_t{m.sum}) <= limit);
    CHECK(m.unit > 0);
    // In parts of the largest result: one in limit for the rounded number, none for the other.
    const double range = std::abs(a) + taps * std::abs(b);
    CHECK(std::abs(m.unit * m.maximum - a) <= 1.1 * range / limit);
    CHECK(m.unit * m.sum == doctest::Approx(b).epsilon(1e-12));
  }
  // Ends: the maximum alone, the mean alone, next to nothing left to the mean.
  host::mixture_constants m = host::find_mixture(1, 0, 9, 65535);
  CHECK(m.maximum == 1);
  CHECK(m.sum == 0);
  CHECK(m.unit == 1);
  m = host::find_mixture(0, 0.25, 4, 65535);
  CHECK(m.maximum == 0);
  CHECK(m.sum == 16383);
  m = host::find_mixture(1 - 9e-6, 1e-6, 9, 65535);
  CHECK(m.sum == 0);
  CHECK(m.unit * m.maximum == doctest::Approx(1).epsilon(1e-4));
  m = host::find_mixture(-2, 3e-9, 1, 65535);
  CHECK(m.maximum == -1);
  CHECK(m.unit == 2);
}
