// Weights as codes: per output channel symmetric i8, signs, or fixed integers of a pooling.
#ifndef OFFRAMP_HOST_WEIGHT_CODES_HPP
#define OFFRAMP_HOST_WEIGHT_CODES_HPP

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/folding.hpp>
#include <offramp/host/fused_layers.hpp>
#include <offramp/host/layers/pooling.hpp>
#include <offramp/host/quantize_options.hpp>
#include <offramp/host/quantized_model.hpp>
#include <offramp/host/weight_clipping.hpp>

namespace offramp::inline OFFRAMP_ABI::host::detail {

// The binomial filter of a blur pooling: its integers are exact, their sum is the scale.
inline void fixed_kernel(quantized_model& q, std::size_t s, const layer_desc& d) {
  const std::vector<int> taps = layers::blur_taps(d.kernel_h);
  double sum = 0;
  for (const int a : taps)
    for (const int b : taps) sum += a * b;
  for (int c = 0; c < d.out.c; ++c)
    for (const int a : taps)
      for (const int b : taps) {
        q.real_kernels[s].push_back(a * b / sum);
        q.kernels[s].push_back(q.program.steps[s].op.signature.weights == kind::f32 ? a * b / sum : a * b);
      }
  if (q.program.steps[s].op.signature.weights != kind::f32)
    q.weight_scale[s].assign(static_cast<std::size_t>(d.out.c), 1.0 / sum);
}

// What maximum and sum of a mixed pooling count: integers as large as the accumulator allows.
inline void quantize_mixture(quantized_model& q, std::size_t s) {
  const step_desc& step = q.program.steps[s];
  const op_signature& sig = step.op.signature;
  const int taps = step.op.geometry.taps();
  const auto a = static_cast<double>(q.source.parameters[static_cast<std::size_t>(step.layer_first)].weights[0]);
  const double b = (1 - a) / taps;
  q.real_kernels[s] = q.kernels[s] = {a, b};
  if (sig.float_accumulator()) return;
  const int limit = 2147483647 / (sig.in == kind::i16 ? 32768 : 255);  // an input less its zero is at most that large
  if (taps > limit)
    throw error("quantize: layer " + std::to_string(step.layer_first) + ": a mean of " + std::to_string(taps) +
                " numbers can exceed a 32-bit accumulator, expected at most " + std::to_string(limit));
  const mixture_constants m = find_mixture(a, b, taps, limit);
  q.kernels[s] = {static_cast<double>(m.maximum), static_cast<double>(m.sum)};
  q.weight_scale[s].assign(static_cast<std::size_t>(step.op.geometry.out.c), m.unit);
}

// Logits have one unit: the weights of all classes share a scale.
inline bool one_weight_scale(const op_signature& sig) { return sig.out == kind::i32 && !sig.add; }

// Weight codes and scales of a step. least_output begins as least_error.
inline void quantize_kernel(quantized_model& q, std::size_t s, weight_rule rule) {
  const step_desc& step = q.program.steps[s];
  const op_signature& sig = step.op.signature;
  if (sig.what == op_kind::mixed_pool) return quantize_mixture(q, s);
  if (sig.what != op_kind::conv) return;
  const layer_desc& layer = q.source.layers[static_cast<std::size_t>(step.layer_first)];
  const auto channels = static_cast<std::size_t>(step.op.geometry.out.c);
  tensor_values& codes = q.kernels[s];
  q.weight_scale[s].assign(channels, 1.0);
  if (layer.what == layer_kind::blur_pool) return fixed_kernel(q, s, layer);
  const std::vector<float>& latent = layers_of(q.source, step).conv->weights;
  const std::size_t each = latent.size() / channels;
  codes.assign(latent.begin(), latent.end());
  if (sig.weights == kind::bits)
    for (double& w : codes) w = w < 0 ? -1.0 : 1.0;
  q.real_kernels[s] = codes;
  if (sig.weights != kind::i8) return;
  const std::size_t together = one_weight_scale(sig) ? channels : 1;
  for (std::size_t c = 0; c < channels; c += together) {
    const std::span<double> w{codes.data() + c * each, together * each};
    const double scale = rule == weight_rule::min_max ? largest_scale(w) : least_error_scale(w);
    for (std::size_t i = c; i < c + together; ++i) q.weight_scale[s][i] = scale;
    for (double& v : w) v = nearest_code(v, scale);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::host::detail

#endif
