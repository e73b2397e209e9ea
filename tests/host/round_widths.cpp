// Widths against stairs worked out by hand, and against all widths there are.
#include <offramp/host/round_widths.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/net/network.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/stair_profile.hpp"

namespace {

using namespace offramp;
using offramp_test::message_of;
using portable = path::portable;
using ints = std::vector<int>;

// Convolutions cost by output channels in sixteens; a head, one position, costs the same whatever its width.
profile_data stairs() {
  profile_data p = offramp_test::stair_profile<portable>().data;
  for (class_profile& c : p.classes)
    if (c.root == p.classes[static_cast<int>(op_class::integer_conv)].root) c.root = 2;
  p.nodes[2] = {tree_test::at_most, condition::positions, 1, 3, 4};
  p.nodes[3].value = p.nodes[p.classes[static_cast<int>(op_class::pool)].root].value;
  p.nodes[4].value = p.nodes[0].value;
  p.node_count = 5;
  return p;
}

// Every convolution ten times slower where its channels are no multiple of 16.
profile_data cliffs() {
  profile_data p = stairs();
  p.leaf_count = 4;
  for (int l = 2; l < 4; ++l) p.leaves[l].cost[static_cast<int>(regressor::work)] = l == 2 ? 0.1f : 1.0f;
  p.nodes[4] = {tree_test::multiple_of, condition::out_channels, 16, 5, 6};
  p.nodes[5].value = 2;
  p.nodes[6].value = 3;
  p.node_count = 7;
  return p;
}

template <int A, int B>
using two = network<image<8, 8, 8>, stage<conv2d<A, 3>, relu, conv2d<B, 3>, relu>, exit_head<3>>;
template <int A, int B>
using tied = network<image<8, 8, 8>,
                     stage<conv2d<A, 3>, batch_norm, residual<sign, conv2d<A, 3, binary>, batch_norm>, conv2d<B, 3>>,
                     exit_head<3>>;

double time_of(const network_view& net, const profile_data& p) {
  return host::predict_network<portable>(net, p).to_exit.back();
}

// Of all widths in eights: the largest sum of logarithms within `deadline`.
double best_log(const profile_data& p, double deadline) {
  const auto net = two<24, 24>::view();
  const auto w = host::find_widths(net);
  double best = 0;
  for (int a = 8; a <= 96; a += 8)
    for (int b = 8; b <= 96; b += 8)
      if (time_of(host::with_widths(net, w, {a, b}).view(), p) <= deadline)
        best = std::max(best, std::log(1.0 * a * b));
  return best;
}

}  // namespace

TEST_CASE("round_widths: a stair is climbed where nothing behind it gets slower") {
  const profile_data p = stairs();
  // The second convolution costs what 48 channels cost; the first would make it read more.
  const host::chosen_widths c = host::round_widths<portable>(two<20, 33>::view(), p);
  CHECK(c.widths == ints{20, 48});
  CHECK(c.time == doctest::Approx(c.time_before));
  CHECK(c.time == doctest::Approx(time_of(two<20, 48>::view(), p)));
  CHECK(c.ops > c.ops_before);
  CHECK(structure_hash(c.network.view(), 0) == structure_hash(two<20, 48>::view(), 0));
  // On a stair already: nothing is free.
  CHECK(host::round_widths<portable>(two<16, 48>::view(), p).widths == ints{16, 48});
  // A coarser quantum skips it.
  CHECK(host::round_widths<portable>(two<20, 33>::view(), p, {.quantum = 64}).widths == ints{20, 33});
}

TEST_CASE("round_widths: the wider network is faster behind a cliff, and what is tied goes together") {
  const profile_data p = cliffs();
  // At first the second convolution would lose more by reading 32 channels than the first gains; not once it has 48.
  const host::chosen_widths c = host::round_widths<portable>(two<20, 33>::view(), p);
  CHECK(c.widths == ints{32, 48});
  CHECK(c.time < 0.3 * c.time_before);
  const host::chosen_widths t = host::round_widths<portable>(tied<20, 33>::view(), p);
  CHECK(t.widths == ints{32, 48});
  CHECK(structure_hash(t.network.view(), 0) == structure_hash(tied<32, 48>::view(), 0));
  CHECK(host::round_widths<portable>(two<32, 48>::view(), p).widths == ints{32, 48});
}

TEST_CASE("round_widths: never slower, never narrower") {
  const profile_data busy = offramp_test::busy_profile<portable>().data;
  for (const network_view& net : {two<20, 33>::view(), two<8, 70>::view(), tied<20, 33>::view()}) {
    const host::chosen_widths c = host::round_widths<portable>(net, busy);
    CHECK(c.time <= c.time_before * (1 + 1e-9));
    for (std::size_t v = 0; v < c.widths.size(); ++v) CHECK(c.widths[v] >= c.variables[v].width);
  }
}

TEST_CASE("steer_widths: as large as a deadline allows") {
  const auto net = two<24, 24>::view();
  for (const profile_data& p : {stairs(), cliffs()})
    for (const double share : {0.3, 1.0, 3.0}) {
      CAPTURE(share);
      const double deadline = share * time_of(net, p);
      const host::chosen_widths c = host::steer_widths<portable>(net, p, deadline);
      CHECK(c.time <= deadline);
      CHECK(c.time == doctest::Approx(time_of(c.network.view(), p)));
      // All 144 networks; the search may miss the best by little.
      CHECK(std::log(1.0 * c.widths[0] * c.widths[1]) >= best_log(p, deadline) - 0.1);
    }
}

TEST_CASE("steer_widths: time and OPs ask for different networks") {
  const profile_data p = cliffs();
  const auto net = two<24, 24>::view();
  const host::chosen_widths by_ops = host::steer_widths_by_ops<portable>(
      net, p, 0.9 * static_cast<double>(host::predict_network<portable>(net, p).ops));
  CHECK(by_ops.ops <= 0.9 * static_cast<double>(by_ops.ops_before));
  const host::chosen_widths by_time = host::steer_widths<portable>(net, p, by_ops.time);
  CHECK(by_time.time <= by_ops.time);
  CHECK(by_time.ops > 2 * by_ops.ops);
  for (const int w : by_time.widths) CHECK(w % 16 == 0);
  const host::chosen_widths large =
      host::steer_widths<portable>(net, p, by_ops.time, {.size = host::size_measure::ops});
  CHECK(large.ops >= by_time.ops);
}

TEST_CASE("round_widths, steer_widths: bad input is said") {
  const auto net = two<24, 24>::view();
  profile_data p = stairs();
  CHECK(message_of([&] {
          host::steer_widths<portable>(net, p, 10);
        }).find("steer_widths: found a budget of 10.000000 of the profile's unit, but the narrowest network takes ") ==
        0);
  CHECK(message_of([&] {
          host::steer_widths_by_ops<portable>(net, p, 10);
        }).find("steer_widths_by_ops: found a budget of 10.000000 OPs, but the narrowest network takes ") == 0);
  CHECK(message_of([&] { host::round_widths<portable>(net, p, {.quantum = 0}); }) ==
        "round_widths: found quantum = 0 and reach = 64, expected at least 1");
  CHECK(message_of([&] {
          host::steer_widths<portable>(net, p, 1e9, {.least = 2});
        }).find("steer_widths: found least = 2.000000") == 0);
  p.classes[static_cast<int>(op_class::pool)].root = class_profile::not_measured;
  CHECK(message_of([&] { host::round_widths<portable>(net, p); }) == "round_widths: the profile \"s\" lacks pool");
  p.path_id = path::avx2::id;
  CHECK(message_of([&] { host::round_widths<portable>(net, p); }) ==
        "round_widths: the profile \"s\" cannot be used: wrong_path: it is of path 3, expected 1 (portable)");
}
