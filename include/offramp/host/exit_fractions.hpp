// Thresholds at which wanted shares of the images leave: the budgeted-batch protocol of MSDNet (Huang et al. 2018,
// arXiv 1703.09844, section 3; the same in the code of BoostNet and GFNet). Exit k, counted from 1, shall answer the
// share f_k = q^k / sum_j q^j of all N images: of those not yet gone, the floor(N f_k) most certain, and all tied with
// the last of them. An exit that would answer none, or more than are left, is not used. q < 1 favours early exits.
#ifndef OFFRAMP_HOST_EXIT_FRACTIONS_HPP
#define OFFRAMP_HOST_EXIT_FRACTIONS_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <offramp/exits/thresholds.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/threshold_search.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// The wish: shares that fall (q < 1) or rise (q > 1) from exit to exit by this factor.
struct exit_fractions {
  double q = 1;
};

// Throws on outputs without scores, and on a q that is not above 0.
template <std::same_as<exit_fractions> Wish>
operating_point calibrate(const exit_outputs& o, const Wish& wish) {
  detail::expect_scores(o, "calibrate");
  if (!(wish.q > 0) || !std::isfinite(wish.q))
    throw error("calibrate: found a q of " + std::to_string(wish.q) + ", expected a number above 0");
  const std::size_t exits = o.label.size();
  double sum = 0;
  for (std::size_t k = 1; k <= exits; ++k) sum += std::pow(wish.q, static_cast<double>(k));
  std::vector<std::int32_t> thresholds(exits, never_q16);
  std::vector<bool> gone(o.truth.size(), false);
  for (std::size_t k = 0; k + 1 < exits; ++k) {
    std::vector<std::int32_t> scores;
    for (std::size_t i = 0; i < gone.size(); ++i)
      if (!gone[i]) scores.push_back(o.score_q16[k][i]);
    const double wanted = std::floor(o.count() * std::pow(wish.q, static_cast<double>(k + 1)) / sum);
    if (wanted < 1 || wanted > static_cast<double>(scores.size())) continue;
    const auto last = scores.begin() + static_cast<std::ptrdiff_t>(wanted) - 1;
    std::nth_element(scores.begin(), last, scores.end(), std::greater<>{});
    thresholds[k] = *last;
    for (std::size_t i = 0; i < gone.size(); ++i)
      if (o.score_q16[k][i] >= thresholds[k]) gone[i] = true;
  }
  return evaluate_thresholds(o, thresholds);
}

// The whole curve of the protocol: q = p/20 for p = 1 .. 39. Thresholds from `choose`; evaluate them on test outputs
// with `evaluate_thresholds`.
inline std::vector<operating_point> exit_fraction_curve(const exit_outputs& choose) {
  std::vector<operating_point> curve;
  for (int p = 1; p < 40; ++p) curve.push_back(calibrate(choose, exit_fractions{p / 20.0}));
  return curve;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
