// What leaving early costs each image at each exit, against the answer of the last exit: the losses whose mean
// host/risk_control.hpp keeps below a limit (kinds: model/guarantee.hpp). Those of accuracy and Brier score need
// labels, those of agreement none.
#ifndef OFFRAMP_HOST_EARLY_EXIT_LOSS_HPP
#define OFFRAMP_HOST_EARLY_EXIT_LOSS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <offramp/host/calibration_error.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/model/guarantee.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

using loss_table = std::vector<std::vector<double>>;  // [exit][image]

namespace detail {

// Half the squared distance, 0 to 1: of two distributions, or of one and a class.
inline double brier(const std::vector<double>& p, const std::vector<double>& q) {
  double sum = 0;
  for (std::size_t c = 0; c < p.size(); ++c) sum += (p[c] - q[c]) * (p[c] - q[c]);
  return sum / 2;
}
inline double brier(std::vector<double> p, int truth) {
  p[static_cast<std::size_t>(truth)] -= 1;
  return brier(p, std::vector<double>(p.size(), 0.0));
}

}  // namespace detail

// 0 to 1, and 0 at the last exit. A gap is its positive part, what the early answer loses; with `signed_gap` also what
// it gains, -1 to 1. Brier losses need logits.
inline loss_table early_exit_losses(const exit_outputs& o, risk_loss kind, bool signed_gap = false) {
  const std::size_t last = o.label.size() - 1;
  loss_table loss(o.label.size(), std::vector<double>(o.truth.size(), 0.0));
  const auto gap = [signed_gap](double early, double full) {
    return signed_gap ? early - full : std::max(0.0, early - full);
  };
  std::vector<double> p_last;
  std::vector<double> p;
  for (std::size_t i = 0; i < o.truth.size(); ++i) {
    const auto wrong = [&](std::size_t k) { return o.label[k][i] == o.truth[i] ? 0.0 : 1.0; };
    const bool brier = kind == risk_loss::brier_gap || kind == risk_loss::brier_consistency;
    if (brier) softmax_at(o, static_cast<int>(last), static_cast<int>(i), p_last);
    for (std::size_t k = 0; k < last; ++k) {
      if (brier) softmax_at(o, static_cast<int>(k), static_cast<int>(i), p);
      switch (kind) {
        case risk_loss::accuracy_gap: loss[k][i] = gap(wrong(k), wrong(last)); break;
        case risk_loss::disagreement: loss[k][i] = o.label[k][i] == o.label[last][i] ? 0.0 : 1.0; break;
        case risk_loss::brier_gap:
          loss[k][i] = gap(detail::brier(p, o.truth[i]), detail::brier(p_last, o.truth[i]));
          break;
        case risk_loss::brier_consistency: loss[k][i] = detail::brier(p, p_last); break;
        default: throw error("early_exit_losses: found no kind of loss, expected one of model/guarantee.hpp");
      }
    }
  }
  return loss;
}

// Under given thresholds.
inline double mean_loss(const exit_outputs& o, const loss_table& loss,
                        const std::vector<std::int32_t>& thresholds_q16) {
  double sum = 0;
  for (std::size_t i = 0; i < o.truth.size(); ++i) sum += loss[exit_of(o, i, thresholds_q16)][i];
  return sum / o.count();
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
