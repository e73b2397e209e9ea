// covers: host/recipes/nested.hpp host/nested_levels.hpp
// Joint fine-tuning of levels: one level is plain training; gradients of shared weights are weighted sums; all levels
// learn, their weights stay shared and their batch norms are their own.
#include <offramp/host/recipes/nested.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/importance.hpp>
#include <offramp/host/train.hpp>
#include <offramp/net/network.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

using net =
    network<image<8, 8, 1>, stage<conv2d<16, 3>, batch_norm, relu, depthwise_conv2d<3, stride{2}>, batch_norm, relu>,
            exit_head<3>, stage<conv2d<24, 3>, batch_norm, relu>, exit_head<3>>;
using family = nested<net, widths<4, 6>, widths<8, 12>>;

// Which third of the image is bright, in noise.
host::labelled_images bars(int count, std::uint64_t stream) {
  host::labelled_images set = offramp_test::random_images({8, 8, 1}, 3, count, stream);
  for (int i = 0; i < count; ++i)
    for (int p = 0; p < 64; ++p) {
      std::uint8_t& pixel = set.pixels[static_cast<std::size_t>(64 * i + p)];
      const bool bright = p % 8 / 3 == set.labels[static_cast<std::size_t>(i)];
      pixel = static_cast<std::uint8_t>(pixel / 2 + (bright ? 90 : 0));
    }
  return set;
}

recipes::joint quick(int epochs) {
  recipes::joint how;
  how.epochs = epochs;
  how.batch = 16;
  how.learning_rate = 5e-3f;
  return how;
}

}  // namespace

TEST_CASE("a single level is plain training, bit for bit") {
  const host::labelled_images set = bars(64, 1);
  host::train_options options;
  options.threads = 1;
  const host::model plain = host::train<net>(set, quick(2), options);
  const host::nested_models one = host::train_nested<nested<net>>(set, {quick(2), {}}, options);
  REQUIRE(one.size() == 1);
  CHECK(one[0].parameters == plain.parameters);
  CHECK(one[0].input_zero == plain.input_zero);
}

TEST_CASE("levels of weight 0 change nothing; a level alone is its own network") {
  const host::labelled_images set = bars(64, 2);
  host::train_options options;
  options.threads = 1;
  const host::model plain = host::train<net>(set, quick(2), options);
  const host::nested_models last = host::train_nested<family>(set, {quick(2), {0, 0, 1}}, options);
  CHECK(last[2].parameters == plain.parameters);
  // Only level 1: its slice moves as that small network would, all other weights stay where they began.
  const host::model start = offramp_test::random_model(net::view(), 3, false);
  const host::nested_models begin = host::cut_levels<family>(start);
  options.start = &begin[1];
  const host::model small = host::train<family::level<1>>(set, quick(2), options);
  options.start = &start;
  const host::nested_models only = host::train_nested<family>(set, {quick(2), {0, 1, 0}}, options);
  CHECK(only[1].parameters[0].weights == small.parameters[0].weights);
  CHECK(only[1].parameters == small.parameters);
  int inside = 0;
  for (std::size_t k = 0; k < start.parameters[0].weights.size(); ++k) {
    const bool changed = only[2].parameters[0].weights[k] != start.parameters[0].weights[k];
    if (k >= 8 * 9) CHECK(!changed);
    inside += k < 8 * 9 && changed ? 1 : 0;
  }
  CHECK(inside >= 36);  // units that never fire do not move
}

TEST_CASE("shared weights take the weighted sum of the levels' gradients") {
  const host::labelled_images set = bars(16, 4);
  const host::model start = offramp_test::random_model(net::view(), 5, false);
  host::train_options options;
  options.threads = 1;
  options.start = &start;
  recipes::joint how = quick(1);
  how.optimizer.rule = host::sgd{0.0f};
  const auto moved = [&](std::vector<float> weights) {
    const host::nested_models m = host::train_nested<family>(set, {how, std::move(weights)}, options);
    std::vector<float> by;
    for (std::size_t i = 0; i < m[2].parameters.size(); ++i)
      for (std::size_t k = 0; k < m[2].parameters[i].weights.size(); ++k)
        by.push_back(m[2].parameters[i].weights[k] - start.parameters[i].weights[k]);
    return by;
  };
  const auto a = moved({1, 0, 0}), b = moved({0, 1, 0}), c = moved({0, 0, 1}), all = moved({1, 2, 5});
  double most = 0;
  for (std::size_t k = 0; k < all.size(); ++k) {
    CHECK(std::fabs(all[k] - (a[k] + 2 * b[k] + 5 * c[k]) / 8) < 1e-5f);
    most = std::max(most, std::fabs(static_cast<double>(all[k])));
  }
  CHECK(most > 1e-4);
  // By default: square roots of the shares of parameters.
  const auto weights = host::detail::level_loss_weights({}, host::level_views<family>());
  CHECK(weights[0] + weights[1] + weights[2] == doctest::Approx(1));
  const auto parameters = [](const network_view& v) { return static_cast<double>(host::detail::parameter_count(v)); };
  CHECK(weights[0] / weights[2] ==
        doctest::Approx(std::sqrt(parameters(family::level<0>::view()) / parameters(net::view()))));
}

TEST_CASE("all levels learn, sharing weights and nothing else") {
  const host::labelled_images set = bars(300, 6), test = bars(150, 7);
  host::train_options options;
  options.threads = 1;
  const host::model full = host::train<net>(set, quick(4), options);
  const host::sorted_model sorted =
      host::sort_by_importance(full, set, {.batches = 10, .batch = 32, .seed = 1, .threads = 1});
  options.start = &sorted.model;
  options.validation = &test;
  std::vector<double> seen;
  options.after_epoch = [&](const host::epoch_report& r) {
    seen = r.validation;
    return true;
  };
  const host::nested_models before = host::cut_levels<family>(sorted.model);
  const host::nested_models levels = host::train_nested<family>(set, {quick(4), {}}, options);
  REQUIRE(seen.size() == 6);
  for (std::size_t s = 0; s < 3; ++s) {
    CHECK(seen[2 * s + 1] > 0.9);
    CHECK(seen[2 * s + 1] == host::accuracy(host::evaluate(levels[s], test, 1), test, 1));
  }
  CHECK(host::accuracy(host::evaluate(before[0], test, 1), test, 1) < seen[1]);
  host::nested_models shared = levels;
  host::share_weights(shared);
  for (std::size_t s = 0; s < 3; ++s) CHECK(shared[s].parameters == levels[s].parameters);
  CHECK(levels[0].parameters[1].mean[0] != levels[2].parameters[1].mean[0]);
  CHECK(levels[0].parameters[1].gamma[0] != levels[2].parameters[1].gamma[0]);
}

TEST_CASE("recipes and models that cannot be") {
  const host::labelled_images set = bars(32, 8);
  host::train_options options;
  options.threads = 1;
  const auto message = [&](const recipes::nested_levels& how) {
    return offramp_test::message_of([&] { host::train_nested<family>(set, how, options); });
  };
  CHECK(message({quick(1), {1, 1}}).find("2 level_weights, expected 3") != std::string::npos);
  CHECK(message({quick(1), {0, 0, 0}}).find("add up to 0") != std::string::npos);
  CHECK(message({quick(0), {}}).find("epochs = 0") != std::string::npos);
  options.checkpoint = "somewhere";
  CHECK(message({quick(1), {}}).find("options.checkpoint is somewhere") != std::string::npos);
  options.checkpoint.clear();
  const host::model other = offramp_test::random_model(family::level<0>::view(), 1, false);
  options.start = &other;
  CHECK(message({quick(1), {}}).find("options.start is a model of another network") != std::string::npos);
  CHECK(offramp_test::message_of([&] { host::cut_levels<family>(other); }).find("channels") != std::string::npos);
  CHECK(offramp_test::message_of([&] { host::train_nested({}, set); }).find("no levels") != std::string::npos);
}
