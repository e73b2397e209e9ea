// covers: host/fit_latency.hpp host/latency_tree.hpp
// Times made by known rules, with and without noise: the trees must find the rules.
#include <offramp/host/fit_latency.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/random.hpp>
#include <offramp/latency/predict.hpp>

#include "tests/support/host_test.hpp"

using namespace offramp;
using offramp_test::message_of;

namespace {

op_features random_conv(host::random_source& random, int channel_step = 1) {
  const int in_c = 1 + random.below(96);
  const int out_c = channel_step * (1 + random.below(128 / channel_step));
  const int size = 4 + random.below(24);
  const int kernel = random.below(2) == 0 ? 1 : 3;
  kernel_op op;
  op.signature = {op_kind::conv, i8, i8, random.below(2) == 0 ? i8 : i16};
  op.geometry = make_window({size, size, in_c}, out_c, kernel, kernel, 1, kernel / 2, kernel / 2);
  return features<path::portable>(op, std::int64_t{in_c} * out_c * kernel * kernel);
}

// `time` of n random convolutions, off by a normal share of `noise`.
template <class Time>
std::vector<host::latency_sample> sampled(int n, double noise, Time time, std::uint64_t seed = 7) {
  host::random_source random{seed};
  std::vector<host::latency_sample> all;
  for (int i = 0; i < n; ++i) {
    const op_features f = random_conv(random, i % 2 == 0 ? 1 : 8);
    all.push_back({f, time(f) * (1 + noise * static_cast<double>(random.normal()))});
  }
  return all;
}

template <class Time>
double mean_error(const profile_data& p, Time time) {
  host::random_source random{99};  // none of these was fitted on
  double sum = 0;
  for (int i = 0; i < 300; ++i) {
    const op_features f = random_conv(random);
    sum += std::abs(op_latency(p, f) - time(f)) / time(f);
  }
  return sum / 300;
}

const class_profile& integer_conv(const profile_data& p) { return p.classes[static_cast<int>(op_class::integer_conv)]; }
float cost(const profile_data& p, int leaf, regressor r) { return p.leaves[leaf].cost[static_cast<int>(r)]; }
int costs_above_zero(const profile_data& p, int leaf) {
  int n = 0;
  for (const float c : p.leaves[leaf].cost) n += c > 0 ? 1 : 0;
  return n;
}

double linear(const op_features& f) {
  return 120 + 0.0031 * f.get(regressor::work) + 0.25 * f.get(regressor::out_bytes);
}

}  // namespace

TEST_CASE("fit_latency: a sum without noise is one leaf with its costs and no others") {
  const profile_data p = host::fit_latency(sampled(200, 0, linear));
  CHECK(is_sound(p));
  CHECK(p.node_count == 1);
  CHECK(p.leaf_count == 1);
  CHECK(p.samples == 200);
  CHECK(costs_above_zero(p, 0) == 3);
  CHECK(cost(p, 0, regressor::fixed) == doctest::Approx(120).epsilon(0.002));
  CHECK(cost(p, 0, regressor::work) == doctest::Approx(0.0031).epsilon(0.002));
  CHECK(cost(p, 0, regressor::out_bytes) == doctest::Approx(0.25).epsilon(0.002));
  CHECK(integer_conv(p).error < 1e-4);
  for (int c = 0; c < op_classes; ++c)
    CHECK((p.classes[c].root == class_profile::not_measured) == (c != static_cast<int>(op_class::integer_conv)));
}

TEST_CASE("fit_latency: stairs of 16 channels under noise are learned within 3 %") {
  const auto stairs = [](const op_features& f) {
    const int rounded = (f.get(condition::out_channels) + 15) / 16 * 16;
    return 300 + 0.004 * f.get(regressor::positions) * f.get(condition::depth) * rounded;
  };
  const profile_data p = host::fit_latency(sampled(250, 0.03, stairs));
  CHECK(mean_error(p, stairs) < 0.03);
  CHECK(p.leaf_count == 1);
  CHECK(cost(p, 0, regressor::work_out_16) == doctest::Approx(0.004).epsilon(0.02));
  CHECK(integer_conv(p).error < 0.035);
  CHECK(integer_conv(p).error > 0.015);  // the noise itself
  // A model that knows no more than OPs is off by ten times as much.
  CHECK(mean_error(host::fit_proportional(sampled(250, 0.03, stairs)), stairs) > 0.15);
}

TEST_CASE("fit_latency: a slower loop for odd channels is found as a test on multiples") {
  const auto time = [](const op_features& f) {
    return (f.get(condition::out_channels) % 8 == 0 ? 1.0 : 1.7) * linear(f);
  };
  const profile_data p = host::fit_latency(sampled(300, 0.02, time));
  CHECK(mean_error(p, time) < 0.02);
  REQUIRE(p.node_count == 3);
  CHECK(p.nodes[0].test == tree_test::multiple_of);
  CHECK(p.nodes[0].of == condition::out_channels);
  CHECK(p.nodes[0].value == 8);
  CHECK(cost(p, 0, regressor::work) == doctest::Approx(0.0031).epsilon(0.05));
  CHECK(cost(p, 1, regressor::work) == doctest::Approx(1.7 * 0.0031).epsilon(0.05));
}

TEST_CASE("fit_latency: samples too few for costs of their own still give a factor") {
  // Seven of two hundred have a stride, and are slower by a half.
  std::vector<host::latency_sample> all = sampled(200, 0.02, linear);
  for (std::size_t i = 0; i < 7; ++i) {
    all[i].features.is[static_cast<int>(condition::stride)] = 2;
    all[i].time *= 1.5;
  }
  const auto strided_over_linear = [&](int least_samples) {
    host::fit_options options;
    options.least_samples = least_samples;
    const profile_data p = host::fit_latency(all, options);
    double sum = 0;
    for (std::size_t i = 0; i < 7; ++i) sum += op_latency(p, all[i].features) / linear(all[i].features) / 7;
    return sum;
  };
  CHECK(strided_over_linear(10) == doctest::Approx(1.5).epsilon(0.05));
  CHECK(strided_over_linear(16) < 1.3);  // eight samples are the least for a factor then
}

TEST_CASE("fit_latency: kernels come first, each with costs of its own, without a test of those allowed") {
  // Two kernels that reckon in units of their own, one of them three times as frequent, and four samples of a third.
  const auto of_kernel = [](const op_features& f, std::int32_t kernel) {
    return 200 + (kernel == 5 ? 0.02 : 0.11) * f.get(regressor::reckoned);
  };
  std::vector<host::latency_sample> all = sampled(204, 0.01, linear);
  host::random_source random{3};
  for (std::size_t i = 0; i < all.size(); ++i) {
    op_features& f = all[i].features;
    const std::int32_t kernel = i >= 200 ? 7 : i % 4 == 0 ? 6 : 5;
    f.is[static_cast<int>(condition::variant)] = kernel;
    f.x[static_cast<int>(regressor::reckoned)] = 1000 + random.below(200000);
    all[i].time = of_kernel(f, kernel) * (1 + 0.01 * static_cast<double>(random.normal()));
  }
  host::fit_options options;
  options.depth = 0;
  const profile_data p = host::fit_latency(all, options);
  CHECK(is_sound(p));
  REQUIRE(p.nodes[0].test == tree_test::equals);
  CHECK(p.nodes[0].of == condition::variant);
  CHECK(p.nodes[0].value == 5);
  double off = 0;
  for (std::size_t i = 0; i < 200; ++i)
    off += std::abs(op_latency(p, all[i].features) - all[i].time) / all[i].time / 200;
  CHECK(off < 0.02);
  for (std::size_t i = 200; i < 204; ++i) CHECK(op_latency(p, all[i].features) > 0);
}

TEST_CASE("fit_latency: a cache that overflows is found as a threshold, kinds as names") {
  const auto time = [](const op_features& f) {
    const double bytes = f.get(regressor::weight_bytes);
    return linear(f) + (bytes > 32768 ? 2 * bytes : 0) +
           (f.get(condition::out_kind) == static_cast<int>(i16) ? 3000 : 0);
  };
  const profile_data p = host::fit_latency(sampled(400, 0.01, time));
  CHECK(mean_error(p, time) < 0.03);
  bool threshold = false;
  bool name = false;
  for (int i = 0; i < p.node_count; ++i) {
    const latency_node& n = p.nodes[i];
    threshold = threshold ||
                (n.test == tree_test::at_most && n.of == condition::weight_bytes && n.value > 20000 && n.value < 50000);
    name = name || (n.test == tree_test::equals && n.of == condition::out_kind);
    CHECK(!(n.test == tree_test::at_most && n.of == condition::out_kind));
  }
  CHECK(threshold);
  CHECK(name);
}

TEST_CASE("fit_latency: noise alone grows no tree, and predictions do not lie low") {
  const std::vector<host::latency_sample> all = sampled(250, 0.15, linear);
  const host::latency_fit fit = host::fit_and_hold_out(all);
  CHECK(fit.profile.leaf_count <= 2);
  double measured = 0;
  double predicted = 0;
  double off = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    measured += all[i].time;
    predicted += op_latency(fit.profile, all[i].features);
    off += std::abs(fit.held_out[i] - all[i].time) / all[i].time;
  }
  CHECK(predicted == doctest::Approx(measured).epsilon(0.03));
  CHECK(off / 250 == doctest::Approx(static_cast<double>(integer_conv(fit.profile).error)).epsilon(1e-5));
}

TEST_CASE("fit_latency: ops that are alike are held out together") {
  // Every op four times; an odd one is found by those alone that are like it.
  std::vector<host::latency_sample> all = sampled(60, 0, linear);
  for (int i = 0; i < 60; ++i) {
    all[static_cast<std::size_t>(i)].time *= i % 2 == 0 ? 1.5 : 0.7;
    for (int k = 0; k < 3; ++k) all.push_back(all[static_cast<std::size_t>(i)]);
  }
  const host::latency_fit fit = host::fit_and_hold_out(all);
  double off = 0;
  for (std::size_t i = 0; i < all.size(); ++i) off += std::abs(fit.held_out[i] - all[i].time) / all[i].time;
  CHECK(off / 240 > 0.1);
  for (std::size_t i = 0; i < 60; ++i) CHECK(fit.held_out[i] == doctest::Approx(fit.held_out[60 + 3 * i]));
  // Of one op alone nothing can be held out.
  const host::latency_fit one = host::fit_and_hold_out(std::vector<host::latency_sample>(40, all[0]));
  CHECK(one.held_out[7] == doctest::Approx(all[0].time));
  CHECK(integer_conv(one.profile).error < 1e-3);
}

TEST_CASE("fit_latency: what is negligible does not decide") {
  // Ops of a few counts that follow no rule, among those of thousands that do.
  std::vector<host::latency_sample> all = sampled(150, 0.01, linear);
  host::random_source random{5};
  for (int i = 0; i < 150; ++i) {
    op_features f = all[static_cast<std::size_t>(i)].features;
    for (double& x : f.x) x /= 1000;
    all.push_back({f, 1.0 + random.below(30)});
  }
  const auto off_on_large = [&](double negligible) {
    host::fit_options options;
    options.negligible = negligible;
    options.depth = 0;
    const profile_data p = host::fit_latency(all, options);
    double sum = 0;
    for (std::size_t i = 0; i < 150; ++i) sum += std::abs(op_latency(p, all[i].features) - all[i].time) / all[i].time;
    return sum / 150;
  };
  CHECK(off_on_large(0) > 0.1);
  CHECK(off_on_large(500) < 0.03);
}

TEST_CASE("fit_latency: depth is chosen for what takes long") {
  // Many short ops of which tests learn but noise, and few long ones that take more where outputs are no whole octs.
  std::vector<host::latency_sample> all;
  host::random_source random{6};
  for (const host::latency_sample& s : sampled(400, 0, linear, 8)) {
    op_features f = s.features;
    for (double& x : f.x) x /= 1000;
    all.push_back({f, s.time / 1000 * std::exp(0.8 * static_cast<double>(random.normal()))});
  }
  host::fit_options options;
  options.least_samples = 4;
  const auto stairs = [](const op_features& f) {
    return linear(f) * (f.get(condition::out_channels) % 8 == 0 ? 1 : 1.6);
  };
  for (const host::latency_sample& s : sampled(60, 0.01, stairs)) all.push_back(s);
  CHECK(host::fit_latency(all, options).leaf_count > 1);
}

TEST_CASE("fit_latency: classes keep apart; the largest op measured is not beyond itself") {
  std::vector<host::latency_sample> all = sampled(100, 0, linear);
  double largest = 0;
  for (const host::latency_sample& s : all) largest = std::max(largest, s.features.get(regressor::work));
  for (int i = 0; i < 100; ++i) {
    host::latency_sample s = all[static_cast<std::size_t>(i)];
    s.features.what = op_class::pool;
    s.time *= 3;
    all.push_back(s);
  }
  const profile_data p = host::fit_latency(all);
  CHECK(static_cast<double>(integer_conv(p).largest_work) >= largest);
  CHECK(static_cast<double>(integer_conv(p).largest_work) < largest * 1.0001);
  op_features f = all[5].features;
  const double one = op_latency(p, f);
  CHECK(one == doctest::Approx(linear(f)).epsilon(0.005));
  f.what = op_class::pool;
  CHECK(op_latency(p, f) == doctest::Approx(3 * one).epsilon(0.005));
  f.what = op_class::float_conv;
  CHECK(op_latency(p, f) == std::numeric_limits<double>::infinity());
}

TEST_CASE("fit_latency: trees are pruned until they find room, the least useful tests first") {
  // Two tests in one tree, of which one matters more; four in another.
  host::detail::grown_trees trees;
  const auto add = [](std::vector<host::detail::grown_node>& tree, double gain, int yes, int no) {
    host::detail::grown_node n;
    if (yes > 0) n.ask = {tree_test::at_most, condition::taps, 1, 0, 0};
    n.yes = yes;
    n.no = no;
    n.gain = gain;
    tree.push_back(n);
  };
  add(trees[0], 9, 1, 2), add(trees[0], 0, -1, -1), add(trees[0], 2, 3, 4);
  add(trees[0], 0, -1, -1), add(trees[0], 0, -1, -1);
  add(trees[5], 1, 1, 2), add(trees[5], 0, -1, -1), add(trees[5], 5, 3, 4);
  add(trees[5], 0, -1, -1), add(trees[5], 0, -1, -1);
  host::detail::prune_to_fit(trees, 10, 6);
  CHECK(trees[0][2].ask.test == tree_test::at_most);
  host::detail::prune_to_fit(trees, 10, 5);
  CHECK(trees[0][2].ask.test == tree_test::leaf);  // gained 2; the 1 above a test that gained 5 stays
  CHECK(trees[5][0].ask.test == tree_test::at_most);
  host::detail::prune_to_fit(trees, 5, 6);
  CHECK(trees[5][2].ask.test == tree_test::leaf);
  CHECK(trees[5][0].ask.test == tree_test::leaf);
  CHECK(trees[0][0].ask.test == tree_test::at_most);
}

TEST_CASE("fit_latency: thresholds are the roundest numbers between") {
  CHECK(host::detail::roundest(30001, 40000) == 32768);
  CHECK(host::detail::roundest(17, 40) == 32);
  CHECK(host::detail::roundest(65, 95) == 64 + 16);
  CHECK(host::detail::roundest(5, 5) == 5);
  CHECK(host::detail::roundest(0, 0) == 0);
  CHECK(host::detail::roundest(0, 3) == 2);
}

TEST_CASE("fit_proportional: one coefficient") {
  const auto time = [](const op_features& f) { return 0.002 * f.get(regressor::work); };
  std::vector<host::latency_sample> all = sampled(50, 0, time);
  const profile_data p = host::fit_proportional(all);
  CHECK(is_sound(p));
  CHECK(op_latency(p, all[3].features) == doctest::Approx(all[3].time).epsilon(1e-5));
  // Two classes at 2 and 4 per kOP: squares of predicted / measured - 1 are least at sum(1/c) / sum(1/c^2).
  for (std::size_t i = 0; i < 50; ++i) {
    all.push_back(all[i]);
    all.back().features.what = op_class::pool;
    all.back().time *= 2;
  }
  const profile_data both = host::fit_proportional(all);
  const double expected = (1 / 0.002 + 1 / 0.004) / (1 / (0.002 * 0.002) + 1 / (0.004 * 0.004));
  CHECK(op_latency(both, all[3].features) ==
        doctest::Approx(expected * all[3].features.get(regressor::work)).epsilon(1e-5));
  CHECK(op_latency(both, all[53].features) == doctest::Approx(op_latency(both, all[3].features)));
  CHECK(integer_conv(both).error == doctest::Approx(std::abs(expected / 0.002 - 1)).epsilon(1e-4));
  const profile_data each = host::fit_proportional(all, true);
  CHECK(op_latency(each, all[53].features) == doctest::Approx(all[53].time).epsilon(1e-5));
}

TEST_CASE("fit_latency: what it refuses") {
  CHECK(message_of([] { host::fit_latency({}); }) ==
        "fit_latency: no samples, expected those of at least one class of ops");
  CHECK(message_of([] { host::fit_latency(sampled(12, 0, linear)); }) ==
        "fit_latency: too few samples of integer_conv: found 12, needed 20");
  for (const double bad :
       {0.0, -3.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    std::vector<host::latency_sample> all = sampled(30, 0, linear);
    all[17].time = bad;
    const std::string text = message_of([&] { host::fit_latency(all); });
    CHECK(text.find("fit_latency: sample 17 (integer_conv): found a time of ") == 0);
    CHECK(text.find("a clock that does not advance") != std::string::npos);
    CHECK(message_of([&] { host::fit_proportional(all); }) == text);
  }
  std::vector<host::latency_sample> all = sampled(30, 0, linear);
  all[4].features.x[static_cast<int>(regressor::in_bytes)] = std::numeric_limits<double>::quiet_NaN();
  CHECK(message_of([&] { host::fit_latency(all); }).find("sample 4 (integer_conv): in_bytes is ") != std::string::npos);
  all[4].features.what = static_cast<op_class>(77);
  CHECK(message_of([&] { host::fit_latency(all); }).find("expected a class of ops") != std::string::npos);
  host::fit_options once;
  once.folds = 1;
  CHECK(message_of([&] { host::fit_latency(sampled(30, 0, linear), once); }) ==
        "fit_options: folds is 1, expected at least 2");
  host::fit_options below_zero;
  below_zero.negligible = -1;
  CHECK(message_of([&] { host::fit_latency(sampled(30, 0, linear), below_zero); }) ==
        "fit_options: negligible is -1.000000, expected a count of 0 or more");
}
