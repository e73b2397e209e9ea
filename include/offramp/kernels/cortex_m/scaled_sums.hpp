// From sums to stored numbers in 32 bits: the high word of a product, a shift, a rounding. That is all of `finish`
// where parameters are of usual size; the rest is left to it. Results are the same.
#ifndef OFFRAMP_KERNELS_CORTEX_M_SCALED_SUMS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_SCALED_SUMS_HPP

#include <cstdint>

#include <offramp/core/fixed_point.hpp>
#include <offramp/kernels/cortex_m/target.hpp>
#include <offramp/kernels/output_stage.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

[[gnu::always_inline]] inline std::int32_t high_product(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>((std::int64_t{a} * b) >> 32);
}

// v >> Right within the signed numbers of `Bits` bits.
template <int Bits, int Right>
[[gnu::always_inline]] inline std::int32_t saturate(std::int32_t v) {
#if defined(__ARM_FEATURE_SAT) && defined(__thumb2__)
  if constexpr (Right == 0)
    asm("ssat %0, %1, %2" : "=r"(v) : "i"(Bits), "r"(v) : "cc");
  else
    asm("ssat %0, %1, %2, asr %3" : "=r"(v) : "i"(Bits), "r"(v), "i"(Right) : "cc");
  return v;
#else
  constexpr std::int32_t most = (1 << (Bits - 1)) - 1;
  return clamp(v >> Right, -most - 1, most);
#endif
}

// Numbers of which `scale` gives what `finish` does: requantized by one set of parameters, within limits of the type.
template <op_signature S>
inline constexpr bool may_scale = (S.out == kind::i8 || S.out == kind::i16) && !S.two_slopes;
template <op_signature S>
inline constexpr int stored_bits = S.out == kind::i8 ? 8 : 16;

// floor(p / 2^(30 - shift)) of p = sum * multiplier is the high word of 8 p, shifted by 1 - shift: for shifts from -30
// to 1, that is factors below 2, and sums below 2^28.
inline constexpr int room_above = 3;  // bits
[[gnu::always_inline]] inline std::uint32_t right_shift(std::int32_t shift) {
  return 1u - static_cast<std::uint32_t>(shift);
}
// Is the number so small that another one of that size may be added?
[[gnu::always_inline]] constexpr bool has_room(std::int32_t number) {
  return static_cast<std::uint32_t>(number) + (1u << 27) < (1u << 28);
}

// Can `n` channels be scaled?
template <op_signature S>
[[gnu::noinline]] inline bool is_usual(const std::uint32_t* weights, int stored, int n) {
  if constexpr (!may_scale<S>) return false;
  constexpr std::int32_t most = (1 << (stored_bits<S> - 1)) - 1;
  const auto at = [&](int i) __attribute__((always_inline)) { return static_cast<std::int32_t>(weights[i]); };
  if (at(2) != -most - 1 || at(3) != most) return false;
  if (S.out == kind::i16 && at(1) != 0) return false;
  for (const std::uint32_t* bias = weights + weight_layout::header_words; n > 0; --n, ++bias) {
    const bool usual = has_room(static_cast<std::int32_t>(*bias));
    if (!usual || right_shift(static_cast<std::int32_t>(bias[2 * stored])) > 31) return false;
  }
  return true;
}

// sum * multiplier / 2^(31 - shift), rounded, for a sum 8 times as large; `rounding` is 1 + 2 * out_zero.
template <op_signature S>
[[gnu::always_inline]] inline std::int32_t scale(std::int32_t sum8, std::int32_t multiplier, std::uint32_t right,
                                                 std::int32_t rounding, std::int32_t previous) {
  std::int32_t q = saturate<stored_bits<S>, 1>((high_product(sum8, multiplier) >> right) + rounding);
  if constexpr (S.add) q = saturate<stored_bits<S>, 0>(q + previous);
  return q;
}

// What `finish` makes of a sum with its bias, if that is requantized; for any parameters. `bias` is where those of the
// channel begin, of so many channels. One function for all kinds.
[[gnu::noinline]] inline std::int32_t finish_number(const std::uint32_t* weights, std::int32_t sum,
                                                    const std::uint32_t* bias, int stored) {
  constexpr std::int32_t most = std::int32_t{1} << 24;
  const std::int32_t q =
      requantize(sum, static_cast<std::int32_t>(bias[stored]), static_cast<std::int32_t>(bias[2 * stored]));
  const auto at = [&](int i) __attribute__((always_inline)) { return static_cast<std::int32_t>(weights[i]); };
  return clamp(clamp(q, -most, most) + at(1), at(2), at(3));
}

// How counts of differing signs become numbers: the parameters, stored for so many channels; products of a sum;
// elements from one position to the next.
struct count_store {
  const std::uint32_t* weights;
  int stored, depth, distance;
};

// The counts of `n` output channels from `first` on at one position or two, in the halves of each row, where parameters
// are usual.
template <op_signature S>
OFFRAMP_CORTEX_M void scale_counts(const count_store& store, int first, int n, const std::uint32_t* rows, int positions,
                                   storage_t<S.out>* to) {
  constexpr std::int32_t unit = std::int32_t{1} << (accumulator_fraction_bits(S) + room_above);
  const std::int32_t rounding = S.out == kind::i16 ? 1 : 1 + 2 * static_cast<std::int32_t>(store.weights[1]);
  const std::uint32_t* bias = store.weights + weight_layout::header_words + first;
  const int stored = store.stored;
  const int depth = store.depth;
  auto* second = positions > 1 ? to + store.distance : to;  // else written twice
  for (; n > 0; --n) {
    const std::uint32_t counts = *rows++;
    std::int32_t low = depth - 2 * static_cast<std::int32_t>(counts & 0xffffu);
    std::int32_t high = depth - 2 * static_cast<std::int32_t>(counts >> 16);
    if constexpr (S.rectified) low &= ~(low >> 31), high &= ~(high >> 31);
    const auto begin = static_cast<std::int32_t>(bias[0] << room_above);
    const auto multiplier = static_cast<std::int32_t>(bias[stored]);
    const std::uint32_t right = right_shift(static_cast<std::int32_t>(bias[2 * stored]));
    ++bias;
    low = scale<S>(low * unit + begin, multiplier, right, rounding, S.add ? *to : 0);
    high = scale<S>(high * unit + begin, multiplier, right, rounding, S.add ? *second : 0);
    *second++ = static_cast<storage_t<S.out>>(high);
    *to++ = static_cast<storage_t<S.out>>(low);
  }
}

// The same for any parameters.
template <op_signature S>
[[gnu::noinline]] inline void finish_counts(const count_store& store, int first, int n, const std::uint32_t* rows,
                                            int positions, storage_t<S.out>* to) {
  for (int shift = 0; positions > 0; --positions, shift += 16, to += store.distance)
    for (int i = 0; i < n; ++i) {
      std::int32_t sum = store.depth - 2 * static_cast<std::int32_t>(rows[i] >> shift & 0xffffu);
      if constexpr (may_scale<S>) {
        if constexpr (S.rectified) sum &= ~(sum >> 31);
        const std::uint32_t* bias = store.weights + weight_layout::header_words + first + i;
        sum = sum * (1 << accumulator_fraction_bits(S)) + static_cast<std::int32_t>(*bias);
        sum = finish_number(store.weights, sum, bias, store.stored);
        to[i] = static_cast<storage_t<S.out>>(S.add ? saturate<stored_bits<S>, 0>(sum + to[i]) : sum);
      } else {
        window w;
        w.stored_out_c = store.stored;
        to[i] = finish<S>(parameters<S>{store.weights, w}, first + i, sum, S.add ? to[i] : storage_t<S.out>{});
      }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
