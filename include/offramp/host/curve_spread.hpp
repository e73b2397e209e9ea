// The same experiment under several seeds as one curve: accuracy at given costs, its mean and its spread over the runs.
#ifndef OFFRAMP_HOST_CURVE_SPREAD_HPP
#define OFFRAMP_HOST_CURVE_SPREAD_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/plot_data.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// One run: accuracy at each cost, in any order and any unit (the same for all runs).
struct cost_curve {
  std::vector<double> cost, accuracy;
};

// One value per given cost; not a number where it is not known.
struct curve_spread {
  std::vector<double> x, mean;
  std::vector<double> deviation, standard_error;  // over the runs; not given for a single one
  std::vector<double> low, high;                  // the lowest and the highest run
  int runs = 0;
};

// Accuracy at this cost, on straight lines between the points: what choosing at random between two settings reaches.
// Where several points have one cost, the best counts. Beyond the most expensive point its accuracy stays, as nobody
// has to spend more; below the cheapest there is none: not a number. Throws where sizes differ, the curve is empty, or
// a value is not finite.
inline double accuracy_at(const cost_curve& curve, double cost) {
  if (curve.cost.empty() || curve.cost.size() != curve.accuracy.size())
    throw error("accuracy_at: found " + std::to_string(curve.cost.size()) + " costs and " +
                std::to_string(curve.accuracy.size()) + " accuracies, expected one of each per point and at least one");
  double below = -std::numeric_limits<double>::infinity(), above = -below, at_below = 0, at_above = 0;
  for (std::size_t i = 0; i < curve.cost.size(); ++i) {
    const double x = curve.cost[i], y = curve.accuracy[i];
    if (!std::isfinite(x) || !std::isfinite(y))
      throw error("accuracy_at: point " + std::to_string(i) + " of the curve is not finite");
    if (x <= cost && (x > below || (x == below && y > at_below))) below = x, at_below = y;
    if (x >= cost && (x < above || (x == above && y > at_above))) above = x, at_above = y;
  }
  if (std::isinf(below)) return std::numeric_limits<double>::quiet_NaN();
  if (std::isinf(above) || above == below) return at_below;
  return at_below + (at_above - at_below) * (cost - below) / (above - below);
}

// Mean, sample standard deviation, standard error of the mean and extremes of the runs' accuracy at every cost of `xs`;
// not given where a run does not reach down to that cost. Throws as `accuracy_at`, and without runs.
inline curve_spread spread_curve(const std::vector<cost_curve>& runs, const std::vector<double>& xs) {
  if (runs.empty()) throw error("spread_curve: found no run, expected at least one");
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  curve_spread out;
  out.x = xs;
  out.runs = static_cast<int>(runs.size());
  const auto n = static_cast<double>(runs.size());
  for (const double x : xs) {
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(accuracy_at(run, x));
    if (std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); }))
      values.assign(runs.size(), none);
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double v : values) squares += (v - mean) * (v - mean);
    const double deviation = runs.size() > 1 ? std::sqrt(squares / (n - 1)) : none;
    out.mean.push_back(mean);
    out.deviation.push_back(deviation);
    out.standard_error.push_back(deviation / std::sqrt(n));
    out.low.push_back(*std::min_element(values.begin(), values.end()));
    out.high.push_back(*std::max_element(values.begin(), values.end()));
  }
  return out;
}

// Costs from the one that every run reaches down to, up to the most expensive point of any, at equal distances.
inline std::vector<double> common_costs(const std::vector<cost_curve>& runs, int points = 40) {
  double low = -std::numeric_limits<double>::infinity(), high = low;
  for (const auto& run : runs) {
    if (run.cost.empty()) throw error("common_costs: found a run without points, expected at least one");
    low = std::max(low, *std::min_element(run.cost.begin(), run.cost.end()));
    high = std::max(high, *std::max_element(run.cost.begin(), run.cost.end()));
  }
  if (runs.empty() || points < 2)
    throw error("common_costs: found " + std::to_string(runs.size()) + " runs and " + std::to_string(points) +
                " points, expected at least one run and two points");
  std::vector<double> xs;
  for (int i = 0; i < points; ++i) xs.push_back(low + (high - low) * i / (points - 1));
  return xs;
}

// To be drawn: the mean, with a band of one standard deviation either side, or of the extremes; no band for one run.
enum class band_width { deviation, standard_error, extremes };

inline curve spread_band(const std::string& name, const curve_spread& s, band_width width = band_width::deviation) {
  curve out{name, s.x, s.mean};
  out.points = false;
  if (s.runs < 2) return out;
  for (std::size_t i = 0; i < s.x.size(); ++i) {
    const double side = width == band_width::standard_error ? s.standard_error[i] : s.deviation[i];
    out.low.push_back(width == band_width::extremes ? s.low[i] : s.mean[i] - side);
    out.high.push_back(width == band_width::extremes ? s.high[i] : s.mean[i] + side);
  }
  return out;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
