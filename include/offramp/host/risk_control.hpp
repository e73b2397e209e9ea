// Thresholds with a promise for images to come (Jazbec et al. 2024, Fast yet Safe: Early-Exiting with Risk Control,
// arXiv 2405.20915): on n exchangeable images that were used for nothing else (no training, temperature or ensemble),
// walk a list of threshold vectors that was fixed before, from "never leave early" on, and test at each whether the
// mean loss of leaving early is above epsilon; stop at the first that cannot be ruled out, and keep the one before.
// Testing in a fixed order needs no correction for many tests and no monotonicity (Learn then Test, arXiv 2110.01052):
//
//   P( mean loss at the thresholds kept <= epsilon ) >= 1 - delta        over the choice of the n images.
//
// `risk_test::in_expectation` is conformal risk control (arXiv 2208.02814): (S + 1) / (n + 1) <= epsilon with each
// image's loss replaced by its largest so far; its promise holds on average over calibration sets.
//
// The list: one threshold for all exits, falling along a grid of scores. With `each_exit` it falls at every exit only
// down to a threshold of that exit's own: those were searched before, on one half of the images, cheapest for twice the
// loss allowed; the other half alone is tested. That costs half of the images, and pays where exits differ in what a
// score means.
#ifndef OFFRAMP_HOST_RISK_CONTROL_HPP
#define OFFRAMP_HOST_RISK_CONTROL_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/early_exit_loss.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/guarantee_text.hpp>
#include <offramp/host/random.hpp>
#include <offramp/host/risk_test.hpp>
#include <offramp/host/threshold_search.hpp>
#include <offramp/model/guarantee.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// The wish. `epsilon`: the largest mean loss, 0.005 = half a point of accuracy; `delta`: how often the promise may
// fail.
struct risk_control {
  double epsilon = 0.005;
  double delta = 0.1;
  risk_loss loss = risk_loss::accuracy_gap;
  risk_test test = risk_test::binomial;
  bool each_exit = false;               // a threshold for each exit
  std::vector<std::int32_t> grid = {};  // falling from never_q16; empty: score_grid()
  std::uint64_t seed = 1;               // of the halves, and of the order of bets
};

// An operating point on the images it was chosen with, and what is promised about it.
struct calibrated : operating_point {
  guarantee promise{};
  double realised_risk = 0;  // mean loss on the images tested (largest so far of each in expectation)
  double p_value = 1;        // of the last thresholds that passed; in expectation: what was compared with epsilon
  std::string statement{};   // the promise in English
};

// Thresholds that depend on no data, falling: never, then every score of the plain criteria that matters. Steps of one
// unit (2^-16) right below 1.0, where the softmax of confident networks crowds, wider ones further down; above 1.0
// (logit margins) and below 0 (criteria of one's own) steps of 1/256 of the score.
inline std::vector<std::int32_t> score_grid() {
  std::vector<std::int32_t> grid{never_q16};
  const auto octaves = [&grid](bool falling) {
    for (std::int64_t i = 0; i < 15 * 256; ++i) {
      const std::int64_t at = falling ? 15 * 256 - 1 - i : i;
      const std::int64_t size = (std::int64_t{256 + at % 256} << (at / 256)) << 8;
      grid.push_back(static_cast<std::int32_t>(falling ? size : -size));
    }
  };
  octaves(true);  // down to 1.0
  for (std::int32_t t = 65535; t > 64512; --t) grid.push_back(t);
  for (std::int32_t t = 64512; t > 57344; t -= 8) grid.push_back(t);
  for (std::int32_t t = 57344; t > -65536; t -= 64) grid.push_back(t);
  octaves(false);
  return grid;
}

namespace detail {

// Where on a falling grid an image changes its exit: at thresholds up to `score` it leaves at `exit`.
struct exit_change {
  std::int32_t score;
  std::size_t image;
  std::size_t exit;
};

// In the order in which a falling threshold meets them. Exit k is not taken below least[k].
inline std::vector<exit_change> exit_changes(const exit_outputs& o, const std::vector<std::int32_t>& least) {
  std::vector<exit_change> changes;
  for (std::size_t i = 0; i < o.truth.size(); ++i) {
    std::int64_t largest = std::int64_t{-1} << 32;  // an exit is taken only above the scores of those before it
    for (std::size_t k = 0; k + 1 < o.label.size(); ++k) {
      if (o.score_q16[k][i] <= largest || o.score_q16[k][i] < least[k]) continue;
      largest = o.score_q16[k][i];
      changes.push_back({o.score_q16[k][i], i, k});
    }
  }
  std::sort(changes.begin(), changes.end(),
            [](const exit_change& a, const exit_change& b) { return a.score > b.score; });
  return changes;
}

struct tested_thresholds {
  std::vector<std::int32_t> thresholds_q16;
  risk_verdict verdict;
};

// Down the grid, exit by exit not below `least`.
inline tested_thresholds walk_grid(const exit_outputs& o, const loss_table& loss, const std::vector<std::int32_t>& grid,
                                   const std::vector<std::int32_t>& least, risk_walk& walk) {
  const std::vector<exit_change> changes = exit_changes(o, least);
  std::int32_t kept = never_q16;
  risk_verdict verdict = walk.test();
  std::size_t next = 0;
  for (const std::int32_t t : grid) {
    const std::size_t before = next;
    for (; next < changes.size() && changes[next].score >= t; ++next)
      walk.set(changes[next].image, loss[changes[next].exit][changes[next].image]);
    if (next != before) {
      const risk_verdict v = walk.test();
      if (!v.passed) break;
      verdict = v;
    }
    kept = t;
  }
  std::vector<std::int32_t> thresholds = least;
  for (std::int32_t& t : thresholds) t = std::max(t, kept);
  return {thresholds, verdict};
}

// The cheapest thresholds found for at most this mean loss on these outputs.
inline std::vector<std::int32_t> cheapest_within(const exit_outputs& o, risk_loss kind, double limit) {
  const loss_table loss = early_exit_losses(o, kind);
  const auto dearest = static_cast<double>(o.ops.back());
  return priced_search(
             o, threshold_grid(o, 100), [dearest](const operating_point& p) { return p.mean_ops / dearest; },
             [&](const operating_point& p) { return mean_loss(o, loss, p.thresholds_q16); }, limit)
      .thresholds_q16;
}

inline void expect_grid(const std::vector<std::int32_t>& grid) {
  bool falling = !grid.empty() && grid[0] == never_q16;
  for (std::size_t i = 1; i < grid.size(); ++i) falling = falling && grid[i] < grid[i - 1];
  if (!falling)
    throw error("calibrate: found a grid of " + std::to_string(grid.size()) +
                " thresholds, expected falling ones that begin with never_q16");
}

}  // namespace detail

// The cheapest thresholds of the list about which the wish can be promised. Throws where it cannot be: no images or
// scores, too few images (it says how many are needed), epsilon or delta outside 0 to 1, a test that is not for this
// loss. Cost: a sort of images * exits scores, and the tests.
template <std::same_as<risk_control> Wish>
calibrated calibrate(const exit_outputs& o, const Wish& wish) {
  detail::expect_scores(o, "calibrate");
  guarantee g{wish.loss, wish.test, static_cast<float>(wish.epsilon), static_cast<float>(wish.delta), 0};
  if (wish.test == risk_test::in_expectation) g.delta = 0;
  const risk_test_options options{wish.loss, wish.test, wish.epsilon, wish.delta, wish.seed};
  detail::expect_risk_test(options);
  const std::vector<std::int32_t> grid = wish.grid.empty() ? score_grid() : wish.grid;
  detail::expect_grid(grid);
  exit_outputs half;
  std::vector<int> to_search_with;
  if (wish.each_exit) {
    const std::vector<int> order = random_order(o.count(), random_source{wish.seed, 2});
    const auto middle = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2);
    to_search_with.assign(order.begin(), middle);
    half = images_of(o, {middle, order.end()});
  }
  const exit_outputs& tested = wish.each_exit ? half : o;
  detail::expect_images(options, tested.count(), wish.each_exit);
  g.n = static_cast<std::uint32_t>(tested.count());
  std::vector<std::int32_t> least(o.label.size(), std::numeric_limits<std::int32_t>::min());
  if (!to_search_with.empty())
    least = detail::cheapest_within(images_of(o, to_search_with), wish.loss, 2 * wish.epsilon);
  const loss_table loss = early_exit_losses(tested, wish.loss, detail::signed_losses(options));
  detail::risk_walk walk{options, tested.truth.size()};
  const detail::tested_thresholds kept = detail::walk_grid(tested, loss, grid, least, walk);
  return {evaluate_thresholds(o, kept.thresholds_q16), g, kept.verdict.realised_risk, kept.verdict.p_value,
          statement_of(g)};
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
