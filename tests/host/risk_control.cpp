// covers: host/risk_control.hpp host/early_exit_loss.hpp host/risk_test.hpp
// Promises about thresholds: kept on generated data whose true risk is known, as often as they say; by hand on tables;
// refused where they cannot be made.
#include <offramp/host/risk_control.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/calibrate.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random.hpp"

using namespace offramp;
using host::exit_outputs;
using host::risk_control;
using offramp_test::message_of;

namespace {

constexpr int levels = 40;

// A population with known risks: an image has one of 40 scores at the early exit; of score s the early answer is wrong
// where the last is right with chance lost(s), and right where the last is wrong with chance won(s).
double lost(int s) { return 0.25 * std::pow(1 - s / 39.0, 2); }
double won(int s) { return 0.08 * (1 - s / 39.0); }
constexpr int step = 1600;  // scores s * 1600: 0 to 62400

exit_outputs draw(offramp_test::random_numbers& r, std::size_t images) {
  exit_outputs o;
  o.truth.assign(images, 0);
  o.label.assign(2, std::vector<int>(images, 0));
  o.score_q16.assign(2, std::vector<std::int32_t>(images));
  o.ops = {30, 100};
  o.full_ops = 95;
  o.classes = 2;
  o.real_logits.assign(2, std::vector<float>(2 * images));
  for (std::size_t i = 0; i < images; ++i) {
    const int s = r.between(0, levels - 1);
    const double u = r.between(0, 999999) / 1e6;
    o.score_q16[0][i] = s * step;
    if (u < lost(s))
      o.label[0][i] = 1;
    else if (u < lost(s) + won(s))
      o.label[1][i] = 1;
    for (std::size_t k = 0; k < 2; ++k) o.real_logits[k][2 * i + (o.label[k][i] == 0 ? 0 : 1)] = k == 0 ? 1.0f : 2.0f;
  }
  return o;
}

// True mean loss where all scores from `threshold` on leave.
double true_risk(const host::calibrated& c, bool gained) {
  double sum = 0;
  for (int s = 0; s < levels; ++s)
    if (s * step >= c.thresholds_q16[0]) sum += lost(s) - (gained ? won(s) : 0);
  return sum / levels;
}
// Brier losses follow from the logits, 1 and 2 for the class answered.
double brier_of(double logit, bool right) {
  const double p = 1 / (1 + std::exp(-logit));
  return right ? (1 - p) * (1 - p) : p * p;
}
double true_brier_gap(const host::calibrated& c, bool gained) {
  double sum = 0;
  for (int s = 0; s < levels; ++s)
    if (s * step >= c.thresholds_q16[0]) {
      const auto gap = [gained](double early, double full) {
        return gained ? early - full : std::max(0.0, early - full);
      };
      sum += lost(s) * gap(brier_of(1, false), brier_of(2, true)) +
             won(s) * gap(brier_of(1, true), brier_of(2, false)) +
             (1 - lost(s) - won(s)) * gap(brier_of(1, true), brier_of(2, true));
    }
  return sum / levels;
}

struct outcome {
  double broken = 0;     // share of draws
  double mean_risk = 0;  // true
  double mean_ops = 0;
};

template <class TrueRisk>
outcome simulate(const risk_control& wish, std::uint64_t stream, int draws, std::size_t n, TrueRisk risk_of) {
  offramp_test::random_numbers r{stream};
  outcome all;
  for (int i = 0; i < draws; ++i) {
    const auto c = host::calibrate(draw(r, n), wish);
    const double risk = risk_of(c);
    all.broken += risk > wish.epsilon ? 1 : 0;
    all.mean_risk += risk;
    all.mean_ops += c.mean_ops;
  }
  return {all.broken / draws, all.mean_risk / draws, all.mean_ops / draws};
}

double allowed(double delta, int draws) { return delta + 3 * std::sqrt(delta * (1 - delta) / draws); }

}  // namespace

TEST_CASE("risk_control: the exact binomial promise is kept as often as it says, and not much more often") {
  const risk_control wish{.epsilon = 0.02, .delta = 0.1};
  const auto lost_only = [](const host::calibrated& c) { return true_risk(c, false); };
  const outcome o = simulate(wish, 640, 400, 1000, lost_only);
  CHECK(o.broken <= allowed(0.1, 400));
  CHECK(o.broken > 0.01);  // not by never leaving early
  CHECK(o.mean_risk > 0.6 * 0.02);
  CHECK(o.mean_ops < 75);
  // Agreement: both kinds of differing answers count.
  const auto differs = [](const host::calibrated& c) { return 2 * true_risk(c, false) - true_risk(c, true); };
  const outcome d = simulate({.epsilon = 0.03, .delta = 0.2, .loss = risk_loss::disagreement}, 641, 300, 1000, differs);
  CHECK(d.broken <= allowed(0.2, 300));
  CHECK(d.mean_risk > 0.6 * 0.03);
}

TEST_CASE("risk_control: Hoeffding-Bentkus and bets keep theirs; bets count what early answers gain") {
  const auto lost_only = [](const host::calibrated& c) { return true_risk(c, false); };
  const auto net = [](const host::calibrated& c) { return true_risk(c, true); };
  const outcome hb = simulate({.epsilon = 0.02, .test = risk_test::hoeffding_bentkus}, 642, 150, 1000, lost_only);
  CHECK(hb.broken <= allowed(0.1, 150));
  const outcome bets = simulate({.epsilon = 0.02, .test = risk_test::betting}, 642, 150, 1000, net);
  CHECK(bets.broken <= allowed(0.1, 150));
  CHECK(bets.mean_ops < hb.mean_ops);
  const auto brier = [](const host::calibrated& c) { return true_brier_gap(c, false); };
  const auto brier_net = [](const host::calibrated& c) { return true_brier_gap(c, true); };
  const risk_control gap{.epsilon = 0.04, .loss = risk_loss::brier_gap, .test = risk_test::hoeffding_bentkus};
  const outcome b = simulate(gap, 643, 100, 1000, brier);
  CHECK(b.broken <= allowed(0.1, 100));
  CHECK(b.mean_risk > 0.01);
  risk_control both = gap;
  both.test = risk_test::betting;
  CHECK(simulate(both, 644, 100, 1000, brier_net).broken <= allowed(0.1, 100));
}

TEST_CASE("risk_control: in expectation the mean risk is just below epsilon, a single one is above it often") {
  const risk_control wish{.epsilon = 0.02, .test = risk_test::in_expectation};
  const outcome o = simulate(wish, 645, 400, 1000, [](const host::calibrated& c) { return true_risk(c, false); });
  CHECK(o.mean_risk <= 0.02 + 0.0006);
  CHECK(o.mean_risk > 0.8 * 0.02);
  CHECK(o.broken > 0.25);
}

TEST_CASE("risk_control: a threshold for each exit, chosen on one half, tested on the other") {
  const risk_control wish{.epsilon = 0.03, .delta = 0.2, .each_exit = true};
  const outcome o = simulate(wish, 646, 60, 800, [](const host::calibrated& c) { return true_risk(c, false); });
  CHECK(o.broken <= allowed(0.2, 60));
  CHECK(o.mean_ops < 80);
  // Two early exits, the first of them useless but as sure as the second: only thresholds of their own tell them apart.
  offramp_test::random_numbers r{647};
  exit_outputs two = draw(r, 2000);
  two.label.insert(two.label.begin(), std::vector<int>(2000, 1));
  two.score_q16.insert(two.score_q16.begin(), two.score_q16[0]);
  two.ops = {10, 30, 100};
  two.real_logits.clear();
  const auto same = host::calibrate(two, risk_control{.epsilon = 0.03});
  const auto apart = host::calibrate(two, risk_control{.epsilon = 0.03, .each_exit = true});
  CHECK(same.left[1] == 0);
  CHECK(apart.left[0] < 40);
  CHECK(apart.left[1] > 500);
  CHECK(apart.promise.n == 1000);
  CHECK(same.promise.n == 2000);
}

TEST_CASE("risk_control: the walk against every threshold by itself") {
  offramp_test::random_numbers r{648};
  for (int trial = 0; trial < 3; ++trial) {
    // Three exits with random answers and scores: nothing is monotone.
    exit_outputs o;
    o.truth.assign(300, 0);
    o.ops = {1, 2, 3};
    o.score_q16.assign(3, {});
    o.label.assign(3, {});
    for (std::size_t k = 0; k < 3; ++k)
      for (int i = 0; i < 300; ++i) {
        const std::int32_t s = r.between(0, 65536);
        o.score_q16[k].push_back(s);
        o.label[k].push_back(r.between(0, 65536) < s / 4 + 50000 ? 0 : 1);
      }
    for (const auto test : {risk_test::binomial, risk_test::in_expectation}) {
      const risk_control wish{.epsilon = 0.08, .delta = 0.1, .test = test};
      const auto found = host::calibrate(o, wish);
      std::int32_t kept = never_q16;
      double risk = 0;
      std::vector<int> worst(300, 0);
      for (const std::int32_t t : host::score_grid()) {
        int sum = 0;
        for (std::size_t i = 0; i < 300; ++i) {
          const std::size_t k = host::exit_of(o, i, {t, t, t});
          const int loss = o.label[k][i] != 0 && o.label[2][i] == 0 ? 1 : 0;
          worst[i] = test == risk_test::in_expectation ? std::max(worst[i], loss) : loss;
          sum += worst[i];
        }
        const bool pass = test == risk_test::in_expectation ? (sum + 1) / 301.0 <= 0.08
                                                            : host::binomial_p_value(300, 0.08, sum) <= 0.1;
        if (!pass) break;
        kept = t, risk = sum / 300.0;
      }
      CHECK(found.thresholds_q16 == std::vector<std::int32_t>(3, kept));
      CHECK(found.realised_risk == doctest::Approx(risk));
      CHECK(kept != never_q16);
    }
  }
}

TEST_CASE("risk_control: losses by hand") {
  exit_outputs o;
  o.classes = 2;
  o.truth = {0, 0, 0, 1};
  o.label = {{0, 1, 0, 0}, {0, 0, 1, 0}};
  // Both exits say 3/4 to 1/4 for their class.
  const float z = std::log(3.0f);
  o.real_logits = {{z, 0, 0, z, z, 0, z, 0}, {z, 0, z, 0, 0, z, z, 0}};
  o.ops = {1, 2};
  using row = std::vector<double>;
  const auto first = [&](risk_loss kind, bool both = false) { return host::early_exit_losses(o, kind, both)[0]; };
  CHECK(first(risk_loss::accuracy_gap) == row{0, 1, 0, 0});
  CHECK(first(risk_loss::accuracy_gap, true) == row{0, 1, -1, 0});
  CHECK(first(risk_loss::disagreement) == row{0, 1, 1, 0});
  // Right: (1/4)^2, wrong: (3/4)^2, a gap of 1/2; apart: (1/2)^2.
  const auto close_to = [](const row& found, const row& right) {
    for (std::size_t i = 0; i < right.size(); ++i) CHECK(found[i] == doctest::Approx(right[i]));
  };
  close_to(first(risk_loss::brier_gap), {0, 0.5, 0, 0});
  close_to(first(risk_loss::brier_gap, true), {0, 0.5, -0.5, 0});
  close_to(first(risk_loss::brier_consistency), {0, 0.25, 0.25, 0});
  CHECK(host::early_exit_losses(o, risk_loss::brier_gap)[1] == row{0, 0, 0, 0});
}

TEST_CASE("risk_control: the grid falls, begins with never and covers all scores") {
  const auto grid = host::score_grid();
  CHECK(grid[0] == never_q16);
  CHECK(std::is_sorted(grid.rbegin(), grid.rend()));
  CHECK(std::adjacent_find(grid.begin(), grid.end()) == grid.end());
  CHECK(grid.back() < -(never_q16 / 2));
  for (const std::int32_t t : {65536, 65535, 65000, 57344, 0}) CHECK(std::count(grid.begin(), grid.end(), t) == 1);
  for (std::size_t i = 2; i < grid.size(); ++i)
    CHECK(static_cast<double>(grid[i - 1]) - grid[i] <= std::max(64.0, std::abs(grid[i - 1]) / 255.0));
}

TEST_CASE("risk_control: what is returned is what was tested, and says so") {
  offramp_test::random_numbers r{649};
  const exit_outputs o = draw(r, 3000);
  const auto c = host::calibrate(o, host::accuracy_drop{0.01, 0.1});
  CHECK(c.promise == guarantee{risk_loss::accuracy_gap, risk_test::binomial, 0.01f, 0.1f, 3000});
  CHECK(c.statement ==
        "With probability at least 90 % over the calibration set, answering early costs at most 1 points of accuracy "
        "against the full network (exact binomial test on 3,000 images)");
  const auto again = host::evaluate_thresholds(o, c.thresholds_q16);
  CHECK(again.mean_ops == c.mean_ops);
  CHECK(c.mean_ops < 100);
  int worse = 0;
  for (std::size_t i = 0; i < 3000; ++i)
    worse += o.score_q16[0][i] >= c.thresholds_q16[0] && o.label[0][i] != 0 && o.label[1][i] == 0 ? 1 : 0;
  CHECK(c.realised_risk == doctest::Approx(worse / 3000.0));
  CHECK(c.p_value == doctest::Approx(host::binomial_p_value(3000, 0.01, worse)));
  CHECK(c.p_value <= 0.1);
  // Without a risk nothing is promised.
  const auto plain = host::calibrate(o, host::accuracy_drop{0.01});
  CHECK(!plain.promise.promised());
  CHECK(plain.statement.empty());
  CHECK(plain.mean_ops <= c.mean_ops);
  // A coarse grid of one's own.
  const auto coarse = host::calibrate(o, risk_control{.epsilon = 0.01, .grid = {never_q16, 60000, 40000}});
  CHECK((coarse.thresholds_q16[0] == 60000 || coarse.thresholds_q16[0] == 40000));
}

TEST_CASE("risk_control: nothing to lose, and everything") {
  offramp_test::random_numbers r{650};
  exit_outputs o = draw(r, 500);
  o.label[0] = o.label[1];
  const auto all = host::calibrate(o, risk_control{.epsilon = 0.01});
  CHECK(all.left == std::vector<int>{500, 0});
  CHECK(all.p_value == doctest::Approx(std::pow(1 - 0.01, 500)));
  for (std::size_t i = 0; i < 500; ++i) o.label[0][i] = 1, o.label[1][i] = 0;
  for (const auto test :
       {risk_test::binomial, risk_test::hoeffding_bentkus, risk_test::betting, risk_test::in_expectation}) {
    const auto none = host::calibrate(o, risk_control{.epsilon = 0.01, .test = test});
    CHECK(none.left == std::vector<int>{0, 500});
    CHECK(none.realised_risk == 0);
    CHECK(none.promise.n == 500);
  }
}

TEST_CASE("risk_control: how many images are needed is said, and is right") {
  using options = host::risk_test_options;
  CHECK(host::fewest_images({.epsilon = 0.005, .delta = 0.1}) == 460);  // log(0.1) / log(0.995) = 459.4
  CHECK(host::fewest_images({.test = risk_test::in_expectation, .epsilon = 0.005}) == 199);  // B / epsilon - 1
  CHECK(host::fewest_images({.test = risk_test::hoeffding_bentkus, .epsilon = 0.005, .delta = 0.1}) == 460);
  offramp_test::random_numbers r{651};
  const exit_outputs few = draw(r, 459);
  CHECK(message_of([&] { host::calibrate(few, risk_control{}); }) ==
        "calibrate: found 459 images, expected at least 460 for epsilon 0.005 and delta 0.1 (exact binomial test)");
  CHECK(message_of([&] { host::calibrate(draw(r, 460), risk_control{}); }) == "");
  CHECK(message_of([&] { host::calibrate(draw(r, 900), risk_control{.each_exit = true}); }) ==
        "calibrate: found 450 images in one half, expected at least 460 for epsilon 0.005 and delta 0.1 (exact "
        "binomial test)");
  CHECK(message_of([&] { host::calibrate(draw(r, 100), risk_control{.test = risk_test::in_expectation}); }) ==
        "calibrate: found 100 images, expected at least 199 for epsilon 0.005 (conformal risk control)");
  const int bets = host::fewest_images(options{.test = risk_test::betting, .epsilon = 0.005, .delta = 0.1});
  CHECK(message_of([&] {
          host::calibrate(draw(r, static_cast<std::size_t>(bets)), risk_control{.test = risk_test::betting});
        }) == "");
  CHECK(bets < 1000);
}

TEST_CASE("risk_control: what cannot be promised says why") {
  offramp_test::random_numbers r{652};
  const exit_outputs o = draw(r, 600);
  const auto refused = [&](const risk_control& wish) { return message_of([&] { host::calibrate(o, wish); }); };
  CHECK(message_of([] { host::calibrate(exit_outputs{}, risk_control{}); }) ==
        "calibrate: the validation set is empty, expected at least one image");
  CHECK(refused({.epsilon = 0}) == "calibrate: found an epsilon of 0.000000, expected one between 0 and 1");
  CHECK(refused({.epsilon = std::nan("")}).find("calibrate: found an epsilon of nan") == 0);
  CHECK(refused({.epsilon = 1}).find("expected one between 0 and 1") != std::string::npos);
  CHECK(refused({.delta = 1}) == "calibrate: found a delta (risk) of 1.000000, expected one between 0 and 1");
  CHECK(refused({.delta = -0.1}).find("expected one between 0 and 1") != std::string::npos);
  CHECK(refused({.loss = risk_loss::brier_gap}) ==
        "calibrate: found the exact binomial test with losses of kind Brier gap, expected losses of 0 and 1; take "
        "hoeffding_bentkus or betting");
  CHECK(refused({.loss = risk_loss::none}) ==
        "calibrate: found no kind of loss or test, expected one of model/guarantee.hpp");
  const std::string grid = "calibrate: found a grid of 2 thresholds, expected falling ones that begin with never_q16";
  CHECK(refused({.grid = {60000, 50000}}) == grid);
  CHECK(refused({.grid = {never_q16, never_q16}}) == grid);
  exit_outputs bare = o;
  bare.real_logits.clear();
  CHECK(message_of([&] {
          host::calibrate(bare, risk_control{.loss = risk_loss::brier_gap, .test = risk_test::betting});
        }) == "softmax_at: these outputs hold no logits; run_all_exits stores them");
}
