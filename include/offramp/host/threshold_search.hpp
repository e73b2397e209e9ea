// The search behind all wishes for thresholds, on outputs stored once: a grid of thresholds, one threshold for all
// exits swept along it, then one exit's threshold at a time moved to any point of it as long as that is better
// (coordinate descent). What is better, a wish says. An evaluation costs images * exits.
//
// Where a limit binds, a single move seldom gains anything. `priced_search` asks another question first, the least of
// wanted + price * spent, where moves of one threshold do well, at the prices between which the limit is crossed.
#ifndef OFFRAMP_HOST_THRESHOLD_SEARCH_HPP
#define OFFRAMP_HOST_THRESHOLD_SEARCH_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// The grid of thresholds: `points` values at equal shares of all scores of early exits, and "never".
inline std::vector<std::int32_t> threshold_grid(const exit_outputs& o, int points = 200) {
  std::vector<std::int32_t> scores;
  for (int k = 0; k + 1 < o.exits(); ++k)
    scores.insert(scores.end(), o.score_q16[static_cast<std::size_t>(k)].begin(),
                  o.score_q16[static_cast<std::size_t>(k)].end());
  std::sort(scores.begin(), scores.end());
  std::vector<std::int32_t> grid;
  for (int i = 0; i < points && !scores.empty(); ++i)
    grid.push_back(scores[static_cast<std::size_t>(i) * scores.size() / static_cast<std::size_t>(points)]);
  grid.push_back(std::numeric_limits<std::int32_t>::max());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  return grid;
}

// One operating point per grid value, the same threshold at all exits: the accuracy-against-cost curve.
inline std::vector<operating_point> sweep(const exit_outputs& o, const std::vector<std::int32_t>& grid) {
  std::vector<operating_point> curve;
  for (const std::int32_t t : grid)
    curve.push_back(evaluate_thresholds(o, std::vector<std::int32_t>(o.label.size(), t)));
  return curve;
}

namespace detail {

// Throws unless these outputs can be searched. `who` is the caller's name.
inline void expect_scores(const exit_outputs& o, const char* who) {
  if (o.count() == 0) throw error(std::string{who} + ": the validation set is empty, expected at least one image");
  if (o.score_q16.empty())
    throw error(std::string{who} + ": these outputs have no scores, as their criterion has several: rescore them for "
                                   "one of its parts");
}

// From `best` on, the first move of one exit's threshold that is better is taken, until none is. `better(a, b)`: is a
// to be preferred to b? It must be an order, so that the walk ends.
template <class Better>
operating_point descend(const exit_outputs& o, const std::vector<std::int32_t>& grid, operating_point best,
                        Better better) {
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t k = 0; k + 1 < o.label.size(); ++k)
      for (const std::int32_t t : grid) {
        std::vector<std::int32_t> thresholds = best.thresholds_q16;
        thresholds[k] = t;
        operating_point p = evaluate_thresholds(o, thresholds);
        if (better(p, best)) best = std::move(p), moved = true;
      }
  }
  return best;
}

// The best point of the sweep by that order, then descent from there.
template <class Better>
operating_point search(const exit_outputs& o, const std::vector<std::int32_t>& grid, Better better) {
  operating_point best = evaluate_thresholds(o, std::vector<std::int32_t>(o.label.size(), grid.back()));
  for (operating_point& p : sweep(o, grid))
    if (better(p, best)) best = std::move(p);
  return descend(o, grid, std::move(best), better);
}

// The least `wanted(point)` with `spent(point)` of at most `limit`; the least spent where that cannot be. Prices from
// 1e-6 to 1e3 are tried, by bisection: give both on scales where 1 is much.
template <class Wanted, class Spent>
operating_point priced_search(const exit_outputs& o, const std::vector<std::int32_t>& grid, Wanted wanted, Spent spent,
                              double limit) {
  const auto better = [&](const operating_point& a, const operating_point& b) {
    const double of_a = spent(a);
    const double of_b = spent(b);
    if ((of_a <= limit) != (of_b <= limit)) return of_a <= limit;
    if (of_a <= limit && wanted(a) != wanted(b)) return wanted(a) < wanted(b);
    return of_a < of_b;
  };
  operating_point best = search(o, grid, better);
  double low = 1e-6;
  double high = 1e3;
  for (int step = 0; step < 10; ++step) {
    const double price = std::sqrt(low * high);
    const auto sum = [&](const operating_point& p) { return wanted(p) + price * spent(p); };
    operating_point p =
        search(o, grid, [&sum](const operating_point& a, const operating_point& b) { return sum(a) < sum(b); });
    (spent(p) <= limit ? high : low) = price;
    if (better(p, best)) best = std::move(p);
  }
  return descend(o, grid, std::move(best), better);
}

}  // namespace detail

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
