// Accuracy under budgets: settings of thresholds are proposed and chosen on the validation part alone, under a limit of
// its mean cost, and measured on the test part. Proposals are one threshold for all exits, swept, and the wanted exit
// fractions of MSDNet (Huang et al. 2018): f_k proportional to q^k.
#ifndef BENCHMARKS_STUDY_OPERATING_POINTS_HPP
#define BENCHMARKS_STUDY_OPERATING_POINTS_HPP

#include <limits>
#include <utility>
#include <vector>

#include <offramp/host/exit_fractions.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/threshold_search.hpp>

namespace study {

namespace host = offramp::host;

// Accuracy that a budget buys, [budget]; not a number where the first exit alone costs more.
struct budget_curve {
  std::vector<double> budget;  // of the backbone and its last head alone
  std::vector<double> share;   // what the test part costs, the same unit
  std::vector<double> accuracy, validation;
};

inline std::vector<double> study_budgets() {
  std::vector<double> all;
  for (int percent = 10; percent <= 110; percent += 5) all.push_back(percent / 100.0);
  return all;
}

inline budget_curve curve_under_budgets(const host::exit_outputs& validation, const host::exit_outputs& test) {
  std::vector<host::operating_point> points = host::sweep(validation, host::threshold_grid(validation));
  for (host::operating_point& p : host::exit_fraction_curve(validation)) points.push_back(std::move(p));
  budget_curve curve;
  const auto full = static_cast<double>(test.full_ops);
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  for (const double budget : study_budgets()) {
    const host::operating_point* best = nullptr;
    for (const host::operating_point& p : points)
      if (p.mean_ops <= budget * full &&
          (!best || p.accuracy > best->accuracy || (p.accuracy == best->accuracy && p.mean_ops < best->mean_ops)))
        best = &p;
    curve.budget.push_back(budget);
    if (!best) {
      for (auto* const v : {&curve.share, &curve.accuracy, &curve.validation}) v->push_back(none);
      continue;
    }
    const host::operating_point measured = host::evaluate_thresholds(test, best->thresholds_q16);
    curve.share.push_back(measured.mean_ops / full);
    curve.accuracy.push_back(measured.accuracy);
    curve.validation.push_back(best->accuracy);
  }
  return curve;
}

}  // namespace study

#endif
