// covers: host/calibrate.hpp host/threshold_search.hpp host/cost_budget.hpp host/exit_fractions.hpp
// covers: host/per_class_thresholds.hpp
// Thresholds against brute force on small tables of stored outputs, and at their extremes.
#include <offramp/host/calibrate.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"
#include "tests/support/random.hpp"

using namespace offramp;
using host::exit_outputs;

namespace {

// Random outputs: later exits are right more often, and certain answers too.
exit_outputs random_outputs(offramp_test::random_numbers& r, std::size_t exits, std::size_t images) {
  exit_outputs o;
  o.truth.resize(images);
  for (int& t : o.truth) t = r.between(0, 9);
  for (std::size_t k = 0; k < exits; ++k) {
    o.score_q16.emplace_back(images);
    o.label.emplace_back(images);
    o.ops.push_back(static_cast<std::int64_t>(100 * (k + 1) * (k + 1)));
    for (std::size_t i = 0; i < images; ++i) {
      o.score_q16[k][i] = r.between(6000, 65535);
      const bool right = r.between(0, 65535) < o.score_q16[k][i] / 2 + 20000 + static_cast<int>(k) * 12000;
      o.label[k][i] = right ? o.truth[i] : (o.truth[i] + 1) % 10;
    }
  }
  return o;
}

double floor_of(const exit_outputs& o, double drop) { return host::exit_accuracy(o, o.exits() - 1) - drop; }

}  // namespace

TEST_CASE("calibrate: two exits, the cheapest threshold of all") {
  offramp_test::random_numbers r{110};
  for (int trial = 0; trial < 50; ++trial) {
    const exit_outputs o = random_outputs(r, 2, 60);
    const double drop = r.between(0, 10) / 100.0;
    double cheapest = 1e300;
    // Every threshold that makes a difference: each score, one above all, and none.
    std::vector<std::int32_t> all = o.score_q16[0];
    all.push_back(std::numeric_limits<std::int32_t>::max());
    all.push_back(0);
    for (const std::int32_t t : all) {
      const auto p = host::evaluate_thresholds(o, {t, 0});
      if (p.accuracy >= floor_of(o, drop)) cheapest = std::min(cheapest, p.mean_ops);
    }
    const auto best = host::calibrate(o, {drop});
    CHECK(best.mean_ops == doctest::Approx(cheapest));
    CHECK(best.accuracy >= floor_of(o, drop));
  }
}

TEST_CASE("calibrate: three exits, never below the limit, never dearer than one threshold for all") {
  offramp_test::random_numbers r{111};
  for (int trial = 0; trial < 10; ++trial) {
    const exit_outputs o = random_outputs(r, 3, 50);
    const auto best = host::calibrate(o, {0.04});
    CHECK(best.accuracy >= floor_of(o, 0.04));
    for (const auto& p : host::sweep(o, host::threshold_grid(o)))
      if (p.accuracy >= floor_of(o, 0.04)) CHECK(best.mean_ops <= p.mean_ops);
    // The point is what its thresholds give.
    const auto again = host::evaluate_thresholds(o, best.thresholds_q16);
    CHECK(again.mean_ops == best.mean_ops);
    CHECK(again.accuracy == best.accuracy);
  }
}

TEST_CASE("calibrate: extreme wishes") {
  offramp_test::random_numbers r{112};
  exit_outputs o = random_outputs(r, 3, 40);
  // Any loss is fine: everything leaves at the first exit.
  const auto all_early = host::calibrate(o, {1.0});
  CHECK(all_early.left == std::vector<int>{40, 0, 0});
  CHECK(all_early.mean_ops == 100);
  // Early exits always wrong and nothing may be lost: nobody leaves early.
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t i = 0; i < 40; ++i) o.label[k][i] = (o.truth[i] + 1) % 10;
  o.label[2] = o.truth;
  const auto none = host::calibrate(o, {0.0});
  CHECK(none.left == std::vector<int>{0, 0, 40});
  CHECK(none.accuracy == 1.0);
  CHECK(none.mean_ops == 900);
}

TEST_CASE("calibrate: one exit has nothing to choose") {
  offramp_test::random_numbers r{113};
  const exit_outputs o = random_outputs(r, 1, 10);
  const auto p = host::calibrate(o, {0.01});
  CHECK(p.left == std::vector<int>{10});
  CHECK(p.mean_ops == 100);
}

TEST_CASE("calibrate: nothing to calibrate with") {
  std::string said;
  try {
    host::calibrate(exit_outputs{}, {});
  } catch (const host::error& problem) { said = problem.what(); }
  CHECK(said == "calibrate: the validation set is empty, expected at least one image");
}

TEST_CASE("calibrate: the grid holds scores of early exits, and never") {
  exit_outputs o;
  o.truth = {0, 0, 0};
  o.label = {{0, 0, 0}, {0, 0, 0}};
  o.score_q16 = {{30, 10, 20}, {1, 2, 3}};
  o.ops = {1, 2};
  CHECK(host::threshold_grid(o) == std::vector<std::int32_t>{10, 20, 30, std::numeric_limits<std::int32_t>::max()});
  CHECK(host::threshold_grid(o, 1) == std::vector<std::int32_t>{10, std::numeric_limits<std::int32_t>::max()});
}

TEST_CASE("calibrate: a criterion of several thresholds has no scores to calibrate") {
  offramp_test::random_numbers r{114};
  exit_outputs o = random_outputs(r, 2, 5);
  o.score_q16.clear();
  CHECK(offramp_test::message_of([&] { host::calibrate(o, {}); }) ==
        "calibrate: these outputs have no scores, as their criterion has several: rescore them for one of its parts");
}

TEST_CASE("calibrate: a budget, two exits, the most accurate threshold of all") {
  offramp_test::random_numbers r{116};
  for (int trial = 0; trial < 30; ++trial) {
    exit_outputs o = random_outputs(r, 2, 60);
    o.full_ops = 350;
    const double share = r.between(30, 120) / 100.0;
    double most = -1;
    std::vector<std::int32_t> all = o.score_q16[0];
    all.push_back(never_q16);
    for (const std::int32_t t : all) {
      const auto p = host::evaluate_thresholds(o, {t, 0});
      if (p.mean_ops <= share * 350) most = std::max(most, p.accuracy);
    }
    const auto best = host::calibrate(o, host::cost_budget{.share = share});
    CHECK(best.accuracy == doctest::Approx(most));
    CHECK(best.mean_ops <= share * 350);
    CHECK(host::calibrate(o, host::cost_budget{.mean_ops = share * 350}).thresholds_q16 == best.thresholds_q16);
  }
}

TEST_CASE("calibrate: a budget, three exits, close to the best of all pairs and never below one threshold for all") {
  offramp_test::random_numbers r{117};
  double found = 0, possible = 0, swept = 0;
  for (int trial = 0; trial < 6; ++trial) {
    exit_outputs o = random_outputs(r, 3, 40);
    const host::cost_budget budget{.mean_ops = 100.0 + 100 * (trial + 1)};
    double most = 0;
    const auto grid = host::threshold_grid(o);
    for (const std::int32_t a : grid)
      for (const std::int32_t b : grid) {
        const auto p = host::evaluate_thresholds(o, {a, b, 0});
        if (p.mean_ops <= budget.mean_ops) most = std::max(most, p.accuracy);
      }
    double same = 0;
    for (const auto& p : host::sweep(o, grid))
      if (p.mean_ops <= budget.mean_ops) same = std::max(same, p.accuracy);
    const auto best = host::calibrate(o, budget);
    CHECK(best.mean_ops <= budget.mean_ops);
    CHECK(best.accuracy >= same);
    CHECK(best.accuracy <= most);
    found += best.accuracy, possible += most, swept += same;
  }
  CHECK(possible - found <= 0.06);  // summed over six trials of 40 images: two or three images
  CHECK(found > swept);
}

TEST_CASE("calibrate: budgets that cannot be kept") {
  offramp_test::random_numbers r{118};
  exit_outputs o = random_outputs(r, 2, 20);
  o.full_ops = 400;
  const auto all_early = host::calibrate(o, host::cost_budget{.share = 0.25});
  CHECK(all_early.left == std::vector<int>{20, 0});
  CHECK(offramp_test::message_of([&] { host::calibrate(o, host::cost_budget{.share = 0.24}); }) ==
        "calibrate: found a budget of 96.000000 OPs, expected at least the 100 of the first exit");
  CHECK(offramp_test::message_of([&] { host::calibrate(o, host::cost_budget{}); }) ==
        "calibrate: found a budget of 0.000000 of the full cost and of 0.000000 OPs, expected one of them above 0");
  CHECK(offramp_test::message_of([&] {
          host::calibrate(o, host::cost_budget{0.5, 100});
        }).find("expected one") != std::string::npos);
  CHECK(offramp_test::message_of([&] { host::calibrate(exit_outputs{}, host::cost_budget{.share = 1}); }) ==
        "calibrate: the validation set is empty, expected at least one image");
}

TEST_CASE("calibrate: exit fractions by hand") {
  exit_outputs o;
  o.truth.assign(10, 0);
  o.label.assign(3, std::vector<int>(10, 0));
  o.ops = {1, 2, 3};
  o.score_q16 = {{10, 20, 30, 40, 50, 60, 70, 80, 90, 100}, {5, 9, 1, 8, 2, 7, 3, 6, 4, 0}, std::vector<int>(10, 0)};
  // q = 1: floor(10/3) = 3 at each early exit: scores 100, 90, 80 leave; of images 0 .. 6 those with 9, 8, 7 at exit 2.
  const auto p = host::calibrate(o, host::exit_fractions{1});
  CHECK(p.thresholds_q16 == std::vector<std::int32_t>{80, 7, never_q16});
  CHECK(p.left == std::vector<int>{3, 3, 4});
  // q = 1/2: shares 4/7, 2/7, 1/7: floor(5.7) = 5, floor(2.86) = 2.
  CHECK(host::calibrate(o, host::exit_fractions{0.5}).left == std::vector<int>{5, 2, 3});
  // q = 1/20: shares 0.9501, 0.0475, 0.0024: 9 leave, then floor(0.475) = 0: exit 2 is not used.
  const auto steep = host::calibrate(o, host::exit_fractions{0.05});
  CHECK(steep.thresholds_q16 == std::vector<std::int32_t>{20, never_q16, never_q16});
  CHECK(steep.left == std::vector<int>{9, 0, 1});
  // Ties let more out than wanted, and the next exit finds fewer left than it wants: it is not used.
  o.score_q16[0] = {10, 10, 80, 80, 80, 80, 80, 80, 80, 80};
  const auto tied = host::calibrate(o, host::exit_fractions{1});
  CHECK(tied.thresholds_q16 == std::vector<std::int32_t>{80, never_q16, never_q16});
  CHECK(tied.left == std::vector<int>{8, 0, 2});
  CHECK(offramp_test::message_of([&] { host::calibrate(o, host::exit_fractions{0}); }) ==
        "calibrate: found a q of 0.000000, expected a number above 0");
}

TEST_CASE("calibrate: the curve of exit fractions goes from early to late, shares as wanted") {
  offramp_test::random_numbers r{119};
  exit_outputs o = random_outputs(r, 4, 2000);
  // No ties: every score once.
  for (auto& scores : o.score_q16)
    for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = scores[i] / 2000 * 2000 + static_cast<int>(i);
  const auto curve = host::exit_fraction_curve(o);
  REQUIRE(curve.size() == 39);
  for (std::size_t p = 1; p < 39; ++p) CHECK(curve[p].mean_ops > curve[p - 1].mean_ops);
  for (int p = 1; p < 40; ++p) {
    const double q = p / 20.0;
    for (std::size_t k = 0; k < 3; ++k) {
      const double share = std::pow(q, static_cast<double>(k)) / (1 + q + q * q + q * q * q);
      CHECK(curve[static_cast<std::size_t>(p - 1)].left[k] == static_cast<int>(2000 * share + 1e-9));
    }
  }
}

TEST_CASE("per_class_thresholds: the smallest score that is right often enough, by hand") {
  exit_outputs o;
  o.classes = 3;
  // Class 0 is predicted with scores 10 (wrong), 20 (right), 30 (wrong), 40, 50 (right); class 1 with 15, 15 (one of
  // two right); class 2 once.
  o.label = {{0, 0, 0, 0, 0, 1, 1, 2}};
  o.truth = {1, 0, 2, 0, 0, 1, 0, 2};
  o.score_q16 = {{10, 20, 30, 40, 50, 15, 15, 99}};
  const auto at = [&](double least, int fewest) { return host::per_class_thresholds(o, {least, fewest}, {77}); };
  // Precision from the top: 1, 1, 2/3, 3/4, 3/5 for class 0; a tie of 1/2 for class 1; 1 for class 2.
  CHECK(at(1.0, 1) == std::vector<std::uint32_t>{40, 0x7fffffff, 99});
  CHECK(at(0.75, 1) == std::vector<std::uint32_t>{20, 0x7fffffff, 99});
  CHECK(at(0.6, 1) == std::vector<std::uint32_t>{10, 0x7fffffff, 99});
  CHECK(at(0.5, 1) == std::vector<std::uint32_t>{10, 15, 99});
  CHECK(at(0.75, 2) == std::vector<std::uint32_t>{20, 0x7fffffff, 77});  // class 2 is too rare
  CHECK(at(0.75, 5) == std::vector<std::uint32_t>{20, 77, 77});
  CHECK(at(0.75, 6) == std::vector<std::uint32_t>{77, 77, 77});
  CHECK(offramp_test::message_of([&] {
          host::per_class_thresholds(o, {}, {1, 2});
        }) == "per_class_thresholds: found 2 thresholds, expected 1");
  o.classes = 0;
  CHECK(offramp_test::message_of([&] { host::per_class_thresholds(o, {}, {1}); }) ==
        "per_class_thresholds: these outputs have no scores or no number of classes; run_all_exits stores both");
}

TEST_CASE("per_class_thresholds: of those that leave, the wanted share is right, in every class") {
  offramp_test::random_numbers r{115};
  exit_outputs o = random_outputs(r, 3, 2000);
  o.classes = 10;
  const auto words = host::per_class_thresholds(o, {0.9, 10}, {never_q16, never_q16, never_q16});
  int leaving = 0;
  for (std::size_t k = 0; k < 3; ++k)
    for (int c = 0; c < 10; ++c) {
      int n = 0;
      int right = 0;
      for (std::size_t i = 0; i < o.truth.size(); ++i)
        if (o.label[k][i] == c &&
            o.score_q16[k][i] >= static_cast<std::int32_t>(words[k * 10 + static_cast<std::size_t>(c)]))
          ++n, right += o.truth[i] == c ? 1 : 0;
      CHECK(right >= 0.9 * n);
      leaving += n;
    }
  CHECK(leaving > 1000);
}
