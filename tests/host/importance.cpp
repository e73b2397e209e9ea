// covers: host/importance.hpp host/width_layers.hpp
// Which channels go together; importance against gradients by hand; reordered units compute the same: floats up to
// rounding, binary and integer networks exactly.
#include <offramp/host/importance.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/quantize.hpp>
#include <offramp/net/network.hpp>

#include "tests/support/networks.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

using plain = network<image<8, 8, 1>,
                      stage<conv2d<6, 3>, batch_norm, relu, depthwise_conv2d<3, stride{2}>, batch_norm, relu,
                            conv2d<10, 1>, batch_norm, prelu, max_pool<2>>,
                      exit_head<4>, stage<dense<7>, relu>, exit_head<4, dense<5>, relu>>;
using streams = network<image<12, 8, 3>,
                        stage<conv2d<40, 3, stride{2}>, batch_norm, residual<sign, conv2d<40, 3, binary>, batch_norm>>,
                        exit_head<5, avg_pool<2>>,
                        stage<residual<sign, conv2d<80, 3, binary, stride{2}>, batch_norm>,
                              residual<conv2d<24, 1>, relu, conv2d<80, 3>, batch_norm>>,
                        cascade_head<5, flatten>>;
using dense_block =
    network<image<8, 8, 1>, stage<conv2d<16, 3>, binary_dense_block<8>, conv2d<12, 1>, relu>, exit_head<4>>;

host::labelled_images images(const network_view& net, int count) {
  return offramp_test::random_images(net.input.extent, net.exits[0].classes, count, 70);
}

// A random order that respects what goes together.
template <class Net>
std::vector<std::vector<int>> random_order_of(std::uint64_t stream) {
  const host::width_layers w = host::width_layers_of(Net::view());
  offramp_test::random_numbers r{stream};
  host::unit_importance random;
  for (const int i : w.layers) {
    random.emplace_back();
    for (int u = 0; u < Net::view().layers[i].out.c; ++u) random.back().push_back(r.between(0, 1000));
  }
  return host::order_by_importance(Net::view(), random);
}

template <class Net>
void check_same_function(std::uint64_t stream) {
  const host::model m = offramp_test::random_model(Net::view(), stream, false);
  const auto order = random_order_of<Net>(stream + 1);
  bool moves = false;
  for (const auto& o : order) moves = moves || !std::is_sorted(o.begin(), o.end());
  CHECK(moves);
  const host::model p = host::permuted(m, order);
  const host::labelled_images set = images(Net::view(), 40);
  const host::exit_logits a = host::evaluate(m, set, 1), b = host::evaluate(p, set, 1);
  // Sums in another order: a few units of the last place; no sign flips, because where signs are read sums of binary
  // weights are whole numbers.
  for (std::size_t i = 0; i < a.values.size(); ++i)
    CHECK(std::fabs(a.values[i] - b.values[i]) <= 1e-4f * (1 + std::fabs(a.values[i])));
}

// On the same scales, integer networks agree to the last bit.
template <class Lowered>
void check_same_integers(std::uint64_t stream) {
  using net = typename Lowered::network;
  const host::model m = offramp_test::random_model(net::view(), stream, true);
  const host::model p = host::permuted(m, random_order_of<net>(stream + 1));
  const host::labelled_images set = images(net::view(), 24);
  const host::quantized_model q = host::quantize<Lowered>(m, set, 1);
  host::quantize_options same;
  same.given = &q;
  const host::quantized_model qp = host::quantize<Lowered>(p, set, same, 1);
  int different = 0;
  for (int i = 0; i < set.count(); ++i) {
    const auto a = host::run_program(q, set.image(i), true), b = host::run_program(qp, set.image(i), true);
    for (const int t : q.program.logits) CHECK(a[static_cast<std::size_t>(t)] == b[static_cast<std::size_t>(t)]);
    for (std::size_t t = 1; t < a.size(); ++t) different += a[t] != b[t] ? 1 : 0;
  }
  CHECK(different > 0);  // inside, channels stand elsewhere
}

}  // namespace

TEST_CASE("widths of a plain network: depthwise layers follow, heads have none") {
  const host::width_layers w = host::width_layers_of(plain::view());
  REQUIRE(w.count() == 3);
  for (int j = 0; j < 3; ++j) CHECK(w.tied[static_cast<std::size_t>(j)] == j);
  CHECK(plain::view().layers[w.layers[0]].out.c == 6);
  CHECK(plain::view().layers[w.layers[1]].out.c == 10);
  CHECK(plain::view().layers[w.layers[2]].out.c == 7);
  CHECK(w.in[0] == host::channel_runs{-1});
  CHECK(w.in[3] == host::channel_runs{0});  // the depthwise layer
  CHECK(w.out[3] == host::channel_runs{0});
  CHECK(w.out.back() == host::channel_runs{-1});
}

TEST_CASE("a residual ties what it adds up, a concatenation strings together") {
  const host::width_layers w = host::width_layers_of(streams::view());
  CHECK(w.tied == std::vector<int>{0, 0, 0, 3, 0});
  const host::width_layers c = host::width_layers_of(dense_block::view());
  REQUIRE(c.count() == 3);
  CHECK(c.tied == std::vector<int>{0, 1, 2});
  CHECK(c.in[static_cast<std::size_t>(c.layers[2])] == host::channel_runs{0, 1});
  // What a residual adds to the image, or to a concatenation, stays where it is.
  using pinned = network<image<6, 6, 4>,
                         stage<residual<conv2d<4, 3>>, concat<branch<>, branch<conv2d<4, 1>>>, residual<conv2d<8, 3>>>,
                         exit_head<3>>;
  CHECK(host::width_layers_of(pinned::view()).fixed == std::vector<bool>{true, true, true});
}

TEST_CASE("reordered units compute the same in floats") {
  check_same_function<plain>(1);
  check_same_function<streams>(3);
  check_same_function<dense_block>(5);
  check_same_function<offramp_test::networks::blocks>(7);
  check_same_function<offramp_test::networks::pooled>(9);
  check_same_function<offramp_test::networks::mixed>(11);
}

TEST_CASE("and in integers and signs to the last bit") {
  check_same_integers<lower<offramp_test::networks::residuals>>(20);
  check_same_integers<lower<offramp_test::networks::signs>>(22);
  check_same_integers<lower<streams>>(24);
  check_same_integers<lower<plain>>(26);
  check_same_integers<lower<dense_block>>(28);
}

TEST_CASE("importance is |w g|, summed over a unit's weights and its batches") {
  // One linear layer before a linear head: gradients by hand, from differences of the loss.
  using tiny = network<image<2, 2, 1>, stage<conv2d<3, 2, valid>>, exit_head<2>>;
  const host::model m = offramp_test::random_model(tiny::view(), 30, false);
  const host::labelled_images set = images(tiny::view(), 8);
  const host::unit_importance found =
      host::importance_of_units(m, set, {.batches = 1, .batch = 8, .seed = 1, .threads = 1});
  const auto loss = [&](const host::model& n) {
    const host::exit_logits z = host::evaluate(n, set, 1);
    std::vector<float> gradient(16);
    return host::cross_entropy(
        z.at(0, 0), set.labels.data(), 8, 2, [](int) { return 0.125f; }, gradient.data());
  };
  REQUIRE(found.size() == 1);
  for (std::size_t u = 0; u < 3; ++u) {
    double expected = 0;
    for (std::size_t k = 4 * u; k < 4 * u + 4; ++k) {
      host::model up = m, down = m;
      up.parameters[0].weights[k] += 1e-2f;
      down.parameters[0].weights[k] -= 1e-2f;
      expected += std::fabs((loss(up) - loss(down)) / 2e-2 * static_cast<double>(m.parameters[0].weights[k]));
    }
    CHECK(found[0][u] == doctest::Approx(expected).epsilon(1e-2));
  }
  // Two batches: the mean of both; every image is in one of them.
  const host::unit_importance two =
      host::importance_of_units(m, set, {.batches = 2, .batch = 4, .seed = 1, .threads = 1});
  CHECK(two[0][0] > 0);
}

TEST_CASE("the most important unit comes first; what goes together has one order") {
  const host::model m = offramp_test::random_model(streams::view(), 40, false);
  const host::labelled_images set = images(streams::view(), 64);
  const host::importance_options few{.batches = 3, .batch = 32, .seed = 1, .threads = 1};
  const host::unit_importance i = host::importance_of_units(m, set, few);
  CHECK(i[0] == i[1]);
  for (std::size_t u = 0; u < 80; ++u) CHECK(i[2][u] == i[0][u % 40]);
  const host::sorted_model s = host::sort_by_importance(m, set, few);
  for (const auto& layer : s.importance)
    CHECK(std::is_sorted(layer.begin(), layer.begin() + 24, [](double a, double b) { return a > b; }));
  CHECK(s.importance[3][0] == *std::max_element(i[3].begin(), i[3].end()));
  // A unit whose weights are all zero matters least of all.
  host::model dead = m;
  const auto layer = static_cast<std::size_t>(host::width_layers_of(m.view()).layers[3]);
  std::fill_n(dead.parameters[layer].weights.begin(), 80, 0.0f);
  const host::unit_importance without = host::importance_of_units(dead, set, few);
  CHECK(without[3][0] == 0);
  bool seen = false;  // nothing behind it matters
  const auto order = host::order_by_importance(dead.view(), without);
  for (const int u : order[3]) {
    seen = seen || u == 0;
    if (seen) CHECK(without[3][static_cast<std::size_t>(u)] == 0);
  }
  CHECK(seen);
}

TEST_CASE("numbers that do not fit the network") {
  const host::model m = offramp_test::random_model(plain::view(), 50, false);
  CHECK_THROWS_WITH_AS(host::order_by_importance(m.view(), {}), doctest::Contains("found 0 layers, the network has 3"),
                       host::error);
  CHECK_THROWS_WITH_AS(host::order_by_importance(m.view(), {{1}, {1}, {1}}),
                       doctest::Contains("width layer 0 has 1 numbers, expected 6"), host::error);
  CHECK_THROWS_WITH_AS(host::permuted(m, {}), doctest::Contains("found 0 layers"), host::error);
  CHECK_THROWS_WITH_AS(
      host::importance_of_units(m, images(plain::view(), 4), {.batches = 0, .batch = 8, .seed = 1, .threads = 1}),
      doctest::Contains("batches = 0"), host::error);
}
