// Thresholds from validation outputs: one threshold for all exits is swept, then each exit's is moved by itself as long
// as the mean cost falls and accuracy stays above the limit; or one for each class, from a wanted precision. Everything
// works on outputs stored once, for every criterion with a score and under every reuse policy.
#ifndef OFFRAMP_HOST_CALIBRATE_HPP
#define OFFRAMP_HOST_CALIBRATE_HPP

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
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
  if (o.score_q16.empty())
    throw error("calibrate: these outputs have no scores, as their criterion has several: rescore them for one of its "
                "parts");
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

// The wish for thresholds of each class: of the samples that leave with an answer, this share is right.
struct class_precision {
  double least = 0.95;
  int fewest = 20;  // a class that an exit predicts less often gets the exit's own threshold
};

// Words for per_class<Criterion>, [exit][class]: the smallest score at which the samples predicted as that class, there
// and above, are right often enough; never where no score is. `thresholds_q16`: of each exit, for rare classes.
inline std::vector<std::uint32_t> per_class_thresholds(const exit_outputs& o, class_precision wish,
                                                       const std::vector<std::int32_t>& thresholds_q16) {
  if (o.score_q16.empty() || o.classes == 0)
    throw error(
        "per_class_thresholds: these outputs have no scores or no number of classes; run_all_exits stores both");
  if (thresholds_q16.size() != o.label.size())
    throw error("per_class_thresholds: found " + std::to_string(thresholds_q16.size()) + " thresholds, expected " +
                std::to_string(o.label.size()));
  std::vector<std::uint32_t> words;
  for (std::size_t k = 0; k < o.label.size(); ++k)
    for (int c = 0; c < o.classes; ++c) {
      std::vector<std::pair<std::int32_t, bool>> predicted;  // score, right
      for (std::size_t i = 0; i < o.truth.size(); ++i)
        if (o.label[k][i] == c) predicted.emplace_back(o.score_q16[k][i], o.truth[i] == c);
      std::int32_t threshold = thresholds_q16[k];
      if (static_cast<int>(predicted.size()) >= wish.fewest) {
        std::sort(predicted.begin(), predicted.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
        threshold = never_q16;
        int right = 0;
        for (std::size_t n = 0; n < predicted.size(); ++n) {
          right += predicted[n].second ? 1 : 0;
          const bool tied = n + 1 < predicted.size() && predicted[n + 1].first == predicted[n].first;
          if (!tied && right >= wish.least * static_cast<double>(n + 1)) threshold = predicted[n].first;
        }
      }
      words.push_back(static_cast<std::uint32_t>(threshold));
    }
  return words;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
