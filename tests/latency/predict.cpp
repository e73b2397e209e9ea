// Predictions of whole networks, in the compiler and at run time, against sums made another way.
#include <offramp/latency/predict.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <offramp/latency/profile.hpp>

#include "tests/support/networks.hpp"
#include "tests/support/small_profile.hpp"

using namespace offramp;

namespace {

using net = lower<offramp_test::networks::residuals>;
using plan = planned<net, path::portable>;

// Convolutions to bits cost 2 per OP where their output channels are a multiple of 16, else 3 and 50 each; all others
// half a count per OP and a tenth per byte of weights; everything else 1 per output.
constexpr cpu_profile<path::portable> made_up = [] {
  using offramp_test::costs;
  cpu_profile<path::portable> cpu;
  profile_data& p = cpu.data;
  p.path_id = path::portable::id;
  p.path_version = path::portable::version;
  p.per_sample = 1000;
  p.per_step = 10;
  p.per_exit = 100;
  p.quantile = 0.95f;
  p.quantile_ratio = 1.25f;
  p.nodes[0] = {tree_test::multiple_of, condition::out_channels, 16, 1, 2};
  for (int i = 0; i < 4; ++i) p.nodes[i + 1] = {tree_test::leaf, {}, i, 0, 0};
  p.node_count = 5;
  p.leaves[0] = costs({{regressor::work, 2.0f}});
  p.leaves[1] = costs({{regressor::work, 3.0f}, {regressor::fixed, 50.0f}});
  p.leaves[2] = costs({{regressor::work, 0.5f}, {regressor::weight_bytes, 0.125f}});
  p.leaves[3] = costs({{regressor::outputs, 1.0f}});
  p.leaf_count = 4;
  for (int c = 0; c < op_classes; ++c) {
    p.classes[c].root = static_cast<op_class>(c) == op_class::binary_conv ? 0 : c < 5 ? 3 : 4;
    p.classes[c].largest_work = 1e9f;
  }
  return cpu;
}();
static_assert(check_profile<path::portable>(made_up.data) == profile_status::ok);

constexpr auto predicted = latency<net>(made_up);
static_assert(predicted.known && !predicted.extrapolated);
static_assert(predicted.to_exit[0] > 1110 && predicted.to_exit[0] < predicted.to_exit[1]);
static_assert(predicted.longest_path == predicted.to_exit[1] * 1.25);
// What a user writes.
static_assert(latency<net>(made_up).longest_path <= 1'000'000);

double by_hand(const step_desc& s) {
  const op_cost& c = s.cost;
  const double ops = static_cast<double>(c.binary_macs) / 64 + static_cast<double>(c.macs + c.simple);
  if (s.op.signature.what != op_kind::conv) return s.op.geometry.out.size();
  if (s.op.signature.in == bits && s.op.signature.weights == bits)
    return s.op.geometry.out.c % 16 == 0 ? 2 * ops : 3 * ops + 50;
  return 0.5 * ops + 0.125 * static_cast<double>(c.weight_bytes);
}

}  // namespace

TEST_CASE("predict: a network to each of its exits is the sum of its ops and of what is beside them") {
  double sum = 1000;
  int step = 0;
  int odd = 0;
  int even = 0;
  for (int k = 0; k < 2; ++k) {
    for (; step < plan::program.exit_first[k + 1]; ++step) {
      const step_desc& s = plan::program.steps[step];
      const double one = by_hand(s);
      CHECK(op_latency(made_up.data, features<path::portable>(s)) == doctest::Approx(one));
      CHECK(step_latency<net>(made_up, step) == doctest::Approx(one + 10));
      if (s.op.signature.in == bits && s.op.signature.weights == bits) ++(s.op.geometry.out.c % 16 == 0 ? even : odd);
      sum += one + 10;
    }
    sum += 100;
    CHECK(predicted.to_exit[k] == doctest::Approx(sum).epsilon(1e-12));
  }
  CHECK(step == plan::steps);
  CHECK(odd > 0);  // both leaves took part
  CHECK(even > 0);
  CHECK(predicted.longest_path == doctest::Approx(1.25 * sum));
  // The same at run time.
  const auto again = detail::predict_steps<path::portable, 2>(made_up.data, plan::program.steps, plan::steps);
  CHECK(again.to_exit[0] == predicted.to_exit[0]);
  CHECK(again.to_exit[1] == predicted.to_exit[1]);
  CHECK(again.known);
  CHECK(!again.extrapolated);
}

TEST_CASE("predict: a stream with known exit rates") {
  const double shares[] = {0.75, 0.25};
  CHECK(predicted.mean(shares) == doctest::Approx(0.75 * predicted.to_exit[0] + 0.25 * predicted.to_exit[1]));
  const double first[] = {1, 0};
  CHECK(predicted.mean(first) == predicted.to_exit[0]);
}

TEST_CASE("predict: what the profile does not know is said") {
  cpu_profile<path::portable> cpu = made_up;
  cpu.data.classes[static_cast<int>(op_class::binary_conv)].largest_work = 1;
  CHECK(latency<net>(cpu).extrapolated);
  CHECK(latency<net>(cpu).known);
  CHECK(latency<net>(cpu).to_exit[1] == predicted.to_exit[1]);
  cpu.data.classes[static_cast<int>(op_class::binary_conv)].root = class_profile::not_measured;
  const auto unknown = latency<net>(cpu);
  CHECK(!unknown.known);
  CHECK(unknown.to_exit[1] == std::numeric_limits<double>::infinity());
  CHECK(std::isinf(unknown.longest_path));
}

TEST_CASE("predict: a profile without floats knows the integers of a network and not its floats") {
  cpu_profile<path::portable> cpu = made_up;
  cpu.data.classes[static_cast<int>(op_class::float_conv)].root = class_profile::not_measured;
  CHECK(latency<lower<offramp_test::networks::pooled>>(cpu).known);
  CHECK(!latency<lower<offramp_test::networks::pooled, f32>>(cpu).known);
}
