// The canonical weights of one op: a run of 32-bit words, the same in the blob and in the generated header.
//
//   header      in_zero, out_zero, low, high       (low, high: clamp of the output; float bits when the output is f32)
//   parameters  per output channel, one array after the other, by output kind:
//                 bits       threshold t            bit = (acc < t) xor flip; t is i32, or float for float accumulators
//                            flip bits              (32 channels a word)
//                 i8, i16    bias, multiplier, shift    out = clamp(requantize((acc << fraction) + bias) + out_zero)
//                 i32        bias                   out = acc + bias (logits)
//                 i32, add   bias, multiplier, shift    out += requantize(acc + bias)
//                 f32        factor, bias           out = clamp(acc * factor + bias)
//               two slopes: the threshold t, the set above it (acc >= t), the set below it
//               avg_pool and mixed_pool have one set for all channels
//   user ops    in_zero, out_zero, scale of the input, of the output (f32), then words of their own
//   kernel      conv only, [out_c][kernel_h][kernel_w][in_c / groups]: bits (each tap starts a new word, bit 1 = -1,
//               spare bits 0), i8 (bytes, filled up to a word at the end) or f32
//   mixture     mixed_pool only: the weights of maximum and sum, i32, or float for float accumulators. Whoever writes
//               them sees to it that no input makes a 32-bit accumulator overflow
//
// max_pool, convert and copy have no weights.
#ifndef OFFRAMP_KERNELS_WEIGHTS_HPP
#define OFFRAMP_KERNELS_WEIGHTS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/op.hpp>
#include <offramp/kernels/user_op.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

// Offsets in words of the canonical parts.
struct weight_layout {
  static constexpr std::size_t header_words = 4;
  std::size_t channels = 0;  // sets of parameters
  std::size_t arrays = 0;    // parameter arrays
  std::size_t flip_words = 0;
  std::size_t gap = 0;  // parameters of other nested widths, which share the kernel
  std::size_t kernel_words = 0;

  [[nodiscard]] constexpr std::size_t array(std::size_t i) const { return header_words + i * channels; }
  [[nodiscard]] constexpr std::size_t flips() const { return array(arrays); }
  [[nodiscard, gnu::always_inline]] constexpr std::size_t kernel() const { return flips() + flip_words + gap; }
  [[nodiscard]] constexpr std::size_t total() const {
    return channels + kernel_words == 0 ? 0 : kernel() + kernel_words;
  }
};

// Arrays of one set of parameters.
[[gnu::always_inline]] constexpr int parameter_set(const op_signature& s) {
  switch (s.out) {
    case kind::i8:
    case kind::i16: return 3;
    case kind::f32: return 2;
    case kind::i32: return s.add ? 3 : 1;
    default: return 1;
  }
}
[[gnu::always_inline]] constexpr int parameter_arrays(const op_signature& s) {
  return s.two_slopes && s.out != kind::bits ? 1 + 2 * parameter_set(s) : parameter_set(s);
}

// Always inlined, so that offsets fold under -Os too.
[[gnu::always_inline]] constexpr weight_layout canonical_layout(const kernel_op& op) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  weight_layout l;
  if (s.what == op_kind::max_pool || s.what == op_kind::convert || s.what == op_kind::copy) return l;
  if (s.what == op_kind::user) {
    l.kernel_words = s.user->weight_words(w.in, s.in);
    if (l.kernel_words == 0) l.channels = 1;  // the header alone
    return l;
  }
  const auto out_c = static_cast<std::size_t>(w.stored_out_c);
  l.channels = s.shares_parameters() ? 1 : out_c;
  l.arrays = static_cast<std::size_t>(parameter_arrays(s));
  if (s.out == kind::bits) l.flip_words = (out_c + 31) / 32;
  if (s.what == op_kind::mixed_pool) l.kernel_words = 2;
  if (s.what == op_kind::conv) {
    l.gap = static_cast<std::size_t>(w.out_first);
    const auto taps = static_cast<std::size_t>(w.taps());
    const auto in_c = static_cast<std::size_t>(w.stored_group_in_c());
    if (s.weights == kind::bits) l.kernel_words = out_c * taps * ((in_c + 31) / 32);
    if (s.weights == kind::i8) l.kernel_words = (out_c * taps * in_c + 3) / 4;
    if (s.weights == kind::f32) l.kernel_words = out_c * taps * in_c;
  }
  return l;
}

// Paths of x86 begin the kernel of an op with a cache line (16 words), where ops begin with one: in words from the op's
// beginning. Before it stand the canonical header and parameters.
constexpr std::size_t packed_begin(const kernel_op& op) { return round_up(canonical_layout(op).kernel(), 16); }
constexpr void pack_parameters(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
  const std::size_t parameters = canonical_layout(op).kernel();
  for (std::size_t i = 0; i < packed_begin(op); ++i) packed[i] = i < parameters ? canonical[i] : 0;
}

// Header and parameters seen through their meaning. Packed forms keep this beginning; the
// kernel they lay out as they like.
template <op_signature S>
class parameters {
 public:
  constexpr parameters(const std::uint32_t* words, const window& w)
      : words_{words}, channels_{S.shares_parameters() ? 1 : w.stored_out_c} {}

  [[nodiscard]] constexpr std::int32_t in_zero() const { return static_cast<std::int32_t>(words_[0]); }
  [[nodiscard]] constexpr std::int32_t out_zero() const { return static_cast<std::int32_t>(words_[1]); }
  [[nodiscard]] constexpr std::int32_t low() const { return static_cast<std::int32_t>(words_[2]); }
  [[nodiscard]] constexpr std::int32_t high() const { return static_cast<std::int32_t>(words_[3]); }
  [[nodiscard]] constexpr float low_f32() const { return __builtin_bit_cast(float, words_[2]); }
  [[nodiscard]] constexpr float high_f32() const { return __builtin_bit_cast(float, words_[3]); }

  // Element of parameter array `a` for channel c.
  [[nodiscard]] constexpr std::int32_t integer(int a, int c) const {
    return static_cast<std::int32_t>(words_[4 + a * channels_ + c]);
  }
  [[nodiscard]] constexpr float real(int a, int c) const {
    return __builtin_bit_cast(float, words_[4 + a * channels_ + c]);
  }
  // Flip bits of channels 32*i .. 32*i+31 (output bits only).
  [[nodiscard]] constexpr std::uint32_t flips(int i) const { return words_[4 + channels_ + i]; }

 private:
  const std::uint32_t* words_;
  int channels_;
};

// Of a mixed pooling: the weight of the maximum (0), of the sum (1).
template <op_signature S>
constexpr auto mixture(const std::uint32_t* words, const window& w, std::size_t i) {
  const std::uint32_t weight = words[canonical_layout({S, w}).kernel() + i];
  if constexpr (S.float_accumulator())
    return __builtin_bit_cast(float, weight);
  else
    return static_cast<std::int32_t>(weight);
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
