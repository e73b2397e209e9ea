// Least squares with no negative coefficient, by the active sets of Lawson and Hanson (Solving Least Squares Problems,
// 1974, chapter 23): columns enter one by one where the gradient says so and leave where they would turn negative.
// Works on the normal equations of columns scaled to length one, so that many problems over parts of the same rows cost
// sums of small matrices. Columns that are (nearly) combinations of those already in are left out.
#ifndef OFFRAMP_HOST_NONNEGATIVE_LEAST_SQUARES_HPP
#define OFFRAMP_HOST_NONNEGATIVE_LEAST_SQUARES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <offramp/host/eigen.hpp>
#include <offramp/host/error.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// Solves gram z = right for the rows and columns `set` alone, by Cholesky. False where the last column of `set` is a
// combination of the others: less than `dependent` of its squared length is its own.
inline bool solve_subset(const Eigen::MatrixXd& gram, const Eigen::VectorXd& right, const std::vector<int>& set,
                         std::vector<double>& factor, std::vector<double>& z) {
  constexpr double dependent = 1e-12;
  const std::size_t n = set.size();
  factor.assign(n * n, 0.0);
  z.assign(n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = gram(set[i], set[j]);
      for (std::size_t k = 0; k < j; ++k) sum -= factor[i * n + k] * factor[j * n + k];
      if (i != j) {
        factor[i * n + j] = sum / factor[j * n + j];
      } else {
        if (!(sum > dependent)) return false;
        factor[i * n + i] = std::sqrt(sum);
      }
    }
  for (std::size_t i = 0; i < n; ++i) {
    double sum = right(set[i]);
    for (std::size_t k = 0; k < i; ++k) sum -= factor[i * n + k] * z[k];
    z[i] = sum / factor[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    double sum = z[i];
    for (std::size_t k = i + 1; k < n; ++k) sum -= factor[k * n + i] * z[k];
    z[i] = sum / factor[i * n + i];
  }
  return true;
}

}  // namespace detail

// The x >= 0 of least |A x - b|, given A'A, A'b and b'b. Columns of zeros get 0.
inline Eigen::VectorXd nonnegative_normal_equations(const Eigen::Ref<const Eigen::MatrixXd>& gram,
                                                    const Eigen::Ref<const Eigen::VectorXd>& right, double squared) {
  const auto n = static_cast<int>(right.size());
  Eigen::VectorXd scale(n);
  for (int j = 0; j < n; ++j) scale(j) = gram(j, j) > 0 ? 1 / std::sqrt(gram(j, j)) : 0;
  const Eigen::MatrixXd g = scale.asDiagonal() * gram * scale.asDiagonal();
  const Eigen::VectorXd h = scale.cwiseProduct(right);
  Eigen::VectorXd x = Eigen::VectorXd::Zero(n);
  const double least_gradient = 1e-9 * std::sqrt(squared);

  std::vector<int> in;  // columns with x > 0, in the order in which they came
  std::vector<bool> refused(static_cast<std::size_t>(n), false);
  std::vector<double> factor;
  std::vector<double> z;
  double gained = 0;  // squared error that is gone
  // In exact arithmetic every set of columns is met once; rounding is kept from going round by asking for progress.
  for (int round = 0; round < 20 * n + 20; ++round) {
    const Eigen::VectorXd gradient = h - g * x;
    int enters = -1;
    for (int j = 0; j < n; ++j)
      if (scale(j) > 0 && !(x(j) > 0) && !refused[static_cast<std::size_t>(j)] && gradient(j) > least_gradient &&
          (enters < 0 || gradient(j) > gradient(enters)))
        enters = j;
    if (enters < 0) break;
    std::vector<int> set = in;
    set.push_back(enters);
    if (!detail::solve_subset(g, h, set, factor, z) || !(z.back() > 0)) {
      refused[static_cast<std::size_t>(enters)] = true;
      continue;
    }
    Eigen::VectorXd to = x;
    bool solved = true;
    for (;;) {
      double step = 1;  // as far as no coefficient turns negative
      for (std::size_t i = 0; i < set.size(); ++i)
        if (!(z[i] > 0)) step = std::min(step, to(set[i]) / (to(set[i]) - z[i]));
      if (step >= 1) {
        for (std::size_t i = 0; i < set.size(); ++i) to(set[i]) = z[i];
        break;
      }
      std::vector<int> kept;
      for (std::size_t i = 0; i < set.size(); ++i) {
        const bool falls = !(z[i] > 0) && to(set[i]) / (to(set[i]) - z[i]) <= step;
        to(set[i]) = falls ? 0 : to(set[i]) + step * (z[i] - to(set[i]));
        if (to(set[i]) > 0) kept.push_back(set[i]);
      }
      set = kept;
      solved = !set.empty() && detail::solve_subset(g, h, set, factor, z);
      if (!solved) break;
    }
    const double now = 2 * h.dot(to) - to.dot(g * to);
    if (!solved || !(now > gained + 1e-14 * squared)) {
      refused[static_cast<std::size_t>(enters)] = true;
      continue;
    }
    gained = now;
    x = to;
    in = set;
    refused.assign(refused.size(), false);
  }
  return scale.cwiseProduct(x);
}

// The x >= 0 of least |a x - b|; a: rows x columns, b: rows. Throws where sizes differ or a number is not finite.
inline Eigen::VectorXd nonnegative_least_squares(const Eigen::MatrixXd& a, const Eigen::VectorXd& b) {
  if (a.rows() != b.size())
    throw error("nonnegative_least_squares: b has " + std::to_string(b.size()) + " rows, expected " +
                std::to_string(a.rows()) + " as the matrix has");
  if (!a.allFinite() || !b.allFinite())
    throw error("nonnegative_least_squares: found a number that is infinite or NaN, expected finite ones");
  // Lengths first: squares of very large or small columns would leave the range of double.
  Eigen::VectorXd scale(a.cols());
  for (Eigen::Index j = 0; j < a.cols(); ++j) {
    const double length = a.col(j).stableNorm();
    scale(j) = length > 0 ? 1 / length : 0;
  }
  const Eigen::MatrixXd unit = a * scale.asDiagonal();
  return scale.cwiseProduct(
      nonnegative_normal_equations(unit.transpose() * unit, unit.transpose() * b, b.squaredNorm()));
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
