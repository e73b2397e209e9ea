// covers: host/weight_clipping.hpp host/weight_codes.hpp host/weight_rounding.hpp
// Scales and codes against brute force over all of them.
#include <offramp/host/weight_rounding.hpp>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/quantize.hpp>

#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

std::vector<double> random_weights(int count, std::uint64_t stream, double outlier = 0) {
  host::random_source r{offramp_test::seed(), stream};
  std::vector<double> w(static_cast<std::size_t>(count));
  for (double& v : w) v = static_cast<double>(r.normal());
  if (outlier > 0) w[0] = outlier;
  return w;
}

}  // namespace

TEST_CASE("weight_clipping: as good as ten thousand scales") {
  for (const int count : {1, 2, 9, 100, 1000})
    for (const double outlier : {0.0, 20.0}) {
      const std::vector<double> w = random_weights(count, 300 + static_cast<std::uint64_t>(count), outlier);
      const double largest = host::largest_scale(w), found = host::rounding_error(w, host::least_error_scale(w));
      const double plain = host::rounding_error(w, largest);
      double least = plain;
      for (int k = 1; k <= 10000; ++k) least = std::min(least, host::rounding_error(w, largest * 1.3 * k / 10000));
      CAPTURE(count);
      CAPTURE(outlier);
      CHECK(found <= plain);
      // Few weights have many minima far apart: the search finds a good one, not the best.
      CHECK(found <= (count >= 1000 ? 1.02 * least : 1.1 * least + 0.25 * plain));
    }
}

TEST_CASE("weight_clipping: an outlier among many is clipped, zeros have a scale") {
  const std::vector<double> w = random_weights(30000, 310, 30.0);
  CHECK(host::least_error_scale(w) < 0.95 * host::largest_scale(w));
  CHECK(host::rounding_error(w, host::least_error_scale(w)) < 0.95 * host::rounding_error(w, host::largest_scale(w)));
  const std::vector<double> zeros(7, 0.0);
  CHECK(host::largest_scale(zeros) == 1.0);
  CHECK(host::least_error_scale(zeros) == 1.0);
  const std::vector<double> exact{127 * 0.25, -3 * 0.25, 0.5};
  CHECK(host::least_error_scale(exact) == 0.25);
}

TEST_CASE("weight_rounding: codes as good as all that lie one beside the nearest") {
  for (std::uint64_t stream = 320; stream < 330; ++stream) {
    constexpr int n = 6;
    const std::vector<double> w = random_weights(n, stream);
    // Inputs that go together.
    host::random_source r{offramp_test::seed(), stream, 1};
    host::row_major<double> moments = host::row_major<double>::Zero(n, n);
    for (int k = 0; k < 50; ++k) {
      Eigen::VectorXd x(n);
      const double level = 2 * static_cast<double>(r.normal());
      for (int i = 0; i < n; ++i) x[i] = level + 0.2 * static_cast<double>(r.normal());
      moments += x * x.transpose();
    }
    const double scale = host::largest_scale(w);
    std::vector<double> nearest(n), codes(n), trial(n);
    for (std::size_t i = 0; i < n; ++i) nearest[i] = codes[i] = host::nearest_code(w[i], scale);
    const double before = host::output_error(w, scale, nearest, moments);
    host::descend_codes(w, scale, moments, codes);
    const double found = host::output_error(w, scale, codes, moments);
    double least = before;
    for (int k = 0; k < 729; ++k) {
      for (int i = 0, rest = k; i < n; ++i, rest /= 3) {
        const auto at = static_cast<std::size_t>(i);
        trial[at] = std::clamp(nearest[at] + rest % 3 - 1, -127.0, 127.0);
      }
      least = std::min(least, host::output_error(w, scale, trial, moments));
    }
    CAPTURE(stream);
    CHECK(found <= before);
    CHECK(found <= std::max(0.5 * before, 4 * least));
    // Many scales: at least as good again.
    const double best = host::least_output_codes(w, scale, false, moments, trial);
    CHECK(host::output_error(w, best, trial, moments) <= found);
    for (const double c : trial) CHECK((c == std::round(c) && std::abs(c) <= 127));
  }
}

TEST_CASE("weight_rounding: second moments by hand") {
  // 2x2 window over 3x2 with padding 1 on the left, groups of one channel.
  kernel_op op;
  op.signature.what = op_kind::conv;
  op.signature.in = kind::i8;
  op.geometry = make_window({1, 2, 2}, 2, 1, 2, 1, 0, 1, 1, 2);
  REQUIRE(op.geometry.out.w == 3);
  const host::tensor_values in{5, 3, 4, 1};  // less the zero 2: channel 0: 3, 2; channel 1: 1, -1
  std::vector<host::row_major<double>> sums;
  host::add_second_moments(op, in, 2, sums);
  host::add_second_moments(op, in, 2, sums);
  REQUIRE(sums.size() == 2);
  // Windows of channel 0: (0, 3), (3, 2), (2, 0).
  CHECK(sums[0](0, 0) == 2 * (9 + 4));
  CHECK(sums[0](0, 1) == 2 * 6);
  CHECK(sums[0](1, 0) == 2 * 6);
  CHECK(sums[0](1, 1) == 2 * (9 + 4));
  CHECK(sums[1](0, 0) == 2 * (1 + 1));
  CHECK(sums[1](0, 1) == 2 * -1);
}

TEST_CASE("weight_codes: each rule brings down what it is about") {
  using net = network<image<8, 8, 2>, stage<conv2d<12, 3>, batch_norm, relu, conv2d<8, 5>, relu>, exit_head<3>>;
  const host::model m = offramp_test::random_model(net::view(), 331, false);
  const auto images = offramp_test::random_images({8, 8, 2}, 3, 12, 331);
  const auto with = [&](host::weight_rule rule) { return host::quantize<lower<net>>(m, images, {.weights = rule}, 1); };
  const auto plain = with(host::weight_rule::min_max), clipped = with(host::weight_rule::least_error),
             fitted = with(host::weight_rule::least_output);
  const auto weight_error = [](const host::quantized_model& q, std::size_t s) {
    double sum = 0;
    const std::size_t each = q.kernels[s].size() / q.weight_scale[s].size();
    for (std::size_t i = 0; i < q.kernels[s].size(); ++i)
      sum += std::pow(q.real_kernels[s][i] - q.kernels[s][i] * q.weight_scale[s][i / each], 2);
    return sum;
  };
  // Of the first convolution's sums, whose input is exact.
  const auto sum_error = [&](const host::quantized_model& q) {
    double error = 0;
    for (int i = 0; i < images.count(); ++i) {
      host::tensor_values in, real, codes;
      host::input_values(q, images.image(i), true, in);
      host::accumulate(q.program.steps[0].op, in, q.tensors[0].zero, q.real_kernels[0], real);
      host::accumulate(q.program.steps[0].op, in, q.tensors[0].zero, q.kernels[0], codes);
      for (std::size_t j = 0; j < real.size(); ++j)
        error += std::pow(real[j] - codes[j] * q.weight_scale[0][j % q.weight_scale[0].size()], 2);
    }
    return error;
  };
  REQUIRE(weight_error(plain, 0) > 0);
  CHECK(weight_error(clipped, 0) < 0.9 * weight_error(plain, 0));
  CHECK(weight_error(clipped, 1) <= weight_error(plain, 1));
  CHECK(sum_error(fitted) < 0.9 * sum_error(plain));
  CHECK(sum_error(fitted) < sum_error(clipped));
  for (const auto* q : {&clipped, &fitted})
    for (const double scale : q->weight_scale.back()) CHECK(scale == q->weight_scale.back()[0]);
}
