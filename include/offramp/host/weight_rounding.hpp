// Weight codes chosen by what they do to the sums: with the input's second moments M = E[x x^T] the mean square error
// of an output is e^T M e, e = w - scale * codes. Where inputs go together (the pixels of a flat patch), the errors of
// their weights should cancel; nearest codes do not see that (Nagel et al. 2020, "Up or down?", equation 3).
#ifndef OFFRAMP_HOST_WEIGHT_ROUNDING_HPP
#define OFFRAMP_HOST_WEIGHT_ROUNDING_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <offramp/host/accumulate.hpp>
#include <offramp/host/eigen.hpp>
#include <offramp/host/weight_clipping.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// e^T M e; `moments` is [n][n], symmetric.
inline double output_error(std::span<const double> w, double scale, std::span<const double> codes,
                           const row_major<double>& moments) {
  Eigen::VectorXd e(static_cast<Eigen::Index>(w.size()));
  for (std::size_t i = 0; i < w.size(); ++i) e[static_cast<Eigen::Index>(i)] = w[i] - scale * codes[i];
  return e.dot(moments * e);
}

// Improves the codes (in place) one by one, each to the best value next to the others, until none changes. Never makes
// the error larger.
inline void descend_codes(std::span<const double> w, double scale, const row_major<double>& moments,
                          std::span<double> codes) {
  const auto n = static_cast<Eigen::Index>(w.size());
  Eigen::VectorXd e(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    e[i] = w[at] - scale * codes[at];
  }
  Eigen::VectorXd slope = moments * e;
  for (int turn = 0; turn < 20; ++turn) {
    bool changed = false;
    for (Eigen::Index i = 0; i < n; ++i) {
      double& code = codes[static_cast<std::size_t>(i)];
      if (!(moments(i, i) > 0)) continue;  // never read
      const double better = std::clamp(std::round(code + slope[i] / (moments(i, i) * scale)), -127.0, 127.0);
      // Ties and rounding of the sums must not go back and forth.
      const double by = scale * (better - code), gain = by * (2 * slope[i] - by * moments(i, i));
      if (better == code || !(gain > 1e-9 * by * by * moments(i, i))) continue;
      slope -= by * moments.col(i);
      code = better;
      changed = true;
    }
    if (!changed) return;
  }
}

// Scale and codes for one channel: the best of many scales where weights are few, of the given one where they are many.
inline double least_output_codes(std::span<const double> w, double scale, bool fixed_scale,
                                 const row_major<double>& moments, std::span<double> codes) {
  constexpr std::size_t few = 64;
  const double largest = largest_scale(w);
  std::vector<double> trial(w.size());
  double best = scale, least = 0;
  bool first = true;
  const auto attempt = [&](double s) {
    for (std::size_t i = 0; i < w.size(); ++i) trial[i] = nearest_code(w[i], s);
    descend_codes(w, s, moments, trial);
    const double error = output_error(w, s, trial, moments);
    if (!first && !(error < least)) return;
    first = false, least = error, best = s;
    std::copy(trial.begin(), trial.end(), codes.begin());
  };
  attempt(scale);
  if (!fixed_scale && w.size() <= few)
    for (int k = 50; k <= 250; k += 2) attempt(largest * k / 200);
  return best;
}

// Adds the second moments of what each output of a convolution reads, of one image: sums[g] is [depth][depth] for group
// g. Padding counts as the op pads: 0, or +1 for signs. `zero` is subtracted from the codes in `in`.
inline void add_second_moments(const kernel_op& op, const tensor_values& in, double zero,
                               std::vector<row_major<double>>& sums) {
  const window& w = op.geometry;
  const bool signs = op.signature.in == kind::bits;
  const int in_c = w.group_in_c();
  row_major<double> patches(w.out.positions(), w.depth());
  sums.resize(static_cast<std::size_t>(w.groups), row_major<double>::Zero(w.depth(), w.depth()));
  for (int g = 0; g < w.groups; ++g) {
    patches.setConstant(signs ? 1.0 : 0.0);
    for (int p = 0; p < w.out.positions(); ++p)
      for (int t = 0; t < w.taps(); ++t) {
        const int y = p / w.out.w * w.stride_h - w.pad_top + t / w.kernel_w;
        const int x = p % w.out.w * w.stride_w - w.pad_left + t % w.kernel_w;
        if (y < 0 || y >= w.in.h || x < 0 || x >= w.in.w) continue;
        const double* from = in.data() + (y * w.in.w + x) * w.in.c + g * in_c;
        for (int c = 0; c < in_c; ++c) patches(p, t * in_c + c) = from[c] - zero;
      }
    sums[static_cast<std::size_t>(g)].noalias() += patches.transpose() * patches;
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
