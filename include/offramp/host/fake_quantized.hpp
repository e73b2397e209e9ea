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
#include <offramp/host/device_tensor.hpp>
#include <offramp/host/fused_layers.hpp>
#include <offramp/host/quantized_model.hpp>
#include <offramp/kernels/reference/code.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// A concat's copy, the same for reals and codes.
inline void copy_channels(const window& w, const tensor_values& in, tensor_values& out) {
  out.resize(static_cast<std::size_t>(w.out.size()));
  for (int p = 0; p < w.in.positions(); ++p)
    std::copy_n(in.begin() + p * w.in.c, w.in.c, out.begin() + p * w.out.c + w.out_first);
}

inline void run_user_forward(const model& m, const step_desc& s, const tensor_values& in, tensor_values& out) {
  const std::vector<float> x(in.begin(), in.end());
  std::vector<float> y(static_cast<std::size_t>(s.op.geometry.out.size()));
  s.op.signature.user->forward(s.op.geometry.in, m.parameters[static_cast<std::size_t>(s.layer_first)].weights.data(),
                               x.data(), y.data());
  out.assign(y.begin(), y.end());
}

// A user's op is its own reference: the device code runs here.
inline void run_user_op(const quantized_model& q, std::size_t step, const tensor_values& in, tensor_values& out) {
  const step_desc& s = q.program.steps[step];
  const device_tensor from = to_device(q.program.tensors[static_cast<std::size_t>(s.in)], in);
  device_tensor to{q.program.tensors[static_cast<std::size_t>(s.out)]};
  std::vector<std::uint64_t> scratch((s.op.signature.user->scratch_bytes(s.op.geometry.in) + 7) / 8);
  s.op.signature.user->run(kernels::code<path::reference>::user_arguments_of(
      s.op, {from.data(), q.words[step].data(), to.data(), scratch.data()}));
  out = from_device(q.program.tensors[static_cast<std::size_t>(s.out)], to.data());
}

}  // namespace detail

// One op in real numbers: what the trained network computes. `out` keeps its values where the op adds.
inline void run_real_step(const model& m, const step_desc& s, const tensor_values& kernel, const tensor_values& in,
                          tensor_values& out) {
  if (s.op.signature.what == op_kind::copy) return detail::copy_channels(s.op.geometry, in, out);
  if (s.op.signature.what == op_kind::user) return detail::run_user_forward(m, s, in, out);
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
  if (sig.what == op_kind::copy) return detail::copy_channels(w, in, out);
  if (sig.what == op_kind::user) return detail::run_user_op(q, step, in, out);
  const quantization& from = q.tensors[static_cast<std::size_t>(s.in)];
  tensor_values acc;
  accumulate(s.op, in, sig.what == op_kind::max_pool ? 0.0 : from.zero, q.kernels[step], acc);
  if (sig.rectified)
    for (double& a : acc) a = std::max(a, 0.0);
  if (!sig.add) out.assign(acc.size(), 0.0);
  if (sig.what == op_kind::max_pool) {
    out = acc;
    return;
  }
  const fused_layers f = layers_of(q.source, s);
  const std::uint32_t* words = q.words[step].data();
  const auto channels = kernels::canonical_layout(s.op).channels;
  const auto set_size = static_cast<std::size_t>(kernels::parameter_set(sig));
  const auto integer = [&](std::size_t array, std::size_t c) {
    return static_cast<std::int32_t>(words[kernels::weight_layout::header_words + array * channels + c]);
  };
  for (std::size_t i = 0; i < acc.size(); ++i) {
    const int c = static_cast<int>(i) % w.out.c;
    const std::size_t set = sig.shares_parameters() ? 0 : static_cast<std::size_t>(c);
    double y = 0;
    const double mean = sig.what == op_kind::avg_pool ? 1.0 / w.taps() : 1.0;
    // Which side of the rectifier the trainer says, and where the words of that side stand.
    const bool negative =
        sig.two_slopes && f.before_rectifier(c, static_cast<float>(q.unit(step, c)), static_cast<float>(acc[i])) < 0;
    std::size_t array = 0;
    if (sig.two_slopes) array = negative != q.flipped[step][set] ? 1 + set_size : 1;
    if (sig.out == kind::bits) {
      y = f.apply(c, static_cast<float>(q.unit(step, c)), static_cast<float>(acc[i])) < 0 ? -1.0 : 1.0;
    } else if (sig.out == kind::f32) {
      const affine_map m = f.map(c, negative);
      y = acc[i] * q.unit(step, c) * mean * m.factor + m.offset;
      if (f.clamps()) y = std::max(y, 0.0);
    } else if (sig.out == kind::i32 && !sig.add) {
      y = acc[i] + integer(0, set);
    } else if (sig.float_accumulator()) {
      const double scale = q.tensors[static_cast<std::size_t>(s.out)].scale;
      const affine_map m = f.map(c, negative);
      const auto factor = static_cast<float>(q.unit(step, c) * mean * m.factor / scale);
      y = std::round(static_cast<double>(static_cast<float>(acc[i]) * factor + static_cast<float>(m.offset / scale)));
    } else {
      const long double sum =
          std::ldexp(static_cast<long double>(acc[i]), accumulator_fraction_bits(sig)) + integer(array, set);
      y = static_cast<double>(
          std::floor(std::ldexp(sum * integer(array + 1, set), integer(array + 2, set) - 31) + 0.5L));
    }
    if (sig.out == kind::i8 || sig.out == kind::i16) {
      const double low = static_cast<std::int32_t>(words[2]);
      const double high = static_cast<std::int32_t>(words[3]);
      y = std::clamp(y + static_cast<std::int32_t>(words[1]), low, high);
      const double most = sig.out == kind::i8 ? 127 : 32767;
      if (sig.add) y = std::clamp(y + out[i], -most - 1, most) - out[i];
    }
    out[i] += y;
  }
}

// Pixels (as stored) as the input tensor's values, in codes or real numbers.
inline void input_values(const quantized_model& q, const std::uint8_t* pixels, bool quantized, tensor_values& values) {
  values.assign(pixels, pixels + q.source.input.extent.size());
  const bool real_input = q.source.input.element == kind::f32;  // a float image holds real values in either network
  if (real_input)
    for (double& x : values)
      x = static_cast<double>(static_cast<float>(x - q.source.input_zero) * q.source.input_scale);
  else if (!quantized)
    for (double& x : values) x = (x - q.source.input_zero) * static_cast<double>(q.source.input_scale);
}

// Runs the program on one image (pixel values as stored), `quantized`: on codes, else in real numbers. `seen(step,
// output)` is called after every op. Returns all tensors.
template <class Seen>
std::vector<tensor_values> run_program(const quantized_model& q, const std::uint8_t* pixels, bool quantized,
                                       Seen seen) {
  std::vector<tensor_values> t(q.program.tensors.size());
  input_values(q, pixels, quantized, t[0]);
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
