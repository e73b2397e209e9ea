// From sums of four neighbouring output channels, or of one channel at four positions, to stored elements: the output
// stage (output_stage.hpp) on vectors.
#ifndef OFFRAMP_KERNELS_HELIUM_OUTPUT_HPP
#define OFFRAMP_KERNELS_HELIUM_OUTPUT_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/helium/vectors.hpp>
#include <offramp/kernels/output_stage.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::helium {

// Requantization by one multiplication and one shift, exactly `requantize` (core/fixed_point.hpp) where that matters:
//
//   factors below 1/4   floor(p / 2^s) of a product p of 64 bits, s = 30 - shift >= 32, is its high word, shifted by
//                       s - 32; halving with rounding is one bit more: high word, shifted with rounding by -1 - shift
//   others              the sum is shifted to the left by shift + 2 first, within 32 bits. If it does not fit there,
//                       the result lies beyond 2^28 either way, and is limited in the end

// Numbers requantized by one set of parameters?
template <op_signature S>
inline constexpr bool requantizes_plainly = (S.out == kind::i8 || S.out == kind::i16) && !S.two_slopes;
// Numbers with a bias alone?
template <op_signature S>
inline constexpr bool adds_bias = S.out == kind::i32 && !S.add && !S.two_slopes;

// All that is no matter of speed: two slopes, floats, streams of 32 bits.
template <op_signature S>
[[gnu::noinline]] inline void store_any(const parameters<S>& params, int c, const std::int32_t* acc,
                                        storage_t<S.out>* to, int n) {
  for (int i = 0; i < n; ++i) to[i] = finish(params, c + i, acc[i], S.add ? to[i] : storage_t<S.out>{});
}

// What all channels are limited to.
template <op_signature S>
struct output_limits {
  ints4 low, high;
  std::int32_t zero = 0;

  [[gnu::always_inline]] explicit output_limits(const std::uint32_t* weights) {
    if constexpr (requantizes_plainly<S>) {
      zero = static_cast<std::int32_t>(weights[1]);
      low = all_ints(static_cast<std::int32_t>(weights[2]));
      high = all_ints(static_cast<std::int32_t>(weights[3]));
    }
  }
};

// What four channels are stored by. Arrays of parameters may be read beyond their ends: weights follow them.
template <op_signature S>
class quad_stage {
 public:
  [[gnu::always_inline]] quad_stage(const std::uint32_t* weights, int channels, int c)
      : arrays_{reinterpret_cast<const std::int32_t*>(weights) + weight_layout::header_words}, channels_{channels},
        c_{c} {
    if constexpr (requantizes_plainly<S>) {
      const ints4 shift = load_ints(array(2));
      right_ = add(shift, 1);
      large_ = greatest_lane(shift, smallest) > small_factor;
    }
  }

  // Adds the answers of bits, each its lane of `places`.
  [[gnu::always_inline]] std::uint32_t add_signs(std::uint32_t bits, ints4 acc, words4 places) const {
    return add_below(bits, acc, load_ints(array(0)), places);
  }

  // n of the four.
  [[gnu::always_inline]] void store(const output_limits<S>& limits, ints4 acc, storage_t<S.out>* to, int n) const {
    if constexpr (requantizes_plainly<S>) {
      constexpr int fraction = accumulator_fraction_bits(S);
      if constexpr (S.rectified) acc = greatest(acc, all_ints(0));
      if constexpr (fraction != 0) acc = as_ints(shift_left<fraction>(as_words(acc)));
      acc = add(acc, load_ints(array(0)));
      ints4 right = right_;
      if (large_) {
        const ints4 shift = add(right, -1);
        acc = shift_saturating(acc, add(greatest(shift, all_ints(small_factor)), -small_factor));
        right = add(least(shift, all_ints(small_factor)), 1);
      }
      ints4 q = shift_rounding(high_products(acc, load_ints(array(1))), right);
      q = least(greatest(add(q, limits.zero), limits.low), limits.high);
      if constexpr (S.add) {
        constexpr std::int32_t most = S.out == kind::i8 ? 127 : 32767;
        q = least(greatest(add(q, load_some(to, n)), all_ints(-most - 1)), all_ints(most));
      }
      store_ints(to, q, n);
    } else if constexpr (adds_bias<S>) {
      if constexpr (S.rectified) acc = greatest(acc, all_ints(0));
      store_ints(to, add(acc, load_ints(array(0))), n);
    } else {
      std::int32_t sums[4];
      store_ints(sums, acc, 4);
      window w;
      w.stored_out_c = channels_;
      const parameters<S> params{reinterpret_cast<const std::uint32_t*>(arrays_) - weight_layout::header_words, w};
      store_any<S>(params, c_, sums, to, n < 4 ? n : 4);
    }
  }

 private:
  // Factors below 1/4 have at most this shift; none has one below `smallest`.
  static constexpr std::int32_t small_factor = -2;
  static constexpr std::int32_t smallest = -100;

  [[gnu::always_inline]] const std::int32_t* array(int i) const { return arrays_ + i * channels_ + c_; }

  const std::int32_t* arrays_;
  int channels_;
  int c_;
  ints4 right_;
  bool large_ = false;
};

// What one channel is stored by, at four positions a time, `distances` elements apart. Of plain requantization alone.
template <op_signature S>
class channel_stage {
 public:
  static_assert(requantizes_plainly<S>);
  [[gnu::always_inline]] channel_stage(const std::uint32_t* weights, int channels, int c) {
    const auto* arrays = reinterpret_cast<const std::int32_t*>(weights) + weight_layout::header_words + c;
    const std::int32_t shift = arrays[2 * channels];
    bias_ = arrays[0];
    multiplier_ = all_ints(arrays[channels]);
    left_ = all_ints(shift > -2 ? shift + 2 : 0);
    right_ = all_ints(shift > -2 ? -1 : shift + 1);
  }
  // n of the four.
  [[gnu::always_inline]] void store(const output_limits<S>& limits, ints4 acc, storage_t<S.out>* to, words4 distances,
                                    int n) const {
    constexpr std::int32_t unit = std::int32_t{1} << accumulator_fraction_bits(S);
    if constexpr (S.rectified) acc = greatest(acc, all_ints(0));
    acc = add_products(all_ints(bias_), acc, unit);
    ints4 q = shift_rounding(high_products(shift_saturating(acc, left_), multiplier_), right_);
    q = least(greatest(add(q, limits.zero), limits.low), limits.high);
    if constexpr (S.add) {
      constexpr std::int32_t most = S.out == kind::i8 ? 127 : 32767;
      q = least(greatest(add(q, gather_ints(to, distances, n)), all_ints(-most - 1)), all_ints(most));
    }
    scatter_ints(to, distances, q, n);
  }

 private:
  std::int32_t bias_;
  ints4 multiplier_, left_, right_;
};

// Flips of channels 32 * i ... and what is beyond the last channel taken away.
[[gnu::always_inline]] inline std::uint32_t sign_word(const std::uint32_t* weights, const window& w, int i,
                                                      std::uint32_t below_bits) {
  const std::uint32_t flips = weights[weight_layout::header_words + static_cast<std::size_t>(w.stored_out_c + i)];
  return (below_bits ^ flips) & low_bits(w.out.c - 32 * i);
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::helium

#endif
