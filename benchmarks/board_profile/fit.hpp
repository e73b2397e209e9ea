// From counts to a profile, and what it is worth: trees from the library's own fit, the share beside the ops from a few
// networks, errors of networks that neither has seen.
#ifndef BENCHMARKS_BOARD_PROFILE_FIT_HPP
#define BENCHMARKS_BOARD_PROFILE_FIT_HPP

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <offramp/host/fit_latency.hpp>
#include <offramp/host/nonnegative_least_squares.hpp>
#include <offramp/host/table.hpp>
#include <offramp/latency/predict.hpp>

#include "benchmarks/board_profile/read_log.hpp"

namespace board_profile {

using offramp::op_class;
using offramp::profile_data;

template <class Path>
offramp::op_features features_of(const kernel_op& op) {
  return offramp::features<Path>(op, static_cast<std::int64_t>(4 * offramp::kernels::weight_words<Path>(op)));
}

template <class Path>
std::vector<host::latency_sample> samples_of(const std::vector<measured_op>& ops) {
  std::vector<host::latency_sample> all;
  for (const measured_op& m : ops) all.push_back({features_of<Path>(m.op), m.count});
  return all;
}

inline std::string percent(double share, int decimals = 1) { return host::fixed(100 * share, decimals) + " %"; }

// Of all steps and exits of a network, as `predict_steps` adds them up.
template <class Path>
double predict(const profile_data& p, const measured_network& n) {
  double sum = static_cast<double>(p.per_sample) + static_cast<double>(p.per_exit) * n.exits;
  for (const measured_op& m : n.steps)
    sum += offramp::op_latency(p, features_of<Path>(m.op)) + static_cast<double>(p.per_step);
  return sum;
}

// What a session takes beside its ops, from networks whose ops were measured inside them: least squares of (1, steps,
// exits), with errors relative to the whole.
inline void put_rest(profile_data& p, const std::vector<measured_network>& networks) {
  Eigen::MatrixXd a(static_cast<Eigen::Index>(networks.size()), 3);
  Eigen::VectorXd b(a.rows());
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    const measured_network& n = networks[static_cast<std::size_t>(i)];
    double rest = n.count;
    for (const measured_op& s : n.steps) rest -= s.count;
    a(i, 0) = 1 / n.count;
    a(i, 1) = static_cast<double>(n.steps.size()) / n.count;
    a(i, 2) = n.exits / n.count;
    b(i) = rest / n.count;
  }
  const Eigen::VectorXd x = host::nonnegative_least_squares(a, b);
  p.per_sample = static_cast<float>(x(0));
  p.per_step = static_cast<float>(x(1));
  p.per_exit = static_cast<float>(x(2));
}

template <class Path>
void put_quantile(profile_data& p, const std::vector<measured_network>& networks, double share) {
  std::vector<double> ratios;
  for (const measured_network& n : networks) ratios.push_back(n.count / predict<Path>(p, n));
  std::sort(ratios.begin(), ratios.end());
  if (ratios.empty()) return;
  const double at = share * static_cast<double>(ratios.size() - 1);
  p.quantile = static_cast<float>(share);
  p.quantile_ratio = static_cast<float>(std::max(1.0, ratios[static_cast<std::size_t>(std::ceil(at))]));
}

struct quality {
  double mape = 0, within_10 = 0, bias = 0, worst = 0;
};
inline quality quality_of(const std::vector<double>& ratio) {
  quality q;
  const auto n = static_cast<double>(ratio.size());
  for (const double r : ratio) {
    q.mape += std::fabs(r - 1) / n;
    q.bias += (r - 1) / n;
    q.within_10 += std::fabs(r - 1) <= 0.1 ? 1 / n : 0;
    q.worst = std::max(q.worst, std::fabs(r - 1));
  }
  return q;
}

// Kinds of ops that share loops, for tables of residuals.
inline std::string loops_of(const kernel_op& op) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  std::string t = std::string{to_string(s.what)} + " " + to_string(s.in);
  if (s.what == op_kind::conv) t += std::string{" by "} + to_string(s.weights);
  t += std::string{" to "} + to_string(s.out) + (s.add ? ", adds" : "") + (s.two_slopes ? ", two slopes" : "");
  if (s.grouped) t += w.groups == w.in.c ? ", depthwise" : ", groups";
  if (s.what == op_kind::conv && !s.grouped)
    t += w.out.positions() == 1 && w.kernel_h == w.in.h && w.kernel_w == w.in.w ? ", dense"
         : w.taps() == 1                                                        ? ", 1x1"
                                                                                : "";
  return t;
}

struct residual_sums {
  double measured = 0, predicted = 0, absolute = 0, relative = 0, worst = 0;
  int count = 0;
  void add(double m, double p) {
    measured += m;
    predicted += p;
    absolute += std::fabs(p - m);
    relative += std::fabs(p / m - 1);
    worst = std::max(worst, std::fabs(p / m - 1));
    ++count;
  }
};

// Residuals by `name_of(op)`, those first that take most of what is wrong.
template <class Predicted, class NameOf>
host::table residual_table(const std::vector<measured_op>& ops, Predicted predicted, NameOf name_of,
                           const std::string& what) {
  std::map<std::string, residual_sums> by;
  double all = 0;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    by[name_of(ops[i].op)].add(ops[i].count, predicted(i));
    all += ops[i].count;
  }
  std::vector<std::pair<std::string, residual_sums>> rows(by.begin(), by.end());
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.second.absolute > b.second.absolute; });
  host::table t{{what, "ops", "of the time", "bias", "error, by time", "mean error", "largest"}};
  for (const auto& [name, r] : rows)
    t.add({name, std::to_string(r.count), percent(r.measured / all), percent(r.predicted / r.measured - 1),
           percent(r.absolute / r.measured), percent(r.relative / r.count), percent(r.worst)});
  return t;
}

}  // namespace board_profile

#endif
