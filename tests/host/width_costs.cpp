// The knapsack's costs of widths are those of the network with these widths; its choices are what nested<> takes.
#include <offramp/host/width_costs.hpp>

#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/elastic/nested_session.hpp>
#include <offramp/host/lowered_program.hpp>
#include <offramp/net/lower.hpp>
#include <offramp/paths/x86.hpp>

#include "tests/support/random_model.hpp"
#include "tests/support/stair_profile.hpp"

using namespace offramp;

namespace {

using separable = network<image<12, 10, 1>,
                          stage<conv2d<24, 3, stride{2}>, batch_norm, relu, depthwise_conv2d<3>, batch_norm, relu,
                                conv2d<40, 1>, batch_norm, relu>,
                          exit_head<5, conv2d<7, 1>, relu, global_avg_pool>,
                          stage<depthwise_conv2d<3>, relu, conv2d<16, 1>, relu, dense<12>, relu>, exit_head<5>>;
using streams = network<image<12, 12, 3>,
                        stage<conv2d<96, 3, stride{2}>, batch_norm, residual<sign, conv2d<96, 3, binary>, batch_norm>>,
                        exit_head<5>,
                        stage<residual<sign, conv2d<192, 3, binary, stride{2}>, batch_norm>,
                              residual<conv2d<24, 1>, relu, conv2d<192, 3>, batch_norm>, batch_norm, sign,
                              conv2d<64, 1, binary>, batch_norm>,
                        exit_head<5, flatten>>;

template <class Lowered>
double ops_of() {
  double sum = 0;
  for (const step_desc& s : host::program_of<Lowered>().steps) sum += host::op_macs(s.op);
  return sum;
}
template <class Net>
double chain(const std::vector<int>& widths) {
  const auto program = host::program_of<lower<Net>>();
  const host::layer_cost cost = host::costs_of_widths(Net::view(), program.steps, host::op_macs);
  double sum = 0;
  for (std::size_t i = 0; i <= widths.size(); ++i)
    sum += cost(static_cast<int>(i), i == 0 ? 0 : widths[i - 1], i == widths.size() ? 0 : widths[i]);
  return sum;
}

// Ops of these widths together, and the level of a nested network that has them: both on a profile in which everything
// has its price.
template <class Path, class Nested, int Level>
void check_predicted(const std::vector<int>& widths) {
  using net = typename Nested::full;
  using plan = planned<lower<net>, Path>;
  constexpr cpu_profile<Path> cpu = offramp_test::busy_profile<Path>();
  const host::layer_cost cost = host::costs_of_widths(
      net::view(), {plan::program.steps, static_cast<std::size_t>(plan::steps)}, host::predicted_time<Path>(cpu.data));
  double sum = cpu.data.per_sample + net::exits * cpu.data.per_exit;
  for (std::size_t i = 0; i <= widths.size(); ++i)
    sum += cost(static_cast<int>(i), i == 0 ? 0 : widths[i - 1], i == widths.size() ? 0 : widths[i]);
  const auto level = latency<typename lower_nested<Nested>::template level<Level>>(cpu);
  CAPTURE(Path::name);
  CHECK(sum == doctest::Approx(level.to_exit[net::exits - 1]).epsilon(1e-6));
}

host::unit_importance ones(const network_view& net) {
  host::unit_importance all;
  for (const int i : host::width_layers_of(net).layers)
    all.emplace_back(static_cast<std::size_t>(net.layers[i].out.c), 1.0);
  return all;
}

}  // namespace

TEST_CASE("costs add up to those of the network with these widths") {
  using a = nested<separable, widths<5, 9, 7, 3>, widths<12, 20, 16, 12>>;
  CHECK(chain<separable>({24, 40, 16, 12}) == doctest::Approx(ops_of<lower<separable>>()));
  CHECK(chain<separable>({5, 9, 7, 3}) == doctest::Approx(ops_of<lower<a::level<0>>>()));
  CHECK(chain<separable>({12, 20, 16, 12}) == doctest::Approx(ops_of<lower<a::level<1>>>()));
  using b = nested<streams, widths<32, 32, 64, 5, 64, 17>>;
  CHECK(chain<streams>({96, 96, 192, 24, 192, 64}) == doctest::Approx(ops_of<lower<streams>>()));
  CHECK(chain<streams>({32, 32, 64, 5, 64, 17}) == doctest::Approx(ops_of<lower<b::level<0>>>()));
}

TEST_CASE("predicted times add up to that of the nested level, whose kernels are stored for all channels") {
  using a = nested<separable, widths<5, 9, 7, 3>, widths<12, 20, 16, 12>>;
  using b = nested<streams, widths<32, 32, 64, 5, 64, 17>>;
  using binary = network<image<14, 14, 1>,
                         stage<conv2d<64, 3, stride{2}>, batch_norm, sign, conv2d<128, 3, binary>, batch_norm, sign>,
                         exit_head<4>, stage<conv2d<128, 3, binary>, batch_norm>, exit_head<4>>;
  using c = nested<binary, widths<32, 32, 96>, widths<32, 96, 128>>;
  const auto check = [&]<class Path>(Path) {
    check_predicted<Path, a, 0>({5, 9, 7, 3});
    check_predicted<Path, a, 2>({24, 40, 16, 12});
    check_predicted<Path, b, 0>({32, 32, 64, 5, 64, 17});
    check_predicted<Path, c, 0>({32, 32, 96});
    check_predicted<Path, c, 1>({32, 96, 128});
    check_predicted<Path, c, 2>({64, 128, 128});
  };
  check(path::portable{});
  check(path::avx2{});
  check(path::avx512{});
  check(path::avx512_popcnt{});
}

TEST_CASE("choices: steps, words of binary layers, ties") {
  const auto c = host::choices_of_widths(separable::view(), ones(separable::view()), 8);
  CHECK(c[0].widths == std::vector<int>{8, 16, 24});
  CHECK(c[3].widths == std::vector<int>{8, 12});
  CHECK(c[3].value == std::vector<double>{8, 12});
  const auto s = host::choices_of_widths(streams::view(), ones(streams::view()), 4);
  CHECK(s[0].widths == std::vector<int>{32, 64, 96});
  CHECK(s[0].tied == -1);
  CHECK(s[1].tied == 0);
  CHECK(s[2].tied == 0);
  CHECK(s[2].widths == std::vector<int>{64, 128, 192});
  CHECK(s[2].value == std::vector<double>{0, 0, 0});
  CHECK(s[3].widths.size() == 6);
  CHECK(s[5].widths.front() == 4);
  using pinned =
      network<image<6, 6, 1>, stage<conv2d<8, 3>, concat<branch<>, branch<conv2d<8, 3>>>, conv2d<8, 1>>, exit_head<3>>;
  const auto p = host::choices_of_widths(pinned::view(), ones(pinned::view()), 4);
  CHECK(p[0].widths == std::vector<int>{8});
  CHECK(p[1].widths == std::vector<int>{4, 8});
}

TEST_CASE("the knapsack of a network keeps its budget, in MACs and in predicted time") {
  const network_view net = streams::view();
  const auto choices = host::choices_of_widths(net, ones(net), 4);
  const auto program = host::program_of<lower<streams>>();
  const double full = ops_of<lower<streams>>();
  const host::layer_cost cost = host::costs_of_widths(net, program.steps, host::op_macs);
  const auto all = host::nested_knapsack(choices, cost, {0.25 * full, 0.5 * full, 1.01 * full});
  for (std::size_t s = 0; s < 3; ++s) {
    CHECK(all[s].widths[0] == all[s].widths[1]);
    CHECK(2 * all[s].widths[0] == all[s].widths[2]);
    CHECK(chain<streams>(all[s].widths) == doctest::Approx(all[s].cost));
  }
  CHECK(all[0].cost <= 0.25 * full);
  CHECK(all[2].widths == std::vector<int>{96, 96, 192, 24, 192, 64});
  // A profile that knows nothing says so.
  const profile_data nothing{};
  const host::op_cost_of time = host::predicted_time<path::portable>(nothing);
  CHECK_THROWS_WITH_AS(static_cast<void>(host::knapsack(choices, host::costs_of_widths(net, program.steps, time), 1e9)),
                       doctest::Contains("expected a finite number"), host::error);
}

TEST_CASE("what is no chain") {
  // The concatenation's channels are those of two layers, one of them not just before.
  using far = network<
      image<6, 6, 1>,
      stage<conv2d<8, 3>, concat<branch<conv2d<8, 3>, relu, conv2d<8, 3>, relu>, branch<conv2d<8, 1>>>, conv2d<8, 1>>,
      exit_head<3>>;
  const auto program = host::program_of<lower<far>>();
  CHECK_THROWS_WITH_AS(host::costs_of_widths(far::view(), program.steps, host::op_macs),
                       doctest::Contains("neither follow each other nor are tied"), host::error);
  CHECK_THROWS_WITH_AS(host::choices_of_widths(far::view(), {}, 4), doctest::Contains("found 0 layers"), host::error);
  CHECK_THROWS_WITH_AS(host::choices_of_widths(far::view(), ones(far::view()), 0), doctest::Contains("step is 0"),
                       host::error);
}
