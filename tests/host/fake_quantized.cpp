// covers: host/fake_quantized.hpp host/evaluate.hpp
// In real numbers the program is the network the trainer evaluates; in codes it stays close to it.
#include <offramp/host/fake_quantized.hpp>

#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <offramp/host/evaluate.hpp>
#include <offramp/host/quantize.hpp>

#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

template <class... Items>
using small = network<image<8, 8, 1>, Items...>;

// Largest difference of a logit, relative to the largest logit, over some images and all exits.
template <class Lowered>
double difference(std::uint64_t stream, bool quantized) {
  using network_type = typename Lowered::network;
  const host::model m = offramp_test::random_model(network_type::view(), stream, !quantized);
  const auto images = offramp_test::random_images(Lowered::input.extent, Lowered::classes, 20, stream);
  const auto q = host::quantize<Lowered>(m, images, 1);
  const host::exit_logits trained = host::evaluate(m, images, 1);
  double worst = 0;
  for (int k = 0; k < Lowered::exits; ++k) {
    double size = 0;
    double error = 0;
    for (int i = 0; i < images.count(); ++i) {
      const auto t = host::run_program(q, images.image(i), quantized);
      const auto& z = t[static_cast<std::size_t>(q.program.logits[static_cast<std::size_t>(k)])];
      const double scale = quantized ? q.logit_scale(static_cast<std::size_t>(k)) : 1.0;
      for (int c = 0; c < Lowered::classes; ++c) {
        const double expected = static_cast<double>(trained.at(k, i)[c]);
        size = std::max(size, std::abs(expected));
        error = std::max(error, std::abs(z[static_cast<std::size_t>(c)] * scale - expected));
      }
    }
    REQUIRE(size > 0.01);
    worst = std::max(worst, error / size);
  }
  return worst;
}

using plain = small<stage<conv2d<5, 3, stride{2}>, batch_norm, relu, max_pool<2>>, exit_head<3>,
                    stage<conv2d<6, 3>, batch_norm>, exit_head<3, dense<4>, relu>>;
using binary_net = small<stage<conv2d<33, 3>, batch_norm, sign, max_pool<2>>, exit_head<3>,
                         stage<conv2d<5, 3, binary>, batch_norm, sign, conv2d<9, 2, binary>, relu>, exit_head<3>>;
using streams =
    small<stage<max_pool<2, 1>, conv2d<4, 2>, batch_norm, residual<sign, conv2d<8, 3, binary, stride{2}>, batch_norm>>,
          exit_head<3, residual<conv2d<8, 1>>>,
          stage<residual<conv2d<8, 3>, relu>, residual<batch_norm, sign, conv2d<16, 3, binary>>>,
          exit_head<3, avg_pool<3>>>;
using mixed = small<stage<mixed_pool<2, 1>, conv2d<6, 3>, relu>, exit_head<3, mixed_pool<2>>,
                    stage<mixed_pool<2>, residual<conv2d<6, 3>>>, exit_head<3, mixed_pool<kernel{3, 2}>>>;
using real_image = network<image<6, 6, 2, f32>, stage<residual<conv2d<4, 3>, batch_norm>>, exit_head<3>>;

}  // namespace

TEST_CASE("fake_quantized: in real numbers, the program is what the trainer evaluates") {
  CHECK(difference<lower<plain>>(80, false) < 1e-4);
  CHECK(difference<lower<plain, f32>>(81, false) < 1e-4);
  CHECK(difference<lower<binary_net>>(82, false) < 1e-4);
  CHECK(difference<lower<streams>>(83, false) < 1e-4);
  CHECK(difference<lower<streams, f32>>(84, false) < 1e-4);
  CHECK(difference<lower<real_image>>(85, false) < 1e-4);
  CHECK(difference<lower<mixed>>(88, false) < 1e-4);
}

TEST_CASE("fake_quantized: floats stay what they were") {
  CHECK(difference<lower<plain, f32>>(81, true) < 1e-4);
  CHECK(difference<lower<streams, f32>>(84, true) < 1e-4);
  CHECK(difference<lower<real_image, f32>>(85, true) < 1e-4);
  CHECK(difference<lower<mixed, f32>>(88, true) < 1e-4);
}

TEST_CASE("fake_quantized: integers without signs in between stay close") {
  CHECK(difference<lower<plain>>(86, true) < 0.08);
  CHECK(difference<lower<real_image>>(87, true) < 0.08);
  CHECK(difference<lower<real_image, i8, i8>>(87, true) < 0.08);
  CHECK(difference<lower<mixed>>(88, true) < 0.08);
}
