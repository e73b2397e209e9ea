// Ranges against brute force and counting by hand.
#include <offramp/host/activation_ranges.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/quantize.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

// Mostly small values, some large ones; `cut`: nothing below 0.
std::vector<double> heavy_tailed(std::uint64_t stream, bool cut) {
  host::random_source r{offramp_test::seed(), stream};
  std::vector<double> v(20000);
  for (double& x : v) {
    x = static_cast<double>(r.normal());
    x = x * x * x + 0.3;
    if (cut) x = std::max(x, 0.0);
  }
  return v;
}

host::value_histogram histogram_of(const std::vector<double>& v) {
  const auto [low, high] = std::minmax_element(v.begin(), v.end());
  host::value_histogram h{{std::min(*low, 0.0), std::max(*high, 0.0)}};
  for (const double x : v) h.add(x);
  return h;
}

double true_error(const std::vector<double>& v, const host::quantization& q) {
  double sum = 0;
  for (const double x : v) {
    const double code = std::clamp(std::round(x / q.scale) + q.zero, -128.0, 127.0);
    sum += std::pow(x - (code - q.zero) * q.scale, 2);
  }
  return sum;
}

}  // namespace

TEST_CASE("activation_ranges: tails are cut where sorting says") {
  for (const bool cut : {false, true}) {
    std::vector<double> v = heavy_tailed(400, cut);
    const host::value_histogram h = histogram_of(v);
    std::sort(v.begin(), v.end());
    const double bin = (v.back() - v.front()) / host::value_histogram::bins;
    for (const double percent : {99.0, 99.9, 100.0}) {
      const auto tail = static_cast<std::size_t>(std::lround(static_cast<double>(v.size()) * (100 - percent) / 100));
      const host::value_range r = h.without_tails(percent);
      CAPTURE(percent);
      CHECK(std::abs(r.low - v[tail]) <= 1.01 * bin);
      CHECK(std::abs(r.high - v[v.size() - 1 - tail]) <= 1.01 * bin);
    }
    CHECK(h.without_tails(100).low == h.range().low);
    CHECK(h.without_tails(100).high == h.range().high);
  }
}

TEST_CASE("activation_ranges: the least error is what brute force finds") {
  for (const bool cut : {false, true})
    for (const bool stream : {false, true}) {
      CAPTURE(cut);
      CAPTURE(stream);
      const std::vector<double> v = heavy_tailed(401, cut);
      const host::value_histogram h = histogram_of(v);
      const host::value_range all = h.range(), found = h.least_error(stream);
      const auto error = [&](host::value_range r) { return true_error(v, host::from_range(kind::i8, stream, r)); };
      CHECK(error(found) <= error(all));
      double least = error(all);
      for (int i = 1; i <= 40; ++i)
        for (int j = 1; j <= 40; ++j)
          if (!stream || i == j) least = std::min(least, error({all.low * i / 40, all.high * j / 40}));
      CHECK(error(found) <= 1.03 * least);
      CHECK(h.error(host::from_range(kind::i8, stream, found)) == doctest::Approx(error(found)).epsilon(0.05));
    }
}

TEST_CASE("activation_ranges: one large value among many is clipped") {
  // Even from 0 to 1, one at 5: an end at c leaves 200000 (c / 255)^2 / 12 + (5 - c)^2, least at c = 3.98.
  std::vector<double> v(200000);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<double>(i) / 200000;
  v.push_back(5);
  const host::value_range found = histogram_of(v).least_error(false);
  CHECK(found.low == 0);
  CHECK(std::abs(found.high - 3.98) < 0.2);
}

TEST_CASE("activation_ranges: pieces of a histogram add up") {
  const std::vector<double> v = heavy_tailed(402, false);
  const host::value_histogram whole = histogram_of(v);
  host::value_histogram a{whole.range()}, b{whole.range()};
  for (std::size_t i = 0; i < v.size(); ++i) (i % 3 == 0 ? a : b).add(v[i]);
  a.add(b);
  const host::quantization q{0.01, 3};
  CHECK(a.error(q) == doctest::Approx(whole.error(q)));
  CHECK(a.without_tails(99).high == whole.without_tails(99).high);
}

TEST_CASE("activation_ranges: options change what they name") {
  using net =
      network<image<8, 8, 1>, stage<conv2d<6, 3>, relu, conv2d<6, 3>, batch_norm, residual<sign, conv2d<6, 3, binary>>>,
              exit_head<3, avg_pool<4>>>;
  const host::model m = offramp_test::random_model(net::view(), 403, false);
  const auto images = offramp_test::random_images({8, 8, 1}, 3, 12, 403);
  const auto with = [&](host::quantize_options o, int threads = 1) {
    return host::quantize<lower<net>>(m, images, o, threads);
  };
  const auto plain = with({}), cut = with({.activations = host::range_rule::percentile, .percentile = 95}),
             least = with({.activations = host::range_rule::least_error});
  for (std::size_t t = 1; t < plain.tensors.size(); ++t) {
    CAPTURE(t);
    if (plain.program.tensors[t].element == kind::i16) {
      CHECK(cut.tensors[t].scale == plain.tensors[t].scale);
      CHECK(least.tensors[t].scale == plain.tensors[t].scale);
    }
    if (plain.program.tensors[t].element == kind::i8) {
      CHECK(cut.tensors[t].scale < plain.tensors[t].scale);
      CHECK(least.tensors[t].scale <= plain.tensors[t].scale);
    }
  }
  CHECK(cut.words == with({.activations = host::range_rule::percentile, .percentile = 95}, 3).words);
  // Given scales are taken; weights follow the model.
  const host::model other = offramp_test::random_model(net::view(), 404, false);
  const auto given = host::quantize<lower<net>>(other, images, {.given = &cut}, 1);
  const auto fresh = host::quantize<lower<net>>(other, images, {}, 1);
  CHECK(given.tensors[1].scale == cut.tensors[1].scale);
  CHECK(given.tensors[1].zero == cut.tensors[1].zero);
  CHECK(given.kernels == fresh.kernels);
  CHECK(given.logit_scale(0) != cut.logit_scale(0));
}

TEST_CASE("activation_ranges: options that cannot be") {
  using net = network<image<4, 4, 1>, stage<conv2d<2, 3>, relu>, exit_head<2>>;
  using other = network<image<4, 4, 1>, stage<conv2d<3, 3>, relu>, exit_head<2>>;
  const auto images = offramp_test::random_images({4, 4, 1}, 2, 3, 405);
  const auto complaint = [&](host::quantize_options o) {
    return offramp_test::message_of(
        [&] { host::quantize<lower<net>>(offramp_test::random_model(net::view(), 405), images, o, 1); });
  };
  CHECK(complaint({.percentile = 50}) == "quantize: percentile is 50.000000, expected above 50, at most 100");
  const auto q = host::quantize<lower<other>>(offramp_test::random_model(other::view(), 405), images, 1);
  CHECK(complaint({.given = &q}) ==
        "quantize: the given scales are of a program of 4 tensors, expected the 4 of this network and lowering");
}
