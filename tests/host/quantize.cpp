// covers: host/quantize.hpp host/quantized_model.hpp
// Bad input is named; thresholds by bisection are those of the closed form; scales follow the ranges seen.
#include <offramp/host/quantize.hpp>

#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;

using offramp_test::message_of;

namespace {

using net = network<image<6, 5, 2>, stage<conv2d<8, 3>, batch_norm, relu, conv2d<4, 3>>, exit_head<3>>;
using device = lower<net>;

const host::labelled_images& images() {
  static const host::labelled_images set = offramp_test::random_images({6, 5, 2}, 3, 6, 70);
  return set;
}

std::string quantize_complaint(const host::model& m, const host::labelled_images& set) {
  return message_of([&] { host::quantize<device>(m, set, 1); });
}

// A convolution of n products of signs with batch norm and sign.
struct norm_of {
  layer_desc conv{};
  host::layer_parameters weights;
  host::layer_parameters norm;
  norm_of(float gamma, float beta, float mean, float variance) {
    norm.gamma = {gamma};
    norm.beta = {beta};
    norm.mean = {mean};
    norm.variance = {variance};
  }
  [[nodiscard]] host::fused_layers layers() const { return {&conv, &weights, &norm, false, true}; }
};

bool bit(const host::detail::integer_threshold& t, std::int32_t acc) { return (acc < t.threshold) != t.flip; }

}  // namespace

TEST_CASE("quantize: a parameter that is no number is named") {
  const host::model sound = offramp_test::random_model(net::view(), 71);
  CHECK(quantize_complaint(sound, images()).empty());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  host::model m = sound;
  m.parameters[3].weights[17] = nan;
  CHECK(quantize_complaint(m, images()) == "model: layer 3 (conv2d): weights[17] is nan, expected a finite number");
  m = sound;
  m.parameters[1].variance[2] = std::numeric_limits<float>::infinity();
  CHECK(quantize_complaint(m, images()) == "model: layer 1 (batch_norm): variance[2] is inf, expected a finite number");
  m = sound;
  m.parameters[3].bias[0] = -std::numeric_limits<float>::infinity();
  CHECK(quantize_complaint(m, images()) == "model: layer 3 (conv2d): bias[0] is -inf, expected a finite number");
}

TEST_CASE("quantize: calibration images that do not fit") {
  const host::model m = offramp_test::random_model(net::view(), 71);
  CHECK(quantize_complaint(m, images().slice(0, 0)) ==
        "quantize: the calibration set is empty, expected at least one image");
  CHECK(quantize_complaint(m, offramp_test::random_images({5, 6, 2}, 3, 2, 70)) ==
        "quantize: calibration images are 5x6x2, expected 6x5x2");
}

TEST_CASE("quantize: sums that could leave 32 bits are refused") {
  // 255 * 127 * 66312 is more than 2^31.
  using wide = network<image<129, 129, 1>, stage<conv2d<4, 1>, relu>, exit_head<2, dense<2>, relu>>;
  const auto set = offramp_test::random_images({129, 129, 1}, 2, 1, 72);
  const host::model m = offramp_test::random_model(wide::view(), 72);
  CHECK(message_of([&] { host::quantize<lower<wide>>(m, set, 1); }) ==
        "quantize: layer 2: 66564 products of 8 bits can exceed a 32-bit accumulator, expected at most 66312");
  using wide_head = network<image<129, 129, 1>, stage<conv2d<4, 1>, relu>, exit_head<2, max_pool<1>>>;
  const host::model h = offramp_test::random_model(wide_head::view(), 72);
  CHECK(message_of([&] { host::quantize<lower<wide_head>>(h, set, 1); }) ==
        "quantize: layer 3: 66564 products of 8 bits can exceed a 32-bit accumulator, expected at most 66312");
}

TEST_CASE("quantize: the same for any number of threads") {
  const host::model m = offramp_test::random_model(net::view(), 73);
  const auto one = host::quantize<device>(m, images(), 1);
  const auto three = host::quantize<device>(m, images(), 3);
  CHECK(one.words == three.words);
}

TEST_CASE("quantize: scales cover the ranges seen") {
  const host::model m = offramp_test::random_model(net::view(), 74, false);
  const auto q = host::quantize<device>(m, images(), 1);
  CHECK(q.tensors[0].scale == doctest::Approx(0.01));
  CHECK(q.tensors[0].zero == 100);
  std::vector<double> low(q.tensors.size(), 0.0);
  std::vector<double> high(q.tensors.size(), 0.0);
  for (int i = 0; i < images().count(); ++i) {
    const auto t = host::run_program(q, images().image(i), false);
    for (std::size_t j = 1; j < t.size(); ++j)
      for (const double v : t[j]) low[j] = std::min(low[j], v), high[j] = std::max(high[j], v);
  }
  for (std::size_t j = 1; j < q.tensors.size(); ++j) {
    if (q.program.tensors[j].element != kind::i8) continue;
    CAPTURE(j);
    CHECK(q.tensors[j].scale * 255 == doctest::Approx(high[j] - low[j]));
    // Both ends have a code, within half a step, and 0 has one exactly.
    CHECK((-128 - q.tensors[j].zero) * q.tensors[j].scale <= low[j] + q.tensors[j].scale);
    CHECK((127 - q.tensors[j].zero) * q.tensors[j].scale >= high[j] - q.tensors[j].scale);
  }
}

TEST_CASE("quantize: weights per channel are symmetric, heads have one scale") {
  const host::model m = offramp_test::random_model(net::view(), 75, false);
  const auto q = host::quantize<device>(m, images(), 1);
  for (std::size_t s = 0; s < q.program.steps.size(); ++s) {
    const auto& sig = q.program.steps[s].op.signature;
    if (sig.what != op_kind::conv) continue;
    const std::size_t each = q.kernels[s].size() / q.weight_scale[s].size();
    for (std::size_t c = 0; c < q.weight_scale[s].size(); ++c) {
      double most = 0;
      for (std::size_t i = c * each; i < (c + 1) * each; ++i) {
        most = std::max(most, std::abs(q.kernels[s][i]));
        CHECK(std::abs(q.kernels[s][i] * q.weight_scale[s][c] - q.real_kernels[s][i]) <=
              q.weight_scale[s][c] * 0.5000001);
      }
      if (sig.out == kind::i32)
        CHECK(q.weight_scale[s][c] == q.weight_scale[s][0]);
      else
        CHECK(most == 127);
    }
  }
}

TEST_CASE("quantize: streams are symmetric, larger pixels are still pixels") {
  using streams =
      network<image<6, 6, 1>, stage<max_pool<2>, conv2d<4, 3>, residual<sign, conv2d<4, 3, binary>>>, exit_head<2>>;
  const auto set = offramp_test::random_images({6, 6, 1}, 2, 4, 76);
  const host::model m = offramp_test::random_model(streams::view(), 76, false);
  const auto i16_stream = host::quantize<lower<streams>>(m, set, 1);
  const auto i8_stream = host::quantize<lower<streams, i8, i8>>(m, set, 1);
  for (const auto* q : {&i16_stream, &i8_stream}) {
    CHECK(q->tensors[1].scale == q->tensors[0].scale);
    CHECK(q->tensors[1].zero == 100);
    CHECK(q->tensors[2].zero == 0);
  }
  CHECK(i8_stream.tensors[2].scale == doctest::Approx(i16_stream.tensors[2].scale * 32767 / 127));
}

TEST_CASE("quantize: thresholds by bisection are those of the closed form") {
  // With acc = n - 2 * (differing bits): bit = acc < mu - beta * s / gamma for gamma > 0, > for gamma < 0, beta < 0 for
  // gamma = 0. Where batch norm comes out within rounding of 0, the trainer's float decides and not the formula.
  offramp_test::random_numbers r{77};
  constexpr std::int32_t n = 300;
  for (int trial = 0; trial < 500; ++trial) {
    const auto real = [&](double most) { return static_cast<float>(most * r.between(-100000, 100000) / 100000.0); };
    const float variance = static_cast<float>(std::pow(10.0, r.between(-8, 5)));
    const float gamma = r.one_in(10) ? 0.0f : real(r.one_in(5) ? 1e-3 : 2);
    const norm_of f{gamma, real(2), real(200), variance};
    const auto t = host::detail::find_threshold(f.layers(), 0, 1.0, n);
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

TEST_CASE("quantize: thresholds at ties and extremes") {
  using host::detail::find_threshold;
  // variance + epsilon = 1 in float, so that batch norm is x - 7 exactly: 0 counts as +1.
  const float one = 1.0f - batch_norm_epsilon;
  auto t = find_threshold(norm_of{1, 0, 7, one}.layers(), 0, 1.0, 100);
  CHECK(bit(t, 6));
  CHECK_FALSE(bit(t, 7));
  t = find_threshold(norm_of{-1, 0, 7, one}.layers(), 0, 1.0, 100);
  CHECK_FALSE(bit(t, 7));
  CHECK(bit(t, 8));
  // Always on one side.
  for (const float gamma : {1.0f, -1.0f, 0.0f, 1e-30f})
    for (const float beta : {1e6f, -1e6f}) {
      t = find_threshold(norm_of{gamma, beta, 0, 1}.layers(), 0, 1.0, 100);
      for (const std::int32_t acc : {-100, -1, 0, 1, 100}) CHECK(bit(t, acc) == (beta < 0));
    }
  // gamma = 0 and beta = 0: +1 everywhere.
  t = find_threshold(norm_of{0, 0, 5, 1}.layers(), 0, 1.0, 100);
  CHECK_FALSE(bit(t, -100));
  CHECK_FALSE(bit(t, 100));
  // The ends themselves.
  t = find_threshold(norm_of{1, 0, 99.5f, 1}.layers(), 0, 1.0, 100);
  CHECK(bit(t, 99));
  CHECK_FALSE(bit(t, 100));
  t = find_threshold(norm_of{1, 0, -99.5f, 1}.layers(), 0, 1.0, 100);
  CHECK(bit(t, -100));
  CHECK_FALSE(bit(t, -99));
}

TEST_CASE("quantize: float thresholds separate as the formula does") {
  offramp_test::random_numbers r{78};
  for (int trial = 0; trial < 200; ++trial) {
    const auto real = [&](double most) { return static_cast<float>(most * r.between(-1000, 1000) / 1000.0); };
    const norm_of f{r.one_in(8) ? 0.0f : real(2), real(2), real(5), 0.5f};
    const auto t = host::detail::find_float_threshold(f.layers(), 0, 1.0);
    for (int i = 0; i < 20; ++i) {
      const float x = real(10);
      const double y = static_cast<double>(x) * f.layers().factor(0) + f.layers().bias(0);
      if (std::abs(y) < 1e-5) continue;
      CHECK(((x < t.threshold) != t.flip) == (y < 0));
    }
  }
}

TEST_CASE("quantize: factor and bias of an affine output") {
  offramp_test::random_numbers r{79};
  for (int trial = 0; trial < 2000; ++trial) {
    const double factor = std::pow(10.0, r.between(-60, 10) / 10.0) * (r.one_in(2) ? 1 : -1);
    const double offset = r.between(-30000, 30000);
    const auto a = host::detail::find_affine(factor, offset, 8);
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
  CHECK(host::detail::find_affine(0.0, 0.0, 8).multiplier == 0);
  // A constant channel is its offset, whatever it sums up.
  const auto constant = host::detail::find_affine(0.0, 100.0, 8);
  for (const std::int32_t acc : {-300, 0, 300})
    CHECK(std::abs(requantize(acc * 256 + constant.bias, constant.multiplier, constant.shift) - 100) <= 1);
}
