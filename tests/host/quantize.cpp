// covers: host/quantize.hpp host/quantized_model.hpp host/canonical_words.hpp
// Bad input is named; scales follow the ranges seen.
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
  // 255 * 127 * 66312 is more than 2^31 - 1.
  using wide = network<image<129, 129, 1>, stage<conv2d<4, 1>, relu>, exit_head<2, dense<2>, relu>>;
  const auto set = offramp_test::random_images({129, 129, 1}, 2, 1, 72);
  const host::model m = offramp_test::random_model(wide::view(), 72);
  CHECK(message_of([&] { host::quantize<lower<wide>>(m, set, 1); }) ==
        "quantize: layer 2: 66564 products of 8 bits can exceed a 32-bit accumulator, expected at most 66311");
  using wide_head = network<image<129, 129, 1>, stage<conv2d<4, 1>, relu>, exit_head<2, max_pool<1>>>;
  const host::model h = offramp_test::random_model(wide_head::view(), 72);
  CHECK(message_of([&] { host::quantize<lower<wide_head>>(h, set, 1); }) ==
        "quantize: layer 3: 66564 products of 8 bits can exceed a 32-bit accumulator, expected at most 66311");
}

TEST_CASE("quantize: a mixture of maximum and sum reaches to the ends of 32 bits and no further") {
  using mixed = network<image<12, 12, 1>, stage<mixed_pool<3>, residual<conv2d<1, 3>>>, exit_head<2, mixed_pool<2>>>;
  host::model m = offramp_test::random_model(mixed::view(), 77, false);
  const auto set = offramp_test::random_images({12, 12, 1}, 2, 4, 77);
  for (const float a : {0.5f, 0.0f, 1.0f, 0.3f, -0.7f, 1.6f}) {
    CAPTURE(a);
    m.parameters[0].weights[0] = m.parameters[4].weights[0] = a;
    const auto q = host::quantize<lower<mixed>>(m, set, 1);
    int seen = 0;
    for (std::size_t s = 0; s < q.program.steps.size(); ++s) {
      const step_desc& step = q.program.steps[s];
      if (step.op.signature.what != op_kind::mixed_pool) continue;
      ++seen;
      const int taps = step.op.geometry.taps();
      const double range = step.op.signature.in == i16 ? 32768 : 255;
      const host::tensor_values& k = q.kernels[s];
      CHECK((std::abs(k[0]) + taps * std::abs(k[1])) * range <= 2147483647.0);
      CHECK(k[0] * q.weight_scale[s][0] == doctest::Approx(static_cast<double>(a)).epsilon(1e-4));
      CHECK(k[1] * q.weight_scale[s][0] * taps == doctest::Approx(1 - static_cast<double>(a)).epsilon(1e-9));
      CHECK(q.real_kernels[s][0] == static_cast<double>(a));
      const auto at = kernels::canonical_layout(step.op).kernel();
      CHECK(static_cast<std::int32_t>(q.words[s][at]) == static_cast<std::int32_t>(k[0]));
      CHECK(static_cast<std::int32_t>(q.words[s][at + 1]) == static_cast<std::int32_t>(k[1]));
    }
    CHECK(seen == 2);
  }
  m.parameters[4].weights[0] = std::numeric_limits<float>::infinity();
  CHECK(message_of([&] { host::quantize<lower<mixed>>(m, set, 1); }) ==
        "model: layer 4 (mixed_pool): weights[0] is inf, expected a finite number");
  // In a stream of 16 bits 65535 numbers can be added up.
  using wide = network<image<256, 257, 1>, stage<residual<conv2d<1, 1>>, mixed_pool<256>>, exit_head<2, flatten>>;
  const auto wide_set = offramp_test::random_images({256, 257, 1}, 2, 1, 78);
  CHECK(message_of([&] { host::quantize<lower<wide>>(host::make_model(wide::view(), 1), wide_set, 1); }) ==
        "quantize: layer 3: a mean of 65536 numbers can exceed a 32-bit accumulator, expected at most 65535");
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
