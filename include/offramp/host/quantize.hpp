// Post-training quantization: ranges of all tensors on calibration images (minimum and maximum), then scales,
// integer weights, thresholds and requantization factors of every device op. int8 follows the TFLite
// convention (per-channel symmetric weights, asymmetric activations, i32 accumulators); heads have one weight
// scale, so that their logits share one.
#ifndef OFFRAMP_HOST_QUANTIZE_HPP
#define OFFRAMP_HOST_QUANTIZE_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <offramp/host/dataset.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/fake_quantized.hpp>
#include <offramp/host/folding.hpp>
#include <offramp/host/layers/pooling.hpp>
#include <offramp/host/parallel.hpp>
#include <offramp/host/quantized_model.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// A trained model must be finite before it becomes integers.
inline void require_finite(const model& m) {
  for (std::size_t i = 0; i < m.layers.size(); ++i) {
    const layer_parameters& p = m.parameters[i];
    const std::pair<const char*, const std::vector<float>*> parts[] = {
        {"weights", &p.weights}, {"bias", &p.bias}, {"gamma", &p.gamma},
        {"beta", &p.beta},       {"mean", &p.mean}, {"variance", &p.variance}};
    for (const auto& [name, values] : parts)
      for (std::size_t j = 0; j < values->size(); ++j)
        if (!std::isfinite((*values)[j]))
          throw error("model: layer " + std::to_string(i) + " (" + to_string(m.layers[i].what) + "): " + name + "[" +
                      std::to_string(j) + "] is " + std::to_string((*values)[j]) + ", expected a finite number");
  }
}

inline std::uint32_t word(std::int32_t v) { return static_cast<std::uint32_t>(v); }
inline std::uint32_t word(float v) { return __builtin_bit_cast(std::uint32_t, v); }

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

// Weight codes and scales of a conv step.
inline void quantize_kernel(quantized_model& q, std::size_t s) {
  const step_desc& step = q.program.steps[s];
  const op_signature& sig = step.op.signature;
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
  const bool one_scale = sig.out == kind::i32 && !sig.add;  // logits have one unit
  double largest = 0;
  for (const double w : codes) largest = std::max(largest, std::abs(w));
  for (std::size_t c = 0; c < channels; ++c) {
    double most = one_scale ? largest : 0.0;
    for (std::size_t i = c * each; i < (c + 1) * each; ++i) most = std::max(most, std::abs(codes[i]));
    const double scale = most > 0 ? most / 127 : 1.0;
    q.weight_scale[s][c] = scale;
    for (std::size_t i = c * each; i < (c + 1) * each; ++i)
      codes[i] = std::clamp(std::round(codes[i] / scale), -127.0, 127.0);
  }
}

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
  const bool sums_integers = !sig.float_accumulator() && sig.what != op_kind::avg_pool;
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
  if (sig.what != op_kind::conv) return;
  const tensor_values& codes = q.kernels[s];
  std::uint32_t* kernel = words.data() + at.kernel();
  const auto in_c = static_cast<std::size_t>(w.group_in_c());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (sig.weights == kind::f32) kernel[i] = word(static_cast<float>(codes[i]));
    if (sig.weights == kind::i8)
      kernel[i / 4] |= (static_cast<std::uint32_t>(static_cast<std::int32_t>(codes[i])) & 0xffu) << (8 * (i % 4));
    if (sig.weights == kind::bits && codes[i] < 0)
      kernel[i / in_c * ((in_c + 31) / 32) + i % in_c / 32] |= 1u << (i % in_c % 32);
  }
}

// Streams are symmetric, so that adding needs no zero point; other activations use the whole range.
inline quantization from_range(kind k, bool stream, double low, double high) {
  const double most = std::max({-low, high, 1e-6});
  if (k == kind::i16 || stream) return {most / (k == kind::i16 ? 32767 : 127), 0};
  low = std::min(low, 0.0);
  high = std::max({high, 0.0, low + 1e-6});
  const double scale = (high - low) / 255;
  return {scale, static_cast<int>(std::clamp(std::round(-128 - low / scale), -128.0, 127.0))};
}

}  // namespace detail

// Quantizes `m` for a lowered program. `calibration` gives the ranges of activations (its labels are not
// used); a few hundred images of the training set do. Throws on parameters that are not finite, an empty
// set, or images of another size.
inline quantized_model quantize(const model& m, const lowered_program& program, const labelled_images& calibration,
                                thread_pool& pool) {
  detail::require_finite(m);
  const shape in = m.input.extent;
  if (calibration.count() == 0) throw error("quantize: the calibration set is empty, expected at least one image");
  if (calibration.height != in.h || calibration.width != in.w || calibration.channels != in.c)
    throw error("quantize: calibration images are " + std::to_string(calibration.height) + "x" +
                std::to_string(calibration.width) + "x" + std::to_string(calibration.channels) + ", expected " +
                std::to_string(in.h) + "x" + std::to_string(in.w) + "x" + std::to_string(in.c));
  quantized_model q;
  q.source = m;
  q.program = program;
  const std::size_t steps = program.steps.size();
  q.tensors.resize(program.tensors.size());
  q.kernels.resize(steps);
  q.real_kernels.resize(steps);
  q.weight_scale.resize(steps);
  q.words.resize(steps);
  q.flipped.resize(steps);
  for (std::size_t s = 0; s < steps; ++s) detail::quantize_kernel(q, s);

  // Ranges come from the network in real numbers.
  constexpr int pieces = 16;
  const auto groups = static_cast<std::size_t>(program.groups);
  std::vector<std::vector<std::pair<double, double>>> seen(pieces,
                                                           std::vector<std::pair<double, double>>(groups, {0, 0}));
  pool.parallel_for(pieces, [&](int piece, int) {
    for (int i = piece; i < calibration.count(); i += pieces) {
      run_program(q, calibration.image(i), false, [&](const step_desc& step, const tensor_values& out) {
        const int group = program.tensors[static_cast<std::size_t>(step.out)].group;
        if (group < 0) return;
        auto& [low, high] = seen[static_cast<std::size_t>(piece)][static_cast<std::size_t>(group)];
        const auto [a, b] = std::minmax_element(out.begin(), out.end());
        low = std::min(low, *a), high = std::max(high, *b);
      });
    }
  });
  std::vector<bool> streams(groups);
  for (const step_desc& s : program.steps)
    if (const int group = program.tensors[static_cast<std::size_t>(s.out)].group; s.op.signature.add && group >= 0)
      streams[static_cast<std::size_t>(group)] = true;
  for (std::size_t t = 0; t < q.tensors.size(); ++t) {
    const tensor_desc& d = program.tensors[t];
    if (t == 0 && d.element == kind::u8) q.tensors[t] = {static_cast<double>(m.input_scale), m.input_zero};
    if (t == 0 || d.group < 0) continue;
    if (d.group == program.tensors[0].group) {  // the largest pixels are still pixels
      q.tensors[t] = q.tensors[0];
      continue;
    }
    double low = 0;
    double high = 0;
    for (const auto& piece : seen) {
      low = std::min(low, piece[static_cast<std::size_t>(d.group)].first);
      high = std::max(high, piece[static_cast<std::size_t>(d.group)].second);
    }
    q.tensors[t] = detail::from_range(d.element, streams[static_cast<std::size_t>(d.group)], low, high);
  }
  for (std::size_t s = 0; s < steps; ++s) {
    if (const op_signature& sig = program.steps[s].op.signature; sig.out == kind::i32 && !sig.add)
      q.tensors[static_cast<std::size_t>(program.steps[s].out)] = {q.unit(s, 0), 0};
    detail::write_words(q, s);
  }
  return q;
}

template <class Lowered>
quantized_model quantize(const model& m, const labelled_images& calibration, int threads = 0) {
  thread_pool pool{threads};
  return quantize(m, program_of<Lowered>(), calibration, pool);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
