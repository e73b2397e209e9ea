// The layers of an op are found again, and both forms of what follows the sum agree.
#include <offramp/host/fused_layers.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <offramp/host/lowered_program.hpp>

#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

using net = network<image<6, 6, 2>, stage<conv2d<4, 3>, batch_norm, relu, max_pool<2>, conv2d<5, 3, binary>, sign>,
                    exit_head<3>>;

}  // namespace

TEST_CASE("fused_layers: what each op computes") {
  const host::model m = offramp_test::random_model(net::view(), 91, false);
  const auto p = host::program_of<lower<net>>();
  REQUIRE(p.steps.size() == 5);
  const host::fused_layers first = host::layers_of(m, p.steps[0]);
  CHECK(first.conv == &m.parameters[0]);
  REQUIRE(first.tail.size() == 2);
  CHECK(first.tail[0].what == layer_kind::batch_norm);
  CHECK(first.tail[0].parameters == &m.parameters[1]);
  CHECK(first.clamps());
  CHECK(first.rectifier() == 1);
  CHECK_FALSE(first.sign);
  const host::fused_layers pool = host::layers_of(m, p.steps[1]);
  CHECK(pool.conv == nullptr);
  CHECK(pool.tail.empty());
  const host::fused_layers second = host::layers_of(m, p.steps[2]);
  CHECK(second.conv == &m.parameters[4]);
  CHECK(second.tail.empty());
  CHECK_FALSE(second.clamps());
  CHECK(second.sign);

  for (const host::fused_layers& f : {first, second})
    for (int c = 0; c < 4; ++c)
      for (const float sum : {-90.0f, -1.0f, 0.0f, 3.0f, 250.0f}) {
        const host::affine_map map = f.map(c);
        double y = map.factor * 0.5 * static_cast<double>(sum) + map.offset;
        if (f.clamps()) y = std::max(y, 0.0);
        CHECK(static_cast<double>(f.apply(c, 0.5f, sum)) == doctest::Approx(y).epsilon(1e-4));
      }
}

TEST_CASE("fused_layers: batch norm by hand") {
  host::layer_parameters conv;
  conv.bias = {0.5f};
  host::layer_parameters norm;
  norm.gamma = {3.0f};
  norm.beta = {-1.0f};
  norm.mean = {2.0f};
  norm.variance = {4.0f - batch_norm_epsilon};
  host::fused_layers f{&conv, {{layer_kind::batch_norm, &norm}}};
  CHECK(f.map(0).factor == doctest::Approx(1.5));
  CHECK(f.map(0).offset == doctest::Approx(-1 + (0.5 - 2) * 1.5));
  CHECK(f.apply(0, 2.0f, 4.0f) == doctest::Approx(1.5 * (8 + 0.5 - 2) - 1));
  f.tail.push_back({layer_kind::relu, nullptr});
  CHECK(f.apply(0, 2.0f, -4.0f) == 0.0f);
}

TEST_CASE("fused_layers: an affine map on both sides of a leak, by hand") {
  host::layer_parameters before;
  before.bias = {-3.0f};
  host::layer_parameters leak;
  leak.weights = {0.25f};
  host::layer_parameters norm;
  norm.gamma = {2.0f};
  norm.beta = {10.0f};
  norm.mean = {1.0f};
  norm.variance = {1.0f - batch_norm_epsilon};
  const host::fused_layers f{
      nullptr, {{layer_kind::shift, &before}, {layer_kind::prelu, &leak}, {layer_kind::batch_norm, &norm}}};
  CHECK(f.rectifier() == 1);
  CHECK_FALSE(f.clamps());
  CHECK(f.before_rectifier(0, 0.5f, 4.0f) == -1.0f);
  CHECK(f.apply(0, 0.5f, 4.0f) == doctest::Approx((-1 * 0.25 - 1) * 2 + 10));
  CHECK(f.apply(0, 0.5f, 8.0f) == doctest::Approx((1 - 1) * 2 + 10));
  CHECK(f.map(0).factor == doctest::Approx(2));
  CHECK(f.map(0).offset == doctest::Approx((-3 - 1) * 2 + 10));
  CHECK(f.map(0, true).factor == doctest::Approx(0.5));
  CHECK(f.map(0, true).offset == doctest::Approx((-3 * 0.25 - 1) * 2 + 10));
}
