// Optimizer steps worked by hand; the schedule at its corners.
#include <offramp/host/optimizer.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <offramp/net/network.hpp>

namespace {

using namespace offramp;

// Binary weight (layer 1) between real ones; dense<2> behind it.
using probe = network<image<1, 1, 1, f32>, stage<sign, conv2d<1, 1, binary>, batch_norm>, exit_head<2>>;

struct bench {
  host::parameter_store<float> p{probe::view()};
  host::buffer<float> gradient{p.values.size()};
  host::thread_pool pool{2};
  float& value(const host::parameter_slot& s, int i = 0) { return p.at(s)[i]; }
  float& slope(const host::parameter_slot& s, int i = 0) { return gradient.data()[s.first + i]; }
  const host::layer_slots &conv = p.layout[1], &norm = p.layout[2], &head = p.layout[4];
};

TEST_CASE("optimizer: two steps of Adam by hand") {
  bench b;
  host::optimizer o{probe::view(), b.p.layout, {}};
  b.value(b.head.weights) = 1.0f;
  b.slope(b.head.weights) = 0.5f;
  o.step(b.p.values, b.gradient, 0.1f, b.pool);
  // m = 0.05, v = 0.00025; corrected 0.5 and 0.25: w = 1 - 0.1 * 0.5 / 0.5.
  CHECK(b.value(b.head.weights) == doctest::Approx(0.9));
  CHECK(b.value(b.head.weights, 1) == 0.0f);  // no gradient, no step
  b.slope(b.head.weights) = -1.0f;
  o.step(b.p.values, b.gradient, 0.1f, b.pool);
  // m = 0.045 - 0.1 = -0.055, v = 0.00024975 + 0.001 = 0.00124975; corrected by 0.19 and 0.001999.
  const double m = -0.055 / 0.19, v = 0.00124975 / 0.001999;
  CHECK(b.value(b.head.weights) == doctest::Approx(0.9 - 0.1 * m / std::sqrt(v)));
  CHECK(o.state().step == 2);
}

TEST_CASE("optimizer: two steps of SGD with momentum by hand") {
  bench b;
  host::optimizer o{probe::view(), b.p.layout, {.rule = host::sgd{.momentum = 0.5f}}};
  b.value(b.norm.gamma) = 1.0f;
  b.slope(b.norm.gamma) = 2.0f;
  o.step(b.p.values, b.gradient, 0.1f, b.pool);
  CHECK(b.value(b.norm.gamma) == doctest::Approx(0.8));
  o.step(b.p.values, b.gradient, 0.1f, b.pool);  // velocity 0.5 * 2 + 2 = 3
  CHECK(b.value(b.norm.gamma) == doctest::Approx(0.5));
}

TEST_CASE("optimizer: binary latent weights are clipped, others not") {
  bench b;
  host::optimizer o{probe::view(), b.p.layout, {.rule = host::sgd{}}};
  b.slope(b.conv.weights) = b.slope(b.head.weights) = 20.0f;
  o.step(b.p.values, b.gradient, 1.0f, b.pool);
  CHECK(b.value(b.conv.weights) == -1.25f);
  CHECK(b.value(b.head.weights) == -20.0f);
  b.slope(b.conv.weights) = -100.0f;
  o.step(b.p.values, b.gradient, 1.0f, b.pool);
  CHECK(b.value(b.conv.weights) == 1.25f);
}

TEST_CASE("optimizer: weight decay is for real weights alone") {
  bench b;
  host::optimizer o{probe::view(), b.p.layout, {.rule = host::sgd{}, .weight_decay = 0.5f}};
  for (const auto& s : {b.conv.weights, b.norm.gamma, b.norm.beta, b.head.weights, b.head.bias}) b.value(s) = 1.0f;
  o.step(b.p.values, b.gradient, 0.1f, b.pool);
  CHECK(b.value(b.head.weights) == doctest::Approx(0.95));
  for (const auto& s : {b.conv.weights, b.norm.gamma, b.norm.beta, b.head.bias}) CHECK(b.value(s) == 1.0f);
}

TEST_CASE("optimizer: no decay of shifts and slopes; of groups and cascades it is") {
  using net =
      network<image<1, 1, 2, f32>, stage<depthwise_conv2d<1>, rprelu>, exit_head<2>, stage<relu>, cascade_head<2>>;
  host::parameter_store<float> p{net::view()};
  host::buffer<float> gradient{p.values.size()};
  host::thread_pool pool{1};
  host::optimizer o{net::view(), p.layout, {.rule = host::sgd{}, .weight_decay = 0.5f}};
  for (std::size_t i = 0; i < p.values.size(); ++i) p.values[i] = 1.0f;
  o.step(p.values, gradient, 0.1f, pool);
  const int cascade = net::view().layer_count - 1;
  REQUIRE(net::view().layers[cascade].what == layer_kind::cascade);
  CHECK(*p.at(p.layout[0].weights) == doctest::Approx(0.95));
  CHECK(*p.at(p.layout[1].bias) == 1.0f);
  CHECK(*p.at(p.layout[2].weights) == 1.0f);
  CHECK(*p.at(p.layout[cascade].weights) == doctest::Approx(0.95));
}

TEST_CASE("optimizer: frozen layers and running statistics stay") {
  bench b;
  std::vector<bool> frozen(5);
  frozen[4] = true;
  host::optimizer o{probe::view(), b.p.layout, {.rule = host::sgd{}}, frozen};
  for (std::size_t i = 0; i < b.gradient.size(); ++i) b.gradient[i] = 1.0f;
  o.step(b.p.values, b.gradient, 0.1f, b.pool);
  CHECK(b.value(b.head.weights) == 0.0f);
  CHECK(b.value(b.norm.mean) == 0.0f);
  CHECK(b.value(b.norm.variance) == 0.0f);
  CHECK(b.value(b.norm.beta) == doctest::Approx(-0.1));
}

TEST_CASE("cosine_rate: warm-up, top, middle, end") {
  CHECK(host::cosine_rate(2.0f, 0, 100) == 2.0f);
  CHECK(host::cosine_rate(2.0f, 50, 100) == doctest::Approx(1.0));
  CHECK(host::cosine_rate(2.0f, 25, 100) == doctest::Approx(1 + std::sqrt(0.5)));
  CHECK(host::cosine_rate(2.0f, 100, 100) == doctest::Approx(0.0));
  CHECK(host::cosine_rate(2.0f, 0, 110, 10) == doctest::Approx(0.2));
  CHECK(host::cosine_rate(2.0f, 9, 110, 10) == doctest::Approx(2.0));
  CHECK(host::cosine_rate(2.0f, 10, 110, 10) == 2.0f);
  CHECK(host::cosine_rate(2.0f, 60, 110, 10) == doctest::Approx(1.0));
}

TEST_CASE("learning_rate: in steps, or along the cosine") {
  const host::rate_rule steps = host::rate_steps{{0.5f, 0.75f}, 0.1f};
  CHECK(host::learning_rate(steps, 2.0f, 49, 100) == 2.0f);
  CHECK(host::learning_rate(steps, 2.0f, 50, 100) == doctest::Approx(0.2));
  CHECK(host::learning_rate(steps, 2.0f, 75, 100) == doctest::Approx(0.02));
  CHECK(host::learning_rate(steps, 2.0f, 0, 100, 10) == doctest::Approx(0.2));  // warm-up comes first
  CHECK(host::learning_rate(host::cosine{}, 2.0f, 25, 100) == host::cosine_rate(2.0f, 25, 100));
}

}  // namespace
