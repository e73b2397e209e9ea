// A threshold for each class an exit predicts, from a wanted precision: some classes are told apart early.
#ifndef OFFRAMP_HOST_PER_CLASS_THRESHOLDS_HPP
#define OFFRAMP_HOST_PER_CLASS_THRESHOLDS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <offramp/exits/thresholds.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

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
