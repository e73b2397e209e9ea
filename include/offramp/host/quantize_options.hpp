// How quantize() chooses what it may choose: ranges of activations, codes of weights, corrected biases.
#ifndef OFFRAMP_HOST_QUANTIZE_OPTIONS_HPP
#define OFFRAMP_HOST_QUANTIZE_OPTIONS_HPP

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct quantized_model;

// Which of the values seen the codes of a tensor must reach. Tensors of 16 bits always reach all of them: their steps
// are so small that clipping has nothing to give.
enum class range_rule : unsigned char {
  min_max,
  percentile,   // all but a share at either end
  least_error,  // the range with the smallest mean square of rounding and clipping
};

enum class weight_rule : unsigned char {
  min_max,       // nearest code, the largest weight at +-127
  least_error,   // nearest code, the scale with the smallest mean square error of the weights
  least_output,  // codes (the nearest or the one beside it) and scale with the smallest error of the sums they make
};

struct quantize_options {
  range_rule activations = range_rule::min_max;
  double percentile = 99.9;  // of range_rule::percentile: so much lies below the upper end, and above the lower one
  weight_rule weights = weight_rule::min_max;
  bool correct_bias = false;  // biases make up for the mean error that roundings up to their layer leave
  // Scales and zeros of activations are those of this model, of the same network and lowering: not measured.
  const quantized_model* given = nullptr;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
