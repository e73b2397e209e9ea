// Thresholds from validation outputs, a wish and one call. Everything works on outputs stored once, for every criterion
// with a score and under every reuse policy:
//
//   calibrate(o, accuracy_drop{0.005})              cheapest with at most this loss on these images
//   calibrate(o, accuracy_drop{0.005, 0.1})         cheapest with a promise for images to come (host/risk_control.hpp)
//   calibrate(o, risk_control{...})                 the same for other losses and tests
//   calibrate(o, cost_budget{.share = 0.5})         most accurate within a mean cost (host/cost_budget.hpp)
//   calibrate(o, exit_fractions{0.7})               a wanted share leaves at each exit (host/exit_fractions.hpp)
//   per_class_thresholds(o, class_precision{0.95})  one threshold for each class (host/per_class_thresholds.hpp)
#ifndef OFFRAMP_HOST_CALIBRATE_HPP
#define OFFRAMP_HOST_CALIBRATE_HPP

#include <offramp/host/cost_budget.hpp>
#include <offramp/host/exit_fractions.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/per_class_thresholds.hpp>
#include <offramp/host/risk_control.hpp>
#include <offramp/host/threshold_search.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// The wish: as cheap as possible with at most this loss of accuracy against the last exit, 0.005 = half a point. With a
// risk, such as 0.1, the promise holds for images to come, but with this probability; without, for these images.
struct accuracy_drop {
  double most = 0.005;
  double risk = 0;
};

inline calibrated calibrate(const exit_outputs& o, accuracy_drop wish) {
  detail::expect_scores(o, "calibrate");
  if (wish.risk != 0) return calibrate(o, risk_control{.epsilon = wish.most, .delta = wish.risk});
  const double floor = exit_accuracy(o, o.exits() - 1) - wish.most;
  return {detail::search(o, threshold_grid(o), [floor](const operating_point& a, const operating_point& b) {
    return a.accuracy >= floor && a.mean_ops < b.mean_ops;
  })};
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
