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
  CHECK(first.conv == &m.layers[0]);
  CHECK(first.conv_parameters == &m.parameters[0]);
  CHECK(first.norm == &m.parameters[1]);
  CHECK(first.relu);
  CHECK_FALSE(first.sign);
  const host::fused_layers pool = host::layers_of(m, p.steps[1]);
  CHECK(pool.conv == nullptr);
  CHECK_FALSE(pool.relu);
  const host::fused_layers second = host::layers_of(m, p.steps[2]);
  CHECK(second.conv == &m.layers[4]);
  CHECK(second.norm == nullptr);
  CHECK(second.sign);

  for (const host::fused_layers& f : {first, second})
    for (int c = 0; c < 4; ++c)
      for (const float sum : {-90.0f, -1.0f, 0.0f, 3.0f, 250.0f}) {
        double y = f.factor(c) * 0.5 * static_cast<double>(sum) + f.bias(c);
        if (f.relu) y = std::max(y, 0.0);
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
  const layer_desc d{};
  host::fused_layers f{&d, &conv, &norm, false, false};
  CHECK(f.factor(0) == doctest::Approx(1.5));
  CHECK(f.bias(0) == doctest::Approx(-1 + (0.5 - 2) * 1.5));
  CHECK(f.apply(0, 2.0f, 4.0f) == doctest::Approx(1.5 * (8 + 0.5 - 2) - 1));
  f.relu = true;
  CHECK(f.apply(0, 2.0f, -4.0f) == 0.0f);
}
