// covers: host/bias_correction.hpp host/quantize_options.hpp
// After correction the mean of every layer's sums is that of the trained network.
#include <offramp/host/bias_correction.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <offramp/host/quantize.hpp>

#include "tests/net/lowering_equality.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

// Largest difference of a channel's mean sum between the trained and the quantized network, in standard deviations of
// that sum.
double mean_difference(const host::model& m, const host::quantized_model& q, const host::labelled_images& images) {
  double worst = 0;
  host::quantized_model trained = q;
  trained.source = m;
  for (std::size_t s = 0; s < q.program.steps.size(); ++s) {
    const step_desc& step = q.program.steps[s];
    if (step.op.signature.what != op_kind::conv) continue;
    const auto channels = static_cast<std::size_t>(step.op.geometry.out.c);
    std::vector<double> difference(channels), sum(channels), squares(channels);
    double n = 0;
    for (int i = 0; i < images.count(); ++i) {
      const auto real = host::run_program(trained, images.image(i), false);
      const auto codes = host::run_program(q, images.image(i), true);
      host::tensor_values a, b;
      const auto in = static_cast<std::size_t>(step.in);
      host::accumulate(step.op, real[in], 0, q.real_kernels[s], a);
      host::accumulate(step.op, codes[in], q.tensors[in].zero, q.kernels[s], b);
      for (std::size_t j = 0; j < a.size(); ++j) {
        const std::size_t c = j % channels;
        const double unit = q.unit(s, static_cast<int>(c));
        // What the layers behind the sums see: both with their own bias or mean.
        const auto first = static_cast<std::size_t>(step.layer_first);
        const auto shift = [&](const host::model& of) {
          const host::layer_parameters &own = of.parameters[first], &next = of.parameters[first + 1];
          return static_cast<double>(!own.bias.empty() ? own.bias[c] : -next.mean[c]);
        };
        difference[c] += a[j] + shift(m) - b[j] * unit - shift(q.source);
        sum[c] += a[j], squares[c] += a[j] * a[j];
        if (c == 0) ++n;
      }
    }
    for (std::size_t c = 0; c < channels; ++c) {
      const double deviation = std::sqrt(std::max(squares[c] / n - sum[c] / n * sum[c] / n, 1e-12));
      worst = std::max(worst, std::abs(difference[c]) / n / deviation);
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("bias_correction: means of all sums agree on the calibration set") {
  // A stream's tensors hold their last values in a whole run: each is read once here.
  using net = network<image<6, 6, 2>,
                      stage<conv2d<6, 3>, batch_norm, relu, conv2d<5, 3>, relu, conv2d<16, 3>, batch_norm, sign,
                            conv2d<4, 3, binary>, batch_norm, relu>,
                      exit_head<3>>;
  const host::model m = offramp_test::random_model(net::view(), 420, false);
  const auto images = offramp_test::random_images({6, 6, 2}, 3, 16, 420);
  const auto plain = host::quantize<lower<net>>(m, images, 1);
  const auto corrected = host::quantize<lower<net>>(m, images, {.correct_bias = true}, 1);
  CHECK(mean_difference(m, plain, images) > 1e-3);
  CHECK(mean_difference(m, corrected, images) < 1e-5);
  CHECK(plain.source.parameters == m.parameters);
  CHECK(corrected.source.parameters[0] == m.parameters[0]);            // no bias:
  CHECK(corrected.source.parameters[1].mean != m.parameters[1].mean);  // the batch norm takes it
  CHECK(corrected.source.parameters[3].bias != m.parameters[3].bias);
  CHECK(corrected.words == host::quantize<lower<net>>(m, images, {.correct_bias = true}, 3).words);
}

// Fitted codes, clipped ranges and shifted means are still the integers that run.
TEST_CASE("bias_correction: streams, cascades and shifts lower exactly") {
  using net =
      network<image<8, 8, 1>, stage<conv2d<4, 3>, batch_norm, residual<sign, conv2d<4, 3, binary>, shift>>,
              exit_head<3, avg_pool<4>>, stage<residual<relu, conv2d<8, 3, stride{2}>, batch_norm>>, cascade_head<3>>;
  using device = lower<net>;
  const host::model m = offramp_test::random_model(net::view(), 421);
  const auto images = offramp_test::random_images({8, 8, 1}, 3, 10, 421);
  const auto q = host::quantize<device>(
      m, images.slice(2, 8),
      {.activations = host::range_rule::least_error, .weights = host::weight_rule::least_output, .correct_bias = true},
      1);
  CHECK(q.source.parameters != m.parameters);
  int different = 0;
  for (int i = 0; i < 4; ++i) {
    const std::vector<std::uint8_t> pixels(images.image(i), images.image(i) + images.image_size());
    const auto expected = offramp_test::record(q, pixels.data());
    different += offramp_test::step_comparison<path::reference, device>::run("corrected", q, expected, i);
    different += offramp_test::session_differences<path::portable, device>("corrected", q, pixels, expected, i);
  }
  CHECK(different == 0);
}
