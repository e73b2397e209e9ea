// A model lowered to integers: scales and zero points of every tensor, and the canonical weights of every device op.
#ifndef OFFRAMP_HOST_QUANTIZED_MODEL_HPP
#define OFFRAMP_HOST_QUANTIZED_MODEL_HPP

#include <cstdint>
#include <vector>

#include <offramp/host/accumulate.hpp>
#include <offramp/host/lowered_program.hpp>
#include <offramp/host/model.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// real = (code - zero) * scale; {1, 0} for signs and floats.
struct quantization {
  double scale = 1;
  int zero = 0;
};

struct quantized_model {
  model source;
  lowered_program program;
  std::vector<quantization> tensors;  // one per tensor of the program
  // Per step: weight codes (or reals) [out_c][kh][kw][in_c] of a conv, {of the maximum, of the sum} of a mixed_pool.
  std::vector<tensor_values> kernels;
  std::vector<tensor_values> real_kernels;        // the same before rounding to codes: trained values, signs for bits
  std::vector<std::vector<double>> weight_scale;  // per step: real value of one weight code, per output channel
  std::vector<std::vector<std::uint32_t>> words;  // per step: canonical weights (kernels/weights.hpp)
  // Per step with two slopes, per channel: do the negative values of its rectifier lie above the threshold?
  std::vector<std::vector<bool>> flipped;

  // Real value of one unit of the accumulator of step s, channel c.
  [[nodiscard]] double unit(std::size_t s, int c) const {
    const double in = tensors[static_cast<std::size_t>(program.steps[s].in)].scale;
    return weight_scale[s].empty() ? in : in * weight_scale[s][static_cast<std::size_t>(c)];
  }
  // Real value of one unit of exit k's logits.
  [[nodiscard]] double logit_scale(std::size_t k) const {
    return tensors[static_cast<std::size_t>(program.logits[k])].scale;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
