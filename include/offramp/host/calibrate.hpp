// Thresholds from validation outputs (methods 1.2): one threshold for all exits is swept, then each exit's is moved by
// itself as long as the mean cost falls and accuracy stays above the limit. Everything works on outputs stored once.
#ifndef OFFRAMP_HOST_CALIBRATE_HPP
#define OFFRAMP_HOST_CALIBRATE_HPP

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// The wish: as cheap as possible with at most this loss against the last exit, 0.005 = half a point.
struct accuracy_drop {
  double most = 0.005;
};

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

inline operating_point calibrate(const exit_outputs& o, accuracy_drop wish) {
  if (o.count() == 0) throw error("calibrate: the validation set is empty, expected at least one image");
  const double floor = exit_accuracy(o, o.exits() - 1) - wish.most;
  const std::vector<std::int32_t> grid = threshold_grid(o);
  operating_point best = evaluate_thresholds(o, std::vector<std::int32_t>(o.label.size(), grid.back()));
  const auto better = [&](const operating_point& p) { return p.accuracy >= floor && p.mean_ops < best.mean_ops; };
  for (const operating_point& p : sweep(o, grid))
    if (better(p)) best = p;
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t k = 0; k + 1 < o.label.size(); ++k)
      for (const std::int32_t t : grid) {
        std::vector<std::int32_t> thresholds = best.thresholds_q16;
        thresholds[k] = t;
        const operating_point p = evaluate_thresholds(o, thresholds);
        if (better(p)) best = p, moved = true;
      }
  }
  return best;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
