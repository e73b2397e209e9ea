// The fake-quantized network: the program evaluated by the trainer's expressions, in real numbers or on quantized
// values. On quantized values every op is, on identical inputs, equal to the lowered op: bits come from the trainer's
// batch norm and sign themselves, integers from one rounding of the exact product (architecture: equality).
#ifndef OFFRAMP_HOST_FAKE_QUANTIZED_HPP
#define OFFRAMP_HOST_FAKE_QUANTIZED_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <offramp/core/fixed_point.hpp>
#include <offramp/host/accumulate.hpp>
#include <offramp/host/fused_layers.hpp>
#include <offramp/host/quantized_model.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// One op in real numbers: what the trained network computes. `out` keeps its values where the op adds.
inline void run_real_step(const model& m, const step_desc& s, const tensor_values& kernel, const tensor_values& in,
                          tensor_values& out) {
  tensor_values acc;
  accumulate(s.op, in, 0.0, kernel, acc);
  const fused_layers f = layers_of(m, s);
  const window& w = s.op.geometry;
  const op_kind what = s.op.signature.what;
  if (!s.op.signature.add) out.assign(acc.size(), 0.0);
  for (std::size_t i = 0; i < acc.size(); ++i) {
    const int c = static_cast<int>(i) % w.out.c;
    double y = acc[i];
    if (what == op_kind::avg_pool) y /= w.taps();
    if (what == op_kind::conv || what == op_kind::pointwise)
      y = static_cast<double>(f.apply(c, 1.0f, static_cast<float>(y)));
    if (f.sign) y = y < 0 ? -1.0 : 1.0;
    out[i] += y;
  }
}

// One op on codes: signs stay -1/+1, integers are codes, floats reals.
inline void run_quantized_step(const quantized_model& q, std::size_t step, const tensor_values& in,
                               tensor_values& out) {
  const step_desc& s = q.program.steps[step];
  const op_signature& sig = s.op.signature;
  const window& w = s.op.geometry;
  const quantization& from = q.tensors[static_cast<std::size_t>(s.in)];
  tensor_values acc;
  accumulate(s.op, in, sig.what == op_kind::max_pool ? 0.0 : from.zero, q.kernels[step], acc);
  if (!sig.add) out.assign(acc.size(), 0.0);
  if (sig.what == op_kind::max_pool) {
    out = acc;
    return;
  }
  const fused_layers f = layers_of(q.source, s);
  const std::uint32_t* words = q.words[step].data();
  const auto channels = kernels::canonical_layout(s.op).channels;
  const auto integer = [&](std::size_t array, std::size_t c) {
    return static_cast<std::int32_t>(words[kernels::weight_layout::header_words + array * channels + c]);
  };
  for (std::size_t i = 0; i < acc.size(); ++i) {
    const int c = static_cast<int>(i) % w.out.c;
    const std::size_t set = sig.what == op_kind::avg_pool ? 0 : static_cast<std::size_t>(c);
    double y = 0;
    if (sig.out == kind::bits) {
      y = f.apply(c, static_cast<float>(q.unit(step, c)), static_cast<float>(acc[i])) < 0 ? -1.0 : 1.0;
    } else if (sig.out == kind::f32) {
      const double mean = sig.what == op_kind::avg_pool ? 1.0 / w.taps() : 1.0;
      y = acc[i] * q.unit(step, c) * mean * f.factor(c) + f.bias(c);
      if (f.relu) y = std::max(y, 0.0);
    } else if (sig.out == kind::i32) {
      y = acc[i] + integer(0, set);
    } else {
      const double low = static_cast<std::int32_t>(words[2]);
      const double high = static_cast<std::int32_t>(words[3]);
      if (sig.float_accumulator()) {
        const double scale = q.tensors[static_cast<std::size_t>(s.out)].scale;
        const double unit = q.unit(step, c) * (sig.what == op_kind::avg_pool ? 1.0 / w.taps() : 1.0);
        const auto factor = static_cast<float>(unit * f.factor(c) / scale);
        y = std::round(
            static_cast<double>(static_cast<float>(acc[i]) * factor + static_cast<float>(f.bias(c) / scale)));
      } else {
        const long double sum =
            std::ldexp(static_cast<long double>(acc[i]), accumulator_fraction_bits(sig)) + integer(0, set);
        y = static_cast<double>(std::floor(std::ldexp(sum * integer(1, set), integer(2, set) - 31) + 0.5L));
      }
      y = std::clamp(y + static_cast<std::int32_t>(words[1]), low, high);
      const double most = sig.out == kind::i8 ? 127 : 32767;
      if (sig.add) y = std::clamp(y + out[i], -most - 1, most) - out[i];
    }
    out[i] += y;
  }
}

// Runs the program on one image (pixel values as stored), `quantized`: on codes, else in real numbers. `seen(step,
// output)` is called after every op. Returns all tensors.
template <class Seen>
std::vector<tensor_values> run_program(const quantized_model& q, const std::uint8_t* pixels, bool quantized,
                                       Seen seen) {
  std::vector<tensor_values> t(q.program.tensors.size());
  const auto size = static_cast<std::size_t>(q.source.input.extent.size());
  t[0].assign(pixels, pixels + size);
  const bool real_input = q.source.input.element == kind::f32;  // a float image holds real values in either network
  if (real_input)
    for (double& x : t[0]) x = static_cast<double>(static_cast<float>(x - q.source.input_zero) * q.source.input_scale);
  else if (!quantized)
    for (double& x : t[0]) x = (x - q.source.input_zero) * static_cast<double>(q.source.input_scale);
  for (std::size_t s = 0; s < q.program.steps.size(); ++s) {
    const step_desc& step = q.program.steps[s];
    const tensor_values& in = t[static_cast<std::size_t>(step.in)];
    tensor_values& out = t[static_cast<std::size_t>(step.out)];
    if (quantized)
      run_quantized_step(q, s, in, out);
    else
      run_real_step(q.source, step, q.real_kernels[s], in, out);
    seen(step, out);
  }
  return t;
}
inline std::vector<tensor_values> run_program(const quantized_model& q, const std::uint8_t* pixels, bool quantized) {
  return run_program(q, pixels, quantized, [](const step_desc&, const tensor_values&) {});
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
