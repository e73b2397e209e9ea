// What the recipes promise: what stays frozen stays, detached heads do not hear each other, boosting is joint training
// where lambda is 0, a teacher is followed, and all of it is resumed bit for bit.
// covers: host/recipes/boosted.hpp host/recipes/zero_time_waste.hpp host/teacher.hpp host/training.hpp
#include <offramp/host/train.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <offramp/net/network.hpp>

#include "tests/support/bars.hpp"

namespace {

using namespace offramp;
using offramp_test::bars;

using block = residual<relu, conv2d<8, 3>, batch_norm>;
template <class Head1, class Head2>
using three_exits = network<image<8, 8, 1, u8>, stage<conv2d<8, 3, stride{2}>, batch_norm, block>, Head1, stage<block>,
                            Head2, stage<block>, exit_head<3, avg_pool<2>>>;
using plain_net = three_exits<exit_head<3, avg_pool<2>>, exit_head<3, avg_pool<2>>>;
using cascade_net = three_exits<exit_head<3, avg_pool<2>>, cascade_head<3, avg_pool<2>>>;

recipes::joint joint(int epochs) { return {.epochs = epochs, .batch = 50, .learning_rate = 1e-2f, .flip = true}; }

recipes::zero_time_waste ztw(int base, int heads) {
  return {.base = joint(base), .epochs = heads, .learning_rate = 1e-2f};
}

template <class F>
std::string message(F f) {
  try {
    f();
  } catch (const host::error& e) { return e.what(); }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool early_head(const host::model& m, std::size_t i) { return m.layers[i].head && m.layers[i].exit < 2; }

TEST_CASE("zero_time_waste: a backbone alone, then heads that leave it as it is") {
  const host::labelled_images train = bars(300, 1), validation = bars(300, 2);
  const host::model fresh = host::make_model(cascade_net::view(), 1);
  std::vector<host::model> after;
  const std::string file = (std::filesystem::temp_directory_path() / "offramp_recipes_ztw").string();
  std::filesystem::remove(file);
  host::train_options options{.checkpoint = file};
  options.after_epoch = [&](const host::epoch_report&) {
    return after.push_back(host::read_checkpoint(file, cascade_net::view()).model), after.size() < 3;
  };
  host::train<cascade_net>(train, ztw(3, 6), options);  // stopped where the first stage ends
  options.after_epoch = [&](const host::epoch_report&) {
    return after.push_back(host::read_checkpoint(file, cascade_net::view()).model), true;
  };
  const host::model m = host::train<cascade_net>(train, ztw(3, 6), options);
  std::filesystem::remove(file);
  REQUIRE(after.size() == 9);
  CHECK(m.parameters == host::train<cascade_net>(train, ztw(3, 6)).parameters);
  for (std::size_t i = 0; i < m.parameters.size(); ++i) {
    CAPTURE(i);
    if (early_head(m, i)) {
      CHECK(after[2].parameters[i] == fresh.parameters[i]);
      if (!m.parameters[i].weights.empty()) CHECK(m.parameters[i].weights != fresh.parameters[i].weights);
    } else {
      CHECK(after[2].parameters[i] == m.parameters[i]);  // running statistics, too
      if (!m.parameters[i].weights.empty()) CHECK(m.parameters[i].weights != fresh.parameters[i].weights);
    }
  }
  for (const double a : host::accuracies(host::evaluate(m, validation), validation)) CHECK(a > 0.7);
}

TEST_CASE("zero_time_waste: begins with a trained network that had no early exits") {
  using alone = network<image<8, 8, 1, u8>, stage<conv2d<8, 3, stride{2}>, batch_norm, block, block, block>,
                        exit_head<3, avg_pool<2>>>;
  const host::labelled_images train = bars(200, 1);
  const host::model one = host::train<alone>(train, joint(2));
  host::model start = host::make_model(cascade_net::view(), 5), back = host::make_model(alone::view(), 9);
  host::copy_backbone(one, start);
  host::copy_backbone(host::train<cascade_net>(train, ztw(1, 2), {.start = &start}), back);
  CHECK(back.parameters == one.parameters);  // there and back, through training of the heads
  CHECK(back.input_zero == one.input_zero);
  CHECK(contains(message([&] { host::train<plain_net>(train, ztw(1, 1), {.start = &one}); }), "another network"));
  CHECK(contains(message([&] { host::train<alone>(train, ztw(1, 1)); }), "the network has its last one only"));
  host::model other = host::make_model(plain_net::view(), 1);
  other.layers.pop_back();
  CHECK(contains(message([&] { host::copy_backbone(one, other); }), "layers outside early heads"));
}

TEST_CASE("zero_time_waste: detached, the first head does not hear the second") {
  const host::labelled_images train = bars(150, 1);
  recipes::zero_time_waste r = ztw(1, 3);
  const host::model start = host::train<cascade_net>(train, joint(1));
  const host::model apart = host::train<cascade_net>(train, r, {.start = &start});
  // The same heads without the cascade between them.
  host::model plain_start = host::make_model(plain_net::view(), 1);
  host::copy_backbone(start, plain_start);
  std::vector<std::size_t> first_head, first_plain;
  for (std::size_t i = 0; i < start.layers.size(); ++i)
    if (start.layers[i].head && start.layers[i].exit == 0) first_head.push_back(i);
  for (std::size_t i = 0; i < plain_start.layers.size(); ++i)
    if (plain_start.layers[i].head && plain_start.layers[i].exit == 0) first_plain.push_back(i);
  REQUIRE(first_head.size() == first_plain.size());
  for (std::size_t i = 0; i < first_head.size(); ++i)
    plain_start.parameters[first_plain[i]] = start.parameters[first_head[i]];
  const host::model plain = host::train<plain_net>(train, r, {.start = &plain_start});
  r.detach = false;
  const host::model joined = host::train<cascade_net>(train, r, {.start = &start});
  for (std::size_t i = 0; i < first_head.size(); ++i) {
    CHECK(apart.parameters[first_head[i]] == plain.parameters[first_plain[i]]);
    if (!apart.parameters[first_head[i]].weights.empty())
      CHECK(apart.parameters[first_head[i]].weights != joined.parameters[first_head[i]].weights);
  }
}

TEST_CASE("boosted: lambda 0 is joint training; else every exit learns what is left") {
  const host::labelled_images train = bars(300, 1), validation = bars(300, 2);
  const recipes::joint base = joint(4);
  CHECK(host::train<plain_net>(train, recipes::boosted{.how = base, .lambda = 0}).parameters ==
        host::train<plain_net>(train, base).parameters);
  recipes::boosted r{.how = joint(10)};
  r.how.rescale_gradients = true;
  const host::model m = host::train<plain_net>(train, r);
  CHECK(m.parameters == host::train<plain_net>(train, r, {.threads = 1}).parameters);
  const host::exit_logits z = host::evaluate(m, validation);
  int right = 0, alone = 0;
  for (int i = 0; i < z.images; ++i) {
    float g[3] = {};
    for (int k = 0; k < z.exits; ++k)
      for (int c = 0; c < 3; ++c) g[c] = z.at(k, i)[c] + r.lambda * g[c];
    right += std::max_element(g, g + 3) - g == validation.labels[static_cast<std::size_t>(i)] ? 1 : 0;
    alone += z.label(2, i) == validation.labels[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  CHECK(right > 0.85 * z.images);
  CHECK(right >= alone);
}

TEST_CASE("boosted: the loss and its gradient by hand") {
  const std::uint8_t labels[] = {1, 0};
  const int images[] = {0, 1};
  const float weights[] = {0.5f, 0.5f};
  const std::uint8_t flipped[] = {0, 0};
  const host::model m = host::make_model(plain_net::view(), 3);
  host::parameter_store<float> parameters{m};
  host::thread_pool pool{1};
  host::graph g{m.view(), parameters, pool, 2};
  for (int i = 0; i < 2; ++i) std::fill_n(g.input(i), 64, i == 0 ? 0.5f : -1.0f);
  g.forward(2);
  const recipes::boosted r{.how = {.exit_weights = {1, 1, 1}}, .lambda = 0.5f};
  const double loss = r.stages(m.view(), false)[0].loss({2, labels, images, flipped, weights, 0, 1}, g);
  double expected = 0;
  for (int i = 0; i < 2; ++i) {
    double sum[3] = {};
    for (int k = 0; k < 3; ++k) {
      double total = 0, e[3];
      for (int c = 0; c < 3; ++c) sum[c] = static_cast<double>(g.logits(k)[i * 3 + c]) + 0.5 * sum[c];
      for (int c = 0; c < 3; ++c) total += e[c] = std::exp(sum[c]);
      expected -= 0.5 * std::log(e[labels[i]] / total);
      for (int c = 0; c < 3; ++c)
        CHECK(g.logit_gradient(k)[i * 3 + c] ==
              doctest::Approx(0.5 * (e[c] / total - (c == labels[i] ? 1 : 0))).epsilon(1e-4));
    }
  }
  CHECK(loss == doctest::Approx(expected).epsilon(1e-5));
}

TEST_CASE("rescaled_gradients: a mean over the heads behind, not a sum") {
  // Backward by hand for K = 3: g_k = (head_k + (K - k) next) / (K - k + 1) makes the mean of all heads behind.
  const host::plan_options flow = recipes::rescaled_gradients(3);
  const double heads[] = {6, 3, 12};
  double next = 0;
  for (int k = 2; k >= 0; --k) {
    const auto at = static_cast<std::size_t>(k);
    next = static_cast<double>(flow.from_head[at]) * heads[k] + static_cast<double>(flow.from_next[at]) * next;
  }
  CHECK(next == doctest::Approx((6.0 + 3 + 12) / 3));
}

TEST_CASE("joint: the schedule of Shallow-Deep Networks") {
  // Every batch's loss with logits of equal height is the sum of the weights times log 3.
  const host::model m = host::make_model(plain_net::view(), 3);
  host::parameter_store<float> parameters{m};
  std::fill_n(parameters.values.data(), parameters.values.size(), 0.0f);
  host::thread_pool pool{1};
  host::graph g{m.view(), parameters, pool, 2, {.plan = {.frozen = std::vector<bool>(m.layers.size(), true)}}};
  const std::uint8_t labels[] = {1, 0}, flipped[] = {0, 0};
  const int images[] = {0, 1};
  const float weights[] = {0.5f, 0.5f};
  for (int i = 0; i < 2; ++i) std::fill_n(g.input(i), 64, 1.0f);
  g.forward(2);
  const recipes::joint r{.exit_weights = {0.2f, 0.6f, 1}, .schedule = recipes::exit_schedule::sdn};
  const host::training_stage s = r.stages(m.view(), false)[0];
  for (const int epoch : {0, 5, 10}) {
    const double t = epoch / 10.0, a = std::min(0.2, 0.01 + 0.2 * t), b = std::min(0.6, 0.01 + 0.6 * t);
    CHECK(s.loss({2, labels, images, flipped, weights, epoch, 10}, g) ==
          doctest::Approx((a + b + 1) * std::log(3.0)).epsilon(1e-5));
  }
  const std::vector<float> shares = recipes::detail::cost_shares(plain_net::view());
  CHECK(shares[0] < shares[1]);
  CHECK(shares[1] < shares[2]);
  CHECK(shares[2] == 1.0f);
}

TEST_CASE("teacher: a student of its answers alone learns the task") {
  const host::labelled_images train = bars(400, 1), validation = bars(300, 2);
  host::thread_pool pool{2};
  const host::model teacher = host::train<plain_net>(train, joint(10));
  const host::teacher_logits told = host::ask_teacher(teacher, train, true, pool);
  CHECK(told.classes == 3);
  CHECK(told.plain.size() == 1200);
  CHECK(told.plain == std::vector<float>(told.at(0, false), told.at(0, false) + 1200));
  const host::exit_logits direct = host::evaluate(teacher, train, pool);
  CHECK(told.at(7, false)[1] == direct.at(2, 7)[1]);
  // A flipped image is what training would show.
  host::labelled_images one = train.slice(7, 1);
  std::vector<std::uint8_t> mirrored(64);
  for (std::size_t y = 0; y < 8; ++y)
    for (std::size_t x = 0; x < 8; ++x) mirrored[y * 8 + x] = one.pixels[y * 8 + 7 - x];
  one.pixels = mirrored;
  CHECK(told.at(7, true)[2] == doctest::Approx(host::evaluate(teacher, one, pool).at(2, 0)[2]).epsilon(1e-4));

  host::labelled_images unlabelled = train;  // the labels say nothing
  for (std::uint8_t& label : unlabelled.labels) label = 0;
  recipes::joint r = joint(10);
  r.distill = {&told, 1.0f, 2.0f};
  const host::model student = host::train<cascade_net>(unlabelled, r);
  CHECK(host::accuracies(host::evaluate(student, validation), validation).back() > 0.8);
  CHECK(r.hash() != joint(10).hash());
  const host::teacher_logits wrong{4, std::vector<float>(1600), {}};
  r.distill.teacher = &wrong;
  CHECK(contains(message([&] { host::train<plain_net>(train, r); }), "the teacher tells 4 classes apart"));
}

TEST_CASE("sample weights: weight 0 is not trained on") {
  host::labelled_images train = bars(300, 1);
  const host::labelled_images validation = bars(300, 2);
  std::vector<float> weights(300, 1.0f);
  for (std::size_t i = 0; i < 150; ++i) weights[i] = 0, train.labels[i] = 0;  // wrong, and of no weight
  const host::model m = host::train<plain_net>(train, joint(12), {.sample_weights = weights});
  CHECK(host::accuracies(host::evaluate(m, validation), validation).back() > 0.8);
  weights.pop_back();
  CHECK(contains(message([&] { host::train<plain_net>(train, joint(1), {.sample_weights = weights}); }),
                 "found 299 sample_weights, expected 300"));
}

}  // namespace
