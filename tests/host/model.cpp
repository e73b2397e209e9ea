// A fresh model: shapes of all parameters, distributions of the random ones, the same numbers everywhere.
// covers: host/model.hpp host/random.hpp host/parameter_store.hpp
#include <offramp/host/model.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <offramp/host/parameter_store.hpp>
#include <offramp/net/network.hpp>

namespace {

using namespace offramp;

using net = network<image<8, 8, 2, u8>, stage<conv2d<16, 3>, batch_norm, sign, conv2d<64, 3, binary>, batch_norm>,
                    exit_head<4, avg_pool<4>>>;

double deviation(const std::vector<float>& v) {
  double sum = 0, squares = 0;
  for (const float f : v) sum += f, squares += static_cast<double>(f) * static_cast<double>(f);
  const auto n = static_cast<double>(v.size());
  return std::sqrt(squares / n - sum / n * sum / n);
}

TEST_CASE("make_model: shapes") {
  const host::model m = host::make_model(net::view(), 1);
  REQUIRE(m.parameters.size() == 7);
  CHECK(m.parameters[0].weights.size() == 16 * 9 * 2);
  CHECK(m.parameters[0].bias.empty());  // batch norm behind it
  CHECK(m.parameters[1].gamma == std::vector<float>(16, 1.0f));
  CHECK(m.parameters[1].beta == std::vector<float>(16, 0.0f));
  CHECK(m.parameters[1].mean == std::vector<float>(16, 0.0f));
  CHECK(m.parameters[1].variance == std::vector<float>(16, 1.0f));
  CHECK(m.parameters[2].weights.empty());
  CHECK(m.parameters[3].weights.size() == 64 * 9 * 16);
  CHECK(m.parameters[6].weights.size() == 4 * 2 * 2 * 64);
  CHECK(m.parameters[6].bias == std::vector<float>(4, 0.0f));
  CHECK(m.view().layer_count == 7);
  CHECK(m.view().exits[0].classes == 4);
}

TEST_CASE("make_model: He for real weights, 0.1 for latent ones, another seed is another model") {
  const host::model m = host::make_model(net::view(), 1);
  CHECK(deviation(m.parameters[3].weights) == doctest::Approx(0.1).epsilon(0.05));
  CHECK(deviation(m.parameters[6].weights) == doctest::Approx(std::sqrt(2.0 / 256)).epsilon(0.1));
  CHECK(m.parameters == host::make_model(net::view(), 1).parameters);
  CHECK(m.parameters != host::make_model(net::view(), 2).parameters);
}

TEST_CASE("make_model: groups, shifts, slopes and cascades") {
  using blocks = network<image<8, 8, 4, u8>,
                         stage<conv2d<64, 3, groups{2}>, depthwise_conv2d<3, multiplier{2}>, rprelu, blur_pool<3, 2>>,
                         exit_head<4>, stage<concat<branch<>, branch<max_pool<1>>>>, cascade_head<4, flatten>>;
  const host::model m = host::make_model(blocks::view(), 1);
  const auto at = [&](int i) { return m.parameters[static_cast<std::size_t>(i)]; };
  CHECK(at(0).weights.size() == 64 * 9 * 2);
  CHECK(deviation(at(0).weights) == doctest::Approx(std::sqrt(2.0 / 18)).epsilon(0.1));
  CHECK(at(0).bias.size() == 64);
  CHECK(at(1).weights.size() == 128 * 9);
  CHECK(deviation(at(1).weights) == doctest::Approx(std::sqrt(2.0 / 9)).epsilon(0.1));
  CHECK(at(1).bias.empty());  // a shift behind it
  CHECK(at(2).bias == std::vector<float>(128, 0.0f));
  CHECK(at(2).weights.empty());
  CHECK(at(3).weights == std::vector<float>(128, 0.25f));
  CHECK(at(3).bias.empty());
  CHECK(at(5) == host::layer_parameters{});  // blur pooling
  CHECK(m.parameters.back().weights == std::vector<float>(16, 0.0f));
  CHECK(m.parameters.back().bias.empty());
}

TEST_CASE("make_model: a mixed pooling has one number, in the middle at first") {
  using mixed = network<image<8, 8, 4, u8>, stage<mixed_pool<3, 2>, conv2d<4, 3>>, exit_head<4, sdn_pool>>;
  const host::model m = host::make_model(mixed::view(), 1);
  for (const std::size_t i : {std::size_t{0}, std::size_t{2}}) {
    CHECK(m.parameters[i].weights == std::vector<float>{0.5f});
    CHECK(m.parameters[i].bias.empty());
  }
}

TEST_CASE("random_source: known answers, so that every machine draws the same") {
  std::uint64_t state = 0;
  CHECK(host::splitmix64(state) == 0xe220a8397b1dcdafu);  // from the algorithm's published test values
  host::random_source a{1}, b{1, 1}, c{1, 0, 1};
  const std::uint64_t first = a.next();
  CHECK(first != b.next());
  CHECK(first != c.next());
  host::random_source again{1};
  CHECK(again.next() == first);
}

TEST_CASE("random_source: normal has mean 0, variance 1 and tails; below stays below") {
  host::random_source random{9};
  double sum = 0, squares = 0;
  int beyond_two = 0;
  constexpr int n = 20000;
  for (int i = 0; i < n; ++i) {
    const double x = static_cast<double>(random.normal());
    sum += x, squares += x * x;
    beyond_two += std::abs(x) > 2 ? 1 : 0;
  }
  CHECK(std::abs(sum / n) < 0.03);
  CHECK(squares / n == doctest::Approx(1).epsilon(0.03));
  CHECK(beyond_two / static_cast<double>(n) == doctest::Approx(0.0455).epsilon(0.15));
  int counts[5] = {};
  for (int i = 0; i < 5000; ++i) ++counts[random.below(5)];
  for (const int k : counts) CHECK(std::abs(k - 1000) < 120);
  for (int i = 0; i < 1000; ++i) {
    const float u = random.uniform();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
  }
}

TEST_CASE("random_order: a permutation, and not the identity") {
  std::vector<int> order = host::random_order(100, host::random_source{4});
  CHECK(order == host::random_order(100, host::random_source{4}));
  CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (int i = 0; i < 100; ++i) REQUIRE(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("parameter_store: there and back, every array at a cache line") {
  host::model m = host::make_model(net::view(), 1);
  m.parameters[1].mean[3] = 5;
  const host::parameter_store<float> store{m};
  for (const host::layer_slots& s : store.layout.layers)
    for (const host::parameter_slot& p : {s.weights, s.bias, s.gamma, s.beta, s.mean, s.variance})
      CHECK(reinterpret_cast<std::uintptr_t>(store.at(p)) % 64 == 0);
  host::model back = host::make_model(net::view(), 2);
  store.copy_to(back);
  CHECK(back.parameters == m.parameters);
}

}  // namespace
