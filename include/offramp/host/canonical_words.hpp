// The canonical words of every device op (kernels/weights.hpp), from weight codes, scales and the trained tail:
// thresholds, requantization factors, offsets and the packed kernel.
#ifndef OFFRAMP_HOST_CANONICAL_WORDS_HPP
#define OFFRAMP_HOST_CANONICAL_WORDS_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/folding.hpp>
#include <offramp/host/quantized_model.hpp>
#include <offramp/kernels/reference/code.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::host::detail {

inline std::uint32_t word(std::int32_t v) { return static_cast<std::uint32_t>(v); }
inline std::uint32_t word(float v) { return __builtin_bit_cast(std::uint32_t, v); }

// The largest accumulator a conv or pointwise op can reach; throws where that exceeds 32 bits.
inline std::int32_t accumulator_limit(const step_desc& s) {
  const op_signature& sig = s.op.signature;
  if (sig.what == op_kind::pointwise) return sig.in == kind::i32 ? 1 << 30 : sig.in == kind::i16 ? 32768 : 512;
  const double in = sig.in == kind::bits ? 1.0 : sig.in == kind::i16 ? 32768.0 : 255.0;
  const double weight = sig.weights == kind::bits ? 1.0 : 127.0;
  const double limit = in * weight * s.op.geometry.depth();
  if (limit >= 2147483647.0)
    throw error("quantize: layer " + std::to_string(s.layer_first) + ": " + std::to_string(s.op.geometry.depth()) +
                " products of 8 bits can exceed a 32-bit accumulator, expected at most " +
                std::to_string(static_cast<int>(2147483647.0 / (in * weight))));
  return static_cast<std::int32_t>(limit);
}

// Writes output parameters of one channel, array after array.
struct parameter_writer {
  std::uint32_t* next;
  std::size_t stride;  // channels
  void operator()(std::uint32_t w) {
    *next = w;
    next += stride;
  }
};

// The set of parameters that turns an accumulator into factor * acc + offset.
inline void write_map(parameter_writer& put, const op_signature& sig, affine_map m, double out_scale,
                      double most_bias) {
  m = {m.factor / out_scale, m.offset / out_scale};
  if (sig.out == kind::f32 || sig.float_accumulator()) {
    put(word(static_cast<float>(m.factor)));
    put(word(static_cast<float>(m.offset)));
    if (kernels::parameter_set(sig) == 3) put(0);
  } else if (sig.out == kind::i32 && !sig.add) {
    put(word(static_cast<std::int32_t>(std::lround(m.offset / m.factor))));
  } else {
    const affine_constants a = find_affine(m.factor, m.offset, accumulator_fraction_bits(sig), most_bias);
    put(word(a.bias));
    put(word(a.multiplier));
    put(word(a.shift));
  }
}

// What a user's op reads: zeros and scales, then its own words.
inline void write_user_words(quantized_model& q, std::size_t s) {
  const step_desc& step = q.program.steps[s];
  const quantization& in = q.tensors[static_cast<std::size_t>(step.in)];
  const quantization& out = q.tensors[static_cast<std::size_t>(step.out)];
  std::uint32_t* const words = q.words[s].data();
  words[0] = word(static_cast<std::int32_t>(in.zero));
  words[1] = word(static_cast<std::int32_t>(out.zero));
  words[2] = word(static_cast<float>(in.scale));
  words[3] = word(static_cast<float>(out.scale));
  step.op.signature.user->write(
      kernels::code<path::reference>::user_arguments_of(step.op, {nullptr, words, nullptr, nullptr}),
      q.source.parameters[static_cast<std::size_t>(step.layer_first)].weights.data(),
      words + kernels::weight_layout::header_words);
}

// Canonical words of one step.
inline void write_words(quantized_model& q, std::size_t s) {
  const step_desc& step = q.program.steps[s];
  const op_signature& sig = step.op.signature;
  const window& w = step.op.geometry;
  const kernels::weight_layout at = kernels::canonical_layout(step.op);
  std::vector<std::uint32_t>& words = q.words[s];
  words.assign(at.total(), 0u);
  if (words.empty()) return;
  if (sig.what == op_kind::user) return write_user_words(q, s);
  const fused_layers f = layers_of(q.source, step);
  const quantization& in = q.tensors[static_cast<std::size_t>(step.in)];
  const quantization& out = q.tensors[static_cast<std::size_t>(step.out)];
  words[0] = word(static_cast<std::int32_t>(in.zero));
  if (sig.out == kind::f32) {
    words[2] = word(f.clamps() ? 0.0f : std::numeric_limits<float>::lowest());
    words[3] = word(std::numeric_limits<float>::max());
  } else if (sig.out == kind::i8 || sig.out == kind::i16) {
    const std::int32_t most = sig.out == kind::i8 ? 127 : 32767;
    words[1] = word(static_cast<std::int32_t>(out.zero));
    words[2] = word(f.clamps() ? std::max(-most - 1, out.zero) : -most - 1);
    words[3] = word(most);
  }
  const bool sums_integers = !sig.float_accumulator() && !sig.shares_parameters();
  const std::int32_t limit = sums_integers ? accumulator_limit(step) : 0;
  // accumulator and bias together stay within 32 bits
  const double room = 2147483647.0 - std::ldexp(limit, accumulator_fraction_bits(sig));
  const double most_bias = std::clamp(room, std::ldexp(1.0, 16), std::ldexp(1.0, 30));
  const double mean = sig.what == op_kind::avg_pool ? 1.0 / w.taps() : 1.0;
  if (sig.two_slopes) q.flipped[s].assign(at.channels, false);
  for (std::size_t i = 0; i < at.channels; ++i) {
    const int c = static_cast<int>(i);
    const double unit = q.unit(s, c) * mean;
    const auto map = [&](bool negative) {
      const affine_map m = f.map(c, negative);
      return affine_map{m.factor * unit, m.offset};
    };
    parameter_writer put{words.data() + at.array(0) + i, at.channels};
    const auto put_threshold = [&](auto integer, auto real) {
      if (sig.float_accumulator()) {
        const float_threshold t = real();
        put(word(t.threshold));
        return t.flip;
      }
      const integer_threshold t = integer();
      put(word(t.threshold));
      return t.flip;
    };
    if (sig.out == kind::bits) {
      const bool flip =
          put_threshold([&] { return sign_threshold(f, c, unit, limit); }, [&] { return sign_threshold(f, c, unit); });
      if (flip) words[at.flips() + i / 32] |= 1u << (i % 32);
    } else if (sig.two_slopes) {
      const bool flip = put_threshold([&] { return rectifier_threshold(f, c, unit, limit); },
                                      [&] { return rectifier_threshold(f, c, unit); });
      q.flipped[s][i] = flip;  // negative values lie above the threshold
      write_map(put, sig, map(flip), out.scale, most_bias);
      write_map(put, sig, map(!flip), out.scale, most_bias);
    } else {
      write_map(put, sig, map(false), out.scale, most_bias);
    }
  }
  const tensor_values& codes = q.kernels[s];
  std::uint32_t* kernel = words.data() + at.kernel();
  if (sig.what == op_kind::mixed_pool)
    for (const double v : codes)
      *kernel++ = sig.float_accumulator() ? word(static_cast<float>(v)) : word(static_cast<std::int32_t>(v));
  if (sig.what != op_kind::conv) return;
  const auto in_c = static_cast<std::size_t>(w.group_in_c());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (sig.weights == kind::f32) kernel[i] = word(static_cast<float>(codes[i]));
    if (sig.weights == kind::i8)
      kernel[i / 4] |= (static_cast<std::uint32_t>(static_cast<std::int32_t>(codes[i])) & 0xffu) << (8 * (i % 4));
    if (sig.weights == kind::bits && codes[i] < 0)
      kernel[i / in_c * ((in_c + 31) / 32) + i % in_c / 32] |= 1u << (i % in_c % 32);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::host::detail

#endif
