// The scale of symmetric weight codes that makes the mean square error least: a smaller scale rounds finer and clips
// the largest weights.
#ifndef OFFRAMP_HOST_WEIGHT_CLIPPING_HPP
#define OFFRAMP_HOST_WEIGHT_CLIPPING_HPP

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

inline double nearest_code(double w, double scale) { return std::clamp(std::round(w / scale), -127.0, 127.0); }

// The scale at which the largest weight is 127; 1 where all are 0.
inline double largest_scale(std::span<const double> w) {
  double most = 0;
  for (const double v : w) most = std::max(most, std::abs(v));
  return most > 0 ? most / 127 : 1.0;
}

// Sum of squared differences between the weights and their nearest codes.
inline double rounding_error(std::span<const double> w, double scale) {
  double sum = 0;
  for (const double v : w) {
    const double e = v - scale * nearest_code(v, scale);
    sum += e * e;
  }
  return sum;
}

// The error is a parabola of the scale between two scales at which a code changes: candidates a few per cent apart
// find the parabolas, two steps of least squares on the codes (Lloyd 1982) their lowest points. Candidates go above
// largest_scale, too: few weights may happen to lie close to whole codes there.
inline double least_error_scale(std::span<const double> w) {
  const double largest = largest_scale(w);
  double best = largest, least = rounding_error(w, largest);
  for (int k = 40; k <= 250; ++k) {
    double scale = largest * k / 200;
    for (int turn = 0;; ++turn) {
      const double error = rounding_error(w, scale);
      if (error < least) least = error, best = scale;
      if (turn == 2) break;
      double products = 0, squares = 0;
      for (const double v : w) {
        const double code = nearest_code(v, scale);
        products += v * code, squares += code * code;
      }
      if (squares == 0) break;
      scale = products / squares;
    }
  }
  return best;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
