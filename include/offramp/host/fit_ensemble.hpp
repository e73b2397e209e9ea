// Fits the geometric ensemble of every exit (Zero Time Waste, stage 2): weights w_mj and class biases b_m that minimise
// the cross-entropy of e_m = 1/m sum_j exp(w_mj) z_j + b_m on stored outputs, each exit by itself, beginning at the
// plain geometric mean. Adam on the whole set, as in the paper, with a larger step and fewer of them. Use held-out
// outputs: those of the training set make the ensemble overconfident.
#ifndef OFFRAMP_HOST_FIT_ENSEMBLE_HPP
#define OFFRAMP_HOST_FIT_ENSEMBLE_HPP

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <offramp/host/eigen.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/policy_words.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct ensemble_options {
  int steps = 300;
  double rate = 0.02;
  double decay = 1e-3;  // pulls log weights and biases to 0, times |.|^2 / 2
  // The last exit answers by its own head, as in the paper: earlier ones, trained on a frozen network, know less.
  bool last_alone = false;
};

namespace detail {

// Real logits of exit k, [image][class].
inline row_major<double> real_logits_of(const exit_outputs& heads, std::size_t k) {
  row_major<double> z(heads.count(), heads.classes);
  with_logits(heads, "fit_ensemble", [&]<class T>(T) {
    for (int i = 0; i < heads.count(); ++i)
      for (int c = 0; c < heads.classes; ++c)
        z(i, c) = heads.scale[k] * static_cast<double>(heads.logits<T>(k, static_cast<std::size_t>(i))[c]);
  });
  return z;
}

}  // namespace detail

// `heads`: outputs of the heads by themselves (run with no_reuse). Throws on outputs without images.
inline ensemble_parameters fit_ensemble(const exit_outputs& heads, ensemble_options options = {}) {
  if (heads.count() == 0) throw error("fit_ensemble: the held-out set is empty, expected at least one image");
  ensemble_parameters p = plain_geometric_mean(heads.exits(), heads.classes);
  std::vector<row_major<double>> z;
  const double n = heads.count();
  for (std::size_t m = 0; m < heads.label.size(); ++m) {
    if (options.last_alone && m + 1 == heads.label.size()) {
      p.log_weight[m].assign(m + 1, -std::numeric_limits<double>::infinity());  // weight 0
      p.log_weight[m][m] = std::log(static_cast<double>(m + 1));                // weight 1
      break;
    }
    z.push_back(detail::real_logits_of(heads, m));
    const auto weights = static_cast<Eigen::Index>(m + 1);
    Eigen::VectorXd at = Eigen::VectorXd::Zero(weights + heads.classes);  // w_m0 .. w_mm, then b_m
    Eigen::VectorXd mean = at;
    Eigen::VectorXd square = at;
    for (int step = 1; step <= options.steps; ++step) {
      row_major<double> e = at.tail(heads.classes).transpose().replicate(heads.count(), 1);
      for (Eigen::Index j = 0; j < weights; ++j)
        e += std::exp(at(j)) / static_cast<double>(weights) * z[static_cast<std::size_t>(j)];
      e.colwise() -= e.rowwise().maxCoeff().eval();
      e = e.array().exp().matrix();
      const Eigen::VectorXd sums = e.rowwise().sum();
      e = sums.cwiseInverse().asDiagonal() * e;
      for (int i = 0; i < heads.count(); ++i) e(i, heads.truth[static_cast<std::size_t>(i)]) -= 1;  // softmax - target
      Eigen::VectorXd gradient = options.decay * at;
      for (Eigen::Index j = 0; j < weights; ++j)
        gradient(j) +=
            std::exp(at(j)) / static_cast<double>(weights) * e.cwiseProduct(z[static_cast<std::size_t>(j)]).sum() / n;
      gradient.tail(heads.classes) += e.colwise().sum().transpose() / n;
      mean = 0.9 * mean + 0.1 * gradient;
      square = 0.999 * square + 0.001 * gradient.cwiseProduct(gradient);
      const double unbias = std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step));
      at -= options.rate * unbias * (mean.array() / (square.array().sqrt() + 1e-8)).matrix();
    }
    for (Eigen::Index j = 0; j < weights; ++j) p.log_weight[m][static_cast<std::size_t>(j)] = at(j);
    for (int c = 0; c < heads.classes; ++c) p.bias[m][static_cast<std::size_t>(c)] = at(weights + c);
  }
  return p;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
