// Where and how a lowered network rounds, layer by layer: what the trainer's graph needs to compute as the integers
// will, and nothing of how they are stored. host/quantization_aware.hpp makes one from a quantized model.
#ifndef OFFRAMP_HOST_QUANTIZATION_PLAN_HPP
#define OFFRAMP_HOST_QUANTIZATION_PLAN_HPP

#include <vector>

#include <offramp/core/kind.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// real = (code - zero) * scale, code of the kind i8 or i16; none: not rounded.
struct rounding {
  kind codes = kind::none;
  double scale = 1;
  int zero = 0;

  [[nodiscard]] explicit operator bool() const { return codes != kind::none; }
};

struct layer_quantization {
  bool weights = false;    // conv2d, dense, cascade: i8 codes, symmetric, from -127 to 127
  bool one_scale = false;  // of the weights, for all output channels
  rounding input{};        // of what the layer reads (cascade: the previous logits), where its kind changes on the way
  rounding shortcut{};     // residual_end: of what the body is added to
  rounding output{};
};

// One per layer; empty: nothing is rounded.
using quantization_plan = std::vector<layer_quantization>;

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
