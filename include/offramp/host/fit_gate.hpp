// Fits the learned gate of every exit (exits/learned_gate.hpp): logistic regression on three features of its judged
// logits, target "this exit is right", by Newton's method (iteratively reweighted least squares). Right and wrong
// answers weigh the same in sum, so that 0.5 is a fair threshold; a ridge keeps separable data finite. Fit it on
// held-out data: on training data a network looks almost always right.
#ifndef OFFRAMP_HOST_FIT_GATE_HPP
#define OFFRAMP_HOST_FIT_GATE_HPP

#include <Eigen/Cholesky>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <offramp/exits/learned_gate.hpp>
#include <offramp/host/eigen.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct gate_options {
  double ridge = 1e-3;  // times |w|^2 / 2, beside the mean loss
  int steps = 50;       // of Newton, at most
};

namespace detail {

using gate_vector = Eigen::Matrix<double, 1 + learned_gate::features, 1>;

// Rows (1, features) of one exit, and whether it was right.
struct gate_data {
  Eigen::Matrix<double, Eigen::Dynamic, 1 + learned_gate::features> x;
  Eigen::VectorXd right;
};

inline gate_data gate_data_of(const exit_outputs& o, std::size_t exit) {
  gate_data d;
  d.x.resize(o.count(), 1 + learned_gate::features);
  d.right.resize(o.count());
  with_logits(o, "fit_gate", [&]<class T>(T) {
    for (int i = 0; i < o.count(); ++i) {
      const auto image = static_cast<std::size_t>(i);
      const T* z = o.logits<T>(exit, image);
      d.x(i, 0) = 1;
      for (int f = 0; f < learned_gate::features; ++f)
        if constexpr (std::is_same_v<T, float>)
          d.x(i, 1 + f) = static_cast<double>(learned_gate::features_of(z, o.classes).value[f]);
        else
          d.x(i, 1 + f) = learned_gate::features_of(z, o.classes, o.unit[exit]).q16[f] / 65536.0;
      d.right(i) = o.label[exit][image] == o.truth[image] ? 1 : 0;
    }
  });
  return d;
}

// log(1 + exp(u)) without overflow.
inline double softplus(double u) { return std::max(u, 0.0) + std::log1p(std::exp(-std::abs(u))); }

inline gate_vector fit_logistic(const gate_data& d, const gate_options& options) {
  gate_vector w = gate_vector::Zero();
  const double n = static_cast<double>(d.right.size());
  const double rights = d.right.sum();
  if (rights == 0 || rights == n) {  // nothing to tell apart: as sure as the count allows
    w(0) = std::log((rights + 1) / (n - rights + 1));
    return w;
  }
  const Eigen::VectorXd weight =
      d.right * (0.5 / rights) + (Eigen::VectorXd::Ones(d.right.size()) - d.right) * (0.5 / (n - rights));
  gate_vector ridge = gate_vector::Constant(options.ridge);
  ridge(0) = 0;
  const auto loss = [&](const gate_vector& at) {
    const Eigen::VectorXd u = d.x * at;
    double sum = 0.5 * at.cwiseProduct(at).dot(ridge);
    for (Eigen::Index i = 0; i < u.size(); ++i) sum += weight(i) * (softplus(u(i)) - d.right(i) * u(i));
    return sum;
  };
  double now = loss(w);
  for (int step = 0; step < options.steps; ++step) {
    const Eigen::VectorXd p = (1.0 + (-(d.x * w).array()).exp()).inverse().matrix();
    const gate_vector gradient = d.x.transpose() * weight.cwiseProduct(p - d.right) + ridge.cwiseProduct(w);
    const Eigen::VectorXd curvature = weight.array() * p.array() * (1.0 - p.array());
    Eigen::Matrix<double, 1 + learned_gate::features, 1 + learned_gate::features> hessian =
        d.x.transpose() * curvature.asDiagonal() * d.x;
    hessian.diagonal() += ridge + gate_vector::Constant(1e-9);
    const gate_vector move = hessian.ldlt().solve(gradient);
    double length = 1;
    double next = loss(w - move);
    while (next > now && length > 1e-6) next = loss(w - (length /= 2) * move);
    if (!(next < now - 1e-12)) break;
    w -= length * move;
    now = next;
  }
  return w;
}

}  // namespace detail

// Parameters of every exit, [exit][4]: b, w0, w1, w2 in Q16. Throws on outputs without images.
inline std::vector<std::uint32_t> fit_gate(const exit_outputs& o, gate_options options = {}) {
  if (o.count() == 0) throw error("fit_gate: the held-out set is empty, expected at least one image");
  std::vector<std::uint32_t> words;
  for (std::size_t k = 0; k < o.label.size(); ++k) {
    const detail::gate_vector w = detail::fit_logistic(detail::gate_data_of(o, k), options);
    for (const double v : w)
      words.push_back(static_cast<std::uint32_t>(
          static_cast<std::int32_t>(std::lround(std::clamp(v * 65536.0, -2147483000.0, 2147483000.0)))));
  }
  return words;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
