// How far the confidence of an exit is from its accuracy: reliability by bins, and the expected calibration error
// (Guo et al. 2017, arXiv 1706.04599, equation 3), ECE = sum_b n_b/N * |accuracy_b - confidence_b|. Bins of equal
// width, open below and closed above: confidence p goes to bin ceil(bins * p) - 1. Empty bins count nothing.
#ifndef OFFRAMP_HOST_CALIBRATION_ERROR_HPP
#define OFFRAMP_HOST_CALIBRATION_ERROR_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// [bin]: mean confidence (largest softmax probability), share of right answers, images. Empty bins hold zeros.
struct reliability {
  std::vector<double> confidence;
  std::vector<double> accuracy;
  std::vector<int> count;
  double ece = 0;
};

namespace detail {

// Throws unless exit `exit` of these outputs has logits and images.
inline void expect_exit(const exit_outputs& o, int exit, const char* who) {
  if (o.count() == 0) throw error(std::string{who} + ": the set is empty, expected at least one image");
  if (exit < 0 || exit >= o.exits())
    throw error(std::string{who} + ": found exit " + std::to_string(exit) + ", expected 0 to " +
                std::to_string(o.exits() - 1));
}

// Real value of a unit of exit k's logits: floats are judged as they are.
inline double logit_unit(const exit_outputs& o, std::size_t k) { return o.integer_logits.empty() ? 1.0 : o.scale[k]; }

}  // namespace detail

// Softmax of the judged logits of one image at one exit, divided by a temperature; [classes], in double precision.
inline void softmax_at(const exit_outputs& o, int exit, int image, std::vector<double>& p, double temperature = 1) {
  const auto k = static_cast<std::size_t>(exit);
  const double unit = detail::logit_unit(o, k) / temperature;
  p.resize(static_cast<std::size_t>(o.classes));
  detail::with_logits(o, "softmax_at", [&]<class T>(T) {
    const T* z = o.logits<T>(k, static_cast<std::size_t>(image));
    for (std::size_t c = 0; c < p.size(); ++c) p[c] = unit * static_cast<double>(z[c]);
  });
  const double largest = *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (double& v : p) sum += v = std::exp(v - largest);
  for (double& v : p) v /= sum;
}

namespace detail {

inline reliability reliability_at(const exit_outputs& o, int exit, int bins, double temperature) {
  const auto n = static_cast<std::size_t>(bins);
  reliability r{std::vector<double>(n), std::vector<double>(n), std::vector<int>(n), 0};
  std::vector<double> p;
  for (int i = 0; i < o.count(); ++i) {
    softmax_at(o, exit, i, p, temperature);
    const double confidence = *std::max_element(p.begin(), p.end());
    const auto bin =
        static_cast<std::size_t>(std::clamp(static_cast<int>(std::ceil(bins * confidence)) - 1, 0, bins - 1));
    const auto at = static_cast<std::size_t>(i);
    r.confidence[bin] += confidence;
    r.accuracy[bin] += o.label[static_cast<std::size_t>(exit)][at] == o.truth[at] ? 1 : 0;
    ++r.count[bin];
  }
  for (std::size_t b = 0; b < n; ++b) {
    if (r.count[b] == 0) continue;
    r.ece += std::abs(r.accuracy[b] - r.confidence[b]) / o.count();
    r.confidence[b] /= r.count[b];
    r.accuracy[b] /= r.count[b];
  }
  return r;
}

}  // namespace detail

// Throws on outputs without images or logits, and on an exit or a number of bins that cannot be.
inline reliability reliability_of(const exit_outputs& o, int exit, int bins = 15) {
  detail::expect_exit(o, exit, "reliability_of");
  if (bins < 1) throw error("reliability_of: found " + std::to_string(bins) + " bins, expected at least 1");
  return detail::reliability_at(o, exit, bins, 1.0);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
