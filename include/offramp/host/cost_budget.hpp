// The most accurate thresholds within a mean cost.
#ifndef OFFRAMP_HOST_COST_BUDGET_HPP
#define OFFRAMP_HOST_COST_BUDGET_HPP

#include <concepts>
#include <string>

#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/threshold_search.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// The wish: as accurate as possible at this mean cost, every head that ran paid for. One of the two.
struct cost_budget {
  double share = 0;     // of the cost of the network without early exits
  double mean_ops = 0;  // OPs
};

// Throws on outputs without scores, and on a budget below the cost of the first exit.
template <std::same_as<cost_budget> Wish>
operating_point calibrate(const exit_outputs& o, const Wish& wish) {
  detail::expect_scores(o, "calibrate");
  if ((wish.share > 0) == (wish.mean_ops > 0))
    throw error("calibrate: found a budget of " + std::to_string(wish.share) + " of the full cost and of " +
                std::to_string(wish.mean_ops) + " OPs, expected one of them above 0");
  const double budget = wish.mean_ops > 0 ? wish.mean_ops : wish.share * static_cast<double>(o.full_ops);
  if (!(budget >= static_cast<double>(o.ops[0])))
    throw error("calibrate: found a budget of " + std::to_string(budget) + " OPs, expected at least the " +
                std::to_string(o.ops[0]) + " of the first exit");
  const auto dearest = static_cast<double>(o.ops.back());
  return detail::priced_search(
      o, threshold_grid(o), [](const operating_point& p) { return -p.accuracy; },
      [dearest](const operating_point& p) { return p.mean_ops / dearest; }, budget / dearest);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
