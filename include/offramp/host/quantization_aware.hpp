// Quantization-aware training: fine-tuning with weights and activations on the places their integers can take, so that
// the network learns around the rounding (Jacob et al. 2018). Quantize the trained model, train it on with its
// quantization points, quantize the result with the same scales:
//
//   quantized_model q = quantize<Device>(m, images, options);
//   train_options.start = &m, train_options.graph.quantization = quantization_points(q);
//   quantized_model better = quantize<Device>(train<Net>(set, recipe, train_options), images, {.given = &q});
#ifndef OFFRAMP_HOST_QUANTIZATION_AWARE_HPP
#define OFFRAMP_HOST_QUANTIZATION_AWARE_HPP

#include <cstddef>
#include <vector>

#include <offramp/host/quantization_plan.hpp>
#include <offramp/host/quantized_model.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

inline rounding rounding_of(const quantized_model& q, int tensor) {
  const kind k = q.program.tensors[static_cast<std::size_t>(tensor)].element;
  if (k != kind::i8 && k != kind::i16) return {};
  const quantization& t = q.tensors[static_cast<std::size_t>(tensor)];
  return {k, t.scale, t.zero};
}

// Calls f(layer) for all layers that read what stands at layer i, looking through those that only pass it on.
template <class F>
void for_each_reader(const std::vector<layer_desc>& layers, std::size_t i, F f) {
  switch (layers[i].what) {
    case layer_kind::residual_begin:
    case layer_kind::branch_begin:
    case layer_kind::flatten: return for_each_reader(layers, i + 1, f);
    case layer_kind::concat_begin:
      for (std::size_t b = i + 1; b < static_cast<std::size_t>(layers[i].partner); ++b)
        if (layers[b].what == layer_kind::branch_begin && layers[b].partner == static_cast<int>(i))
          for_each_reader(layers, b, f);
      return;
    default: return f(i);
  }
}

}  // namespace detail

// Where the lowered program rounds, as the trainer's graph takes it (graph_options::quantization; evaluate() takes it,
// too). The graph rounds as
// the integers do, with three differences: weights by their largest value, as weight_rule::min_max says; a user's layer
// is rounded on both sides, but computes in float; a 16-bit sum of a residual does not saturate.
inline quantization_plan quantization_points(const quantized_model& q) {
  const std::vector<layer_desc>& layers = q.source.layers;
  quantization_plan plan(layers.size());
  for (const step_desc& s : q.program.steps) {
    const op_signature& sig = s.op.signature;
    const auto first = static_cast<std::size_t>(s.layer_first);
    const rounding out = detail::rounding_of(q, s.out);
    if (s.layer_first == s.layer_last) {  // a change of kind before that layer
      if (!out || sig.in == sig.out) continue;
      if (layers[first].what == layer_kind::concat_end) {
        plan[first].output = out;
        continue;
      }
      if (layers[first].what == layer_kind::residual_begin)
        plan[static_cast<std::size_t>(layers[first].partner)].shortcut = out;
      detail::for_each_reader(layers, first, [&](std::size_t reader) { plan[reader].input = out; });
      continue;
    }
    if (layers[first].has_weights() && sig.weights == kind::i8)
      plan[first].weights = true, plan[first].one_scale = sig.out == kind::i32 && !sig.add;
    if (!out || sig.what == op_kind::copy || sig.what == op_kind::max_pool) continue;
    if (layers[first].what == layer_kind::residual_begin)
      plan[static_cast<std::size_t>(layers[first].partner)].shortcut = out;
    else
      plan[static_cast<std::size_t>(s.layer_last - 1)].output = out;
    // Sums of a stream of 8 bits reach its ends.
    const auto next = static_cast<std::size_t>(s.layer_last);
    if (sig.add && sig.out == kind::i8 && next < layers.size() && layers[next].what == layer_kind::residual_end)
      plan[next].output = out;
  }
  return plan;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
