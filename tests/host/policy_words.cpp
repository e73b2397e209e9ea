// Plans of reuse against the real formulas within their proven error, at the ends of the logits' range too; bounds of
// heads; what does not fit is refused.
#include <offramp/host/policy_words.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/exits/policies.hpp>
#include <offramp/host/quantize.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;
using host::head_logits;
using offramp_test::message_of;

namespace {

constexpr int exits = 4;
constexpr int classes = 5;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::int32_t integer(std::uint32_t w) { return static_cast<std::int32_t>(w); }

std::vector<head_logits> random_heads(offramp_test::random_numbers& r) {
  std::vector<head_logits> heads;
  for (int k = 0; k < exits; ++k)
    heads.push_back(
        {std::pow(10.0, r.between(-60, 20) / 10.0), std::min(2147483648.0, std::pow(2.0, r.between(0, 32))), false});
  return heads;
}

}  // namespace

TEST_CASE("policy_words: a geometric ensemble by hand") {
  // Two heads of one scale, logits up to 2^20, means up to 2^19 in real units: a scale of 2^-11 would just not do.
  const std::vector<head_logits> heads{{0.5, 1048576, false}, {0.5, 1048576, false}};
  const auto plan = host::geometric_words(host::plain_geometric_mean(2, 3), heads);
  REQUIRE(plan.words.size() == 2 * (1 + 3 + 2));
  for (std::size_t m = 0; m < 2; ++m) {
    const std::uint32_t* w = plan.words.data() + 6 * m;
    CHECK(plan.scale[m] == 1.0 / 1024);
    for (int c = 0; c < 3; ++c) CHECK(w[1 + c] == 0);
  }
  // Exit 0: weight 2^-1 / 2^-10 = 512 = 2^30 / 2^21, shift = 21 - 1. Exit 1: 256 each.
  CHECK(plan.words[0] == 20);
  CHECK(integer(plan.words[4]) == 1 << 30);
  CHECK(plan.words[5] == 0);
  CHECK(plan.words[6] == 20);
  CHECK(integer(plan.words[10]) == 1 << 29);
  CHECK(integer(plan.words[11]) == 1 << 29);
}

TEST_CASE("policy_words: plans are exact within their proven error, whatever the logits, and never saturate") {
  offramp_test::random_numbers r{600};
  double worst = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    const std::vector<head_logits> heads = random_heads(r);
    host::ensemble_parameters p = host::plain_geometric_mean(exits, classes);
    const double spread = r.between(0, 300) / 100.0;
    for (auto& exit : p.log_weight)
      for (double& w : exit) w = spread * r.between(-1000, 1000) / 1000.0;
    for (auto& exit : p.bias)
      for (double& b : exit) b = std::pow(10.0, r.between(-3, 2)) * r.between(-1000, 1000) / 1000.0;
    const auto plan = host::geometric_words(p, heads);
    geometric_ensemble::state<std::int32_t, exits, classes> state;
    std::int32_t z[exits][classes];
    for (std::size_t m = 0; m < exits; ++m) {
      const auto most = static_cast<std::int64_t>(heads[m].largest);
      for (auto& v : z[m])  // often at the ends, all of one sign
        v = static_cast<std::int32_t>(std::clamp<std::int64_t>(
            r.one_in(2) ? (trial % 2 == 0 ? most : -most) : r.between(-most, most > 0x7fffffff ? 0x7fffffff : most),
            std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
      const std::uint32_t* w = plan.words.data() + m * (1 + classes + exits);
      CHECK(w[0] < 62);
      const std::int32_t* e = state.combine(static_cast<int>(m), z[m], w);
      double sizes = 0;
      for (int j = 0; j < exits; ++j) sizes += std::abs(static_cast<double>(integer(w[1 + classes + j])));
      CHECK(sizes <= 2147483647.0);
      for (std::size_t c = 0; c < classes; ++c) {
        double exact = p.bias[m][c];
        for (std::size_t j = 0; j <= m; ++j)
          exact += std::exp(p.log_weight[m][j]) / static_cast<double>(m + 1) * heads[j].scale * z[j][c];
        const double error = std::abs(e[c] * plan.scale[m] - exact);
        worst = std::max(worst, error / plan.error[m]);
        if (error > plan.error[m] * (1 + 1e-6) || std::abs(static_cast<double>(e[c])) >= 1073741824.0)
          FAIL_CHECK("trial " << trial << " exit " << m << ": " << e[c] << " * " << plan.scale[m] << " against "
                              << exact << ", bound " << plan.error[m]);
      }
    }
  }
  CHECK(worst > 0.3);  // the bound is no idle one
}

TEST_CASE("policy_words: judged logits are as fine as their bounds allow") {
  // Heads of small integers: the mean is not rounded to their units.
  const std::vector<head_logits> heads(2, head_logits{0.1, 100, false});
  const auto plan = host::geometric_words(host::plain_geometric_mean(2, 2), heads);
  CHECK(plan.error[1] < 1e-7);
  // Bounds that are not known: two to four units of the head.
  const std::vector<head_logits> unknown(2, head_logits{0.1});
  CHECK(host::geometric_words(host::plain_geometric_mean(2, 2), unknown).error[1] < 0.4 + 1e-9);
  // Nothing at all.
  const std::vector<head_logits> nothing(2, head_logits{0, 0, false});
  CHECK(host::geometric_words(host::plain_geometric_mean(2, 2), nothing).scale[0] > 0);
  const double half[]{0.5};
  CHECK(host::additive_words(half, nothing).scale[1] > 0);
}

TEST_CASE("policy_words: float heads take floats") {
  const std::vector<head_logits> heads(2, head_logits{1, 0, true});
  host::ensemble_parameters p = host::plain_geometric_mean(2, 2);
  p.bias[1] = {0.25, -4};
  p.log_weight[1][0] = std::log(3.0);
  const auto plan = host::geometric_words(p, heads);
  const auto real = [&](std::size_t i) { return std::bit_cast<float>(plan.words[i]); };
  CHECK(real(3) == 1.0f);
  CHECK((real(6) == 0.25f && real(7) == -4.0f));
  CHECK(real(8) == doctest::Approx(1.5));
  CHECK(real(9) == 0.5f);
  CHECK(plan.scale == std::vector<double>{1, 1});
  const auto sums = host::additive_words(std::vector<double>{9, 0.25}, heads);
  CHECK(std::bit_cast<float>(sums.words[1]) == 1.0f);
  CHECK(std::bit_cast<float>(sums.words[2]) == 0.0f);  // nothing came before
  CHECK(std::bit_cast<float>(sums.words[5]) == 0.25f);
}

TEST_CASE("policy_words: parameters that do not fit are refused") {
  const std::vector<head_logits> heads(2, head_logits{0.1, 100, false});
  const auto with = [&](auto change) {
    host::ensemble_parameters p = host::plain_geometric_mean(2, 3);
    change(p);
    return message_of([&] { host::geometric_words(p, heads); });
  };
  CHECK(with([](auto&) {}) == "");
  CHECK(with([](auto& p) { p.bias.pop_back(); }) ==
        "geometric_ensemble: found weights of 2 exits and biases of 1, expected 2");
  CHECK(with([](auto& p) { p.log_weight.pop_back(); }) ==
        "geometric_ensemble: found weights of 1 exits and biases of 2, expected 2");
  CHECK(with([](auto& p) { p.log_weight[1].pop_back(); }) == "geometric_ensemble: exit 1 has 1 weights, expected 2");
  CHECK(with([](auto& p) { p.bias[1].pop_back(); }) == "geometric_ensemble: exit 1 has 2 biases, expected 3");
  CHECK(with([](auto& p) { p.log_weight[0][0] = 1e9; }) == "reuse policy: a weight is inf, expected a finite number");
  CHECK(with([](auto& p) { p.bias[0][2] = not_a_number; }) == "reuse policy: a bias is nan, expected a finite number");
  CHECK(message_of([&] {
          host::additive_words(std::vector<double>{1, 2, 3}, heads);
        }) == "additive: found 3 weights, expected 1 or 2");
  CHECK(message_of([&] { host::additive_words(std::vector<double>{not_a_number}, heads); }) ==
        "reuse policy: a weight is nan, expected a finite number");
}

namespace {

using net = network<image<5, 5, 1>, stage<conv2d<6, 3>, batch_norm>, exit_head<3>,
                    stage<sign, conv2d<9, 3, binary>, batch_norm, relu>, exit_head<3>,
                    stage<conv2d<6, 3>, batch_norm, sign>, exit_head<3>>;

}  // namespace

TEST_CASE("policy_words: heads bound their logits, and not idly") {
  const auto images = offramp_test::random_images({5, 5, 1}, 3, 40, 601);
  const auto q = host::quantize<lower<net>>(offramp_test::random_model(net::view(), 602, false), images, 1);
  const auto heads = host::heads_of(q);
  REQUIRE(heads.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(heads[k].scale == q.logit_scale(k));
    CHECK_FALSE(heads[k].real);
    double most = 0;
    for (int i = 0; i < images.count(); ++i) {
      const auto values = host::run_program(q, images.image(i), true);
      for (const double z : values[static_cast<std::size_t>(q.program.logits[k])]) most = std::max(most, std::abs(z));
    }
    CAPTURE(k);
    CHECK(most <= heads[k].largest);
    CHECK(most >= heads[k].largest / 200);
    CHECK(heads[k].largest < 1e8);
  }
  const auto reals =
      host::heads_of(host::quantize<lower<net, f32>>(offramp_test::random_model(net::view(), 602, false), images, 1));
  for (const head_logits& h : reals) CHECK((h.real && h.scale == 1));
}

TEST_CASE("policy_words: a deployment to begin with") {
  const auto images = offramp_test::random_images({5, 5, 1}, 3, 4, 603);
  const auto q = host::quantize<lower<net>>(offramp_test::random_model(net::view(), 604, false), images, 1);
  const auto plain = host::default_deployment<lower<net>>(q);
  CHECK(plain.criterion_words.empty());  // thresholds say it all
  CHECK(plain.reuse_words.empty());
  for (const std::int32_t t : plain.thresholds.q16) CHECK(t == never_q16);
  for (std::size_t k = 0; k < 3; ++k) CHECK(plain.judged_scale[k] == q.logit_scale(k));
  using both = all_of<max_softmax, learned_gate>;
  const auto more = host::default_deployment<lower<net>, both, additive>(q);
  const std::uint32_t never = 0x7fffffff;
  CHECK(std::vector<std::uint32_t>(more.criterion_words.begin(), more.criterion_words.begin() + 7) ==
        std::vector<std::uint32_t>{never, never, 0, 0, 0, 0, never});
  CHECK(more.criterion_words.size() == 18);
  CHECK(more.reuse_words.size() == 9);
  CHECK(more.judged_scale.size() == 3);
}

TEST_CASE("policy_words: words of a criterion from thresholds and parameters") {
  using words = std::vector<std::uint32_t>;
  using numbers = std::vector<std::int32_t>;
  CHECK(host::criterion_words(numbers{1, 2, 3, 4}, words{5, 6}, 2) == words{1, 2, 5, 3, 4, 6});
  CHECK(host::criterion_words(numbers{-1, 7}, words{}, 2) == words{0xffffffffu, 7});
  CHECK(message_of([] {
          host::criterion_words(numbers{1, 2, 3}, words{}, 2);
        }) == "criterion words: found 3 thresholds and 0 parameters, expected multiples of 2");
  CHECK(message_of([] {
          host::criterion_words(numbers{1, 2}, words{1}, 2);
        }) == "criterion words: found 2 thresholds and 1 parameters, expected multiples of 2");
  CHECK(message_of([] { host::criterion_words(numbers{}, words{}, 0); }) ==
        "criterion words: found 0 thresholds and 0 parameters, expected multiples of 0");
}
