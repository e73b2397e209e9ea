// The layers one device op computes, found again in the trained model: [conv2d|dense] [batch_norm] [relu] [sign].
#ifndef OFFRAMP_HOST_FUSED_LAYERS_HPP
#define OFFRAMP_HOST_FUSED_LAYERS_HPP

#include <offramp/host/batch_norm_eval.hpp>
#include <offramp/host/model.hpp>
#include <offramp/net/program.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct fused_layers {
  const layer_desc* conv = nullptr;
  const layer_parameters* conv_parameters = nullptr;
  const layer_parameters* norm = nullptr;
  bool relu = false;
  bool sign = false;

  // The trainer's own expression from what the convolution summed up (or the input of a pointwise op), `sum` units, to
  // the result before the sign, for channel c, all in float. Never inlined: compilers fuse multiply and add in one
  // place and not in another, and this must be one function to the last bit.
  [[nodiscard, gnu::noinline]] float apply(int c, float unit, float sum) const {
    const auto i = static_cast<std::size_t>(c);
    float x = unit * sum;
    if (conv != nullptr && !conv_parameters->bias.empty()) x += conv_parameters->bias[i];
    if (norm != nullptr) x = batch_norm_eval(x, norm->mean[i], norm->variance[i], norm->gamma[i], norm->beta[i]);
    return relu && x < 0 ? 0.0f : x;
  }

  // The same without relu as factor * x + bias, in double.
  [[nodiscard]] double factor(int c) const {
    const auto i = static_cast<std::size_t>(c);
    return norm == nullptr ? 1.0
                           : static_cast<double>(norm->gamma[i]) / std::sqrt(static_cast<double>(norm->variance[i]) +
                                                                             static_cast<double>(batch_norm_epsilon));
  }
  [[nodiscard]] double bias(int c) const {
    const auto i = static_cast<std::size_t>(c);
    const double b =
        conv != nullptr && !conv_parameters->bias.empty() ? static_cast<double>(conv_parameters->bias[i]) : 0.0;
    if (norm == nullptr) return b;
    return static_cast<double>(norm->beta[i]) + (b - static_cast<double>(norm->mean[i])) * factor(c);
  }
};

inline fused_layers layers_of(const model& m, const step_desc& s) {
  fused_layers f;
  if (s.op.signature.what != op_kind::conv && s.op.signature.what != op_kind::pointwise) return f;
  for (int i = s.layer_first; i < s.layer_last; ++i) {
    const layer_desc& d = m.layers[static_cast<std::size_t>(i)];
    const layer_parameters& p = m.parameters[static_cast<std::size_t>(i)];
    if (d.has_weights()) f.conv = &d, f.conv_parameters = &p;
    if (d.what == layer_kind::batch_norm) f.norm = &p;
    if (d.what == layer_kind::relu) f.relu = true;
    if (d.what == layer_kind::sign) f.sign = true;
  }
  return f;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
