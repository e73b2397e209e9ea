// From sums of one output channel at P positions to stored elements. Signs: sums begin at 2^31, so that one unsigned
// comparison puts the answer into the carry and adc shifts it into a word. Numbers: a factor below 1/4 is the high word
// of a product, a shift and a rounding; `finish` does all else, and gives the same results.
#ifndef OFFRAMP_KERNELS_CORTEX_M_DSP_OUTPUT_HPP
#define OFFRAMP_KERNELS_CORTEX_M_DSP_OUTPUT_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/cortex_m_dsp/instructions.hpp>
#include <offramp/kernels/cortex_m_dsp/products.hpp>
#include <offramp/kernels/output_stage.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp {

inline constexpr std::uint32_t sign_bit = 0x80000000u;

// What sums begin with where bits are stored.
template <op_signature S>
inline constexpr std::int32_t begin_of_signs = S.out == kind::bits ? static_cast<std::int32_t>(sign_bit) : 0;

// Numbers requantized by one set of parameters?
template <op_signature S>
inline constexpr bool requantizes_plainly = (S.out == kind::i8 || S.out == kind::i16) && !S.two_slopes;
template <op_signature S>
inline constexpr bool begins_with_bias = requantizes_plainly<S> && !S.rectified;

// Factors below 1/4 have at most this shift.
inline constexpr std::int32_t small_factor = -2;

// Parameters, and what all channels share. Read here as `parameters` would (weights.hpp), in functions that are inlined
// under -Os too.
template <op_signature S, class Geometry>
class output_stage {
 public:
  [[gnu::always_inline]] output_stage(const std::uint32_t* weights, const window& w)
      : arrays_{weights + weight_layout::header_words}, channels_{w.stored_out_c} {
    if constexpr (requantizes_plainly<S>) {
      constexpr std::int32_t most = S.out == kind::i8 ? 127 : 32767;
      rounding_ = 1 + 2 * static_cast<std::int32_t>(weights[1]);
      const bool limited =
          static_cast<std::int32_t>(weights[2]) != -most - 1 || static_cast<std::int32_t>(weights[3]) != most;
      most_shift_ = limited ? -32 : small_factor;
    }
  }
  // Element of array `a` for channel c; what sums of numbers begin with; flips of channels 32 * i .. 32 * i + 31.
  [[gnu::always_inline]] std::int32_t integer(int a, int c) const {
    return static_cast<std::int32_t>(arrays_[a * channels() + c]);
  }
  [[gnu::always_inline]] std::int32_t bias(int c) const {
    if constexpr (begins_with_bias<S>)
      return integer(0, c);
    else
      return 0;
  }
  [[gnu::always_inline]] std::uint32_t flips(int i) const { return arrays_[channels() + i]; }

  [[gnu::always_inline]] const std::uint32_t* arrays() const { return arrays_; }
  [[gnu::always_inline]] int channels() const {
    if constexpr (Geometry::is_static)
      return Geometry{}().stored_out_c;
    else
      return channels_;
  }
  [[gnu::always_inline]] std::int32_t rounding() const { return rounding_; }
  [[gnu::always_inline]] std::int32_t low() const { return static_cast<std::int32_t>(arrays_[-2]); }
  [[gnu::always_inline]] std::int32_t high() const { return static_cast<std::int32_t>(arrays_[-1]); }
  // Up to this shift an output is a product, two shifts and a saturation: for small factors and the limits of the type.
  [[gnu::always_inline]] std::int32_t most_shift() const { return most_shift_; }

 private:
  const std::uint32_t* arrays_;
  int channels_;
  std::int32_t rounding_ = 0;
  std::int32_t most_shift_ = 0;
};

// The high half of sum * multiplier, shifted as far as `shift` says but for one bit, and 2 * out_zero + 1 added.
//
// A factor is below 1/4: floor(p / 2^s) of p = 2^32 high + low, s = 30 - shift >= 32, is high / 2^(s - 32). That stays
// below 2^30, so that nothing has to be clamped before out_zero is added; half of the result is rounded right.
[[gnu::always_inline]] inline std::int32_t twice_scaled(std::int32_t sum, std::int32_t multiplier, std::int32_t shift,
                                                        std::int32_t rounding) {
  return shift_right_less_2(high_product(sum, multiplier), shift) + rounding;
}

// One output of a small factor. Limited: to less than the type holds.
template <op_signature S, bool Limited, class Geometry>
[[gnu::always_inline]] inline void store_scaled(const output_stage<S, Geometry>& stage, int c, std::int32_t sum,
                                                std::int32_t multiplier, std::int32_t shift, storage_t<S.out>* to) {
  constexpr int type_bits = S.out == kind::i8 ? 8 : 16;
  if constexpr (S.rectified) sum = (sum < 0 ? 0 : sum) + stage.integer(0, c);
  const std::int32_t twice = twice_scaled(sum, multiplier, shift, stage.rounding());
  std::int32_t q;
  if constexpr (Limited)
    q = clamp(twice >> 1, stage.low(), stage.high());
  else
    q = saturated_half<type_bits>(twice);
  if constexpr (S.add) q = saturated_half<type_bits>(2 * (q + *to));
  *to = static_cast<storage_t<S.out>>(q);
}

// All that is rare, or no matter of speed: larger factors, other kinds.
template <op_signature S>
[[gnu::noinline]] inline void store_any(const std::uint32_t* arrays, int channels, int c, std::int32_t sum,
                                        storage_t<S.out>* to) {
  if constexpr (begins_with_bias<S>) sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) - arrays[c]);
  window w;
  w.stored_out_c = channels;
  const parameters<S> params{arrays - weight_layout::header_words, w};
  *to = finish(params, c, sum, S.add ? *to : storage_t<S.out>{});
}

// Stores the sums of channel c at P neighbouring positions, `distance` elements apart.
template <op_signature S, int P, class Geometry>
[[gnu::always_inline]] inline void store_numbers(const output_stage<S, Geometry>& stage, int c,
                                                 const std::int32_t (&acc)[P], storage_t<S.out>* to, int distance) {
  if constexpr (requantizes_plainly<S>) {
    const std::int32_t shift = stage.integer(2, c);
    const std::int32_t multiplier = stage.integer(1, c);
    if (shift <= stage.most_shift()) [[likely]] {
      for_positions<P>([&](auto p) __attribute__((always_inline)) {
        store_scaled<S, false>(stage, c, acc[p], multiplier, shift, to + p * distance);
      });
      return;
    }
    if (shift <= small_factor) {
      for_positions<P>([&](auto p) __attribute__((always_inline)) {
        store_scaled<S, true>(stage, c, acc[p], multiplier, shift, to + p * distance);
      });
      return;
    }
  }
  for_positions<P>([&](auto p) __attribute__((always_inline)) {
    store_any<S>(stage.arrays(), stage.channels(), c, acc[p], to + p * distance);
  });
}

// Shifts the answers of a channel into words, one for each position.
template <op_signature S, int P, class Geometry>
[[gnu::always_inline]] inline void shift_in_signs(const output_stage<S, Geometry>& stage, int c,
                                                  const std::int32_t (&acc)[P], std::uint32_t (&not_below)[P]) {
  const std::uint32_t threshold = static_cast<std::uint32_t>(stage.integer(0, c)) ^ sign_bit;
  for_positions<P>([&](auto p) __attribute__((always_inline)) {
    not_below[p] = shift_in_not_below(not_below[p], static_cast<std::uint32_t>(acc[p]), threshold);
  });
}

// Word number `word` of n channels, which were shifted in one after the other.
template <op_signature S, class Geometry>
[[gnu::always_inline]] inline std::uint32_t sign_word(const output_stage<S, Geometry>& stage, int word, int n,
                                                      std::uint32_t not_below) {
  const std::uint32_t in_place = reverse_bits(not_below) >> (32 - n);
  return (~in_place ^ stage.flips(word)) & low_bits(n);
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp

#endif
