// Bias correction: b += E[W x] - E[Wq xq] per output channel, over calibration images. x is what the layer reads in the
// trained network, xq what it reads in the quantized one, whose earlier layers are corrected already: each layer makes
// up for the mean error of all roundings up to it (Nagel et al. 2019, section 4.2, measured on data).
#ifndef OFFRAMP_HOST_BIAS_CORRECTION_HPP
#define OFFRAMP_HOST_BIAS_CORRECTION_HPP

#include <cstddef>
#include <vector>

#include <offramp/host/accumulate.hpp>
#include <offramp/host/quantized_model.hpp>

namespace offramp::inline OFFRAMP_ABI::host::detail {

// Where a constant can be added to the sums of a step: a convolution with a bias of its own, or with a batch norm or
// shift right behind it.
inline bool takes_bias(const model& m, const step_desc& s) {
  const auto first = static_cast<std::size_t>(s.layer_first);
  if (s.op.signature.what != op_kind::conv || s.layer_first == s.layer_last || !m.layers[first].has_weights())
    return false;
  return !m.parameters[first].bias.empty() || (s.layer_first + 1 < s.layer_last && m.layers[first + 1].is_affine());
}

// Adds `by` to the sums of channel c.
inline void add_to_sums(model& m, const step_desc& s, std::size_t c, double by) {
  layer_parameters& own = m.parameters[static_cast<std::size_t>(s.layer_first)];
  layer_parameters& next = m.parameters[static_cast<std::size_t>(s.layer_first) + (own.bias.empty() ? 1 : 0)];
  float& value = next.mean.empty() ? next.bias[c] : next.mean[c];
  value = static_cast<float>(static_cast<double>(value) + (next.mean.empty() ? by : -by));
}

// Adds the sums over all positions per channel: `sums` begins empty, or holds those of other images.
inline void add_channel_sums(const kernel_op& op, const tensor_values& in, double zero, const tensor_values& kernel,
                             std::vector<double>& sums) {
  tensor_values acc;
  accumulate(op, in, zero, kernel, acc);
  const auto channels = static_cast<std::size_t>(op.geometry.out.c);
  sums.resize(channels);
  for (std::size_t i = 0; i < acc.size(); ++i) sums[i % channels] += acc[i];
}

}  // namespace offramp::inline OFFRAMP_ABI::host::detail

#endif
