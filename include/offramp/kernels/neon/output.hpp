// From accumulators of neighbouring channels to stored elements: the output stage (output_stage.hpp) bit for bit, in
// vectors of four 32-bit lanes.
//
// round(v * m / 2^k), k = 31 - shift, in 32 bits: a saturating doubling high product is floor(v m / 2^31), a rounding
// shift by k - 31 does the rest, which is exact from k = 32 on. For smaller k, v is shifted left first; what saturates
// there is beyond 2^24 afterwards, and outputs of 8 and 16 bits are clamped to less. Streams of 32 bits go through 64.
#ifndef OFFRAMP_KERNELS_NEON_OUTPUT_HPP
#define OFFRAMP_KERNELS_NEON_OUTPUT_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/neon/vectors.hpp>
#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/runs.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels::neon {

template <op_signature S>
using sums_of = std::conditional_t<S.float_accumulator(), float32x4_t, int32x4_t>;

// May accumulators begin with the bias of their channel, so that adding it costs nothing?
template <op_signature S>
inline constexpr bool takes_biased = (S.out == kind::i8 || S.out == kind::i16) && !S.float_accumulator() &&
                                     !S.two_slopes && !S.rectified && accumulator_fraction_bits(S) == 0;

namespace detail {

// Four words of parameter array `a` from channel c on. Beyond the last channel they are those of something else.
template <op_signature S>
[[gnu::always_inline]] inline const std::uint32_t* parameter_words(const std::uint32_t* weights, const window& w, int a,
                                                                   int c) {
  return weights + 4 + a * (S.shares_parameters() ? 1 : w.stored_out_c) + (S.shares_parameters() ? 0 : c);
}
template <op_signature S>
[[gnu::always_inline]] inline int32x4_t parameter(const std::uint32_t* weights, const window& w, int a, int c) {
  const std::uint32_t* at = parameter_words<S>(weights, w, a, c);
  if constexpr (S.shares_parameters())
    return vreinterpretq_s32_u32(vdupq_n_u32(*at));
  else
    return vreinterpretq_s32_u32(vld1q_u32(at));
}
template <op_signature S>
[[gnu::always_inline]] inline float32x4_t real_parameter(const std::uint32_t* weights, const window& w, int a, int c) {
  return vreinterpretq_f32_s32(parameter<S>(weights, w, a, c));
}

[[gnu::always_inline]] inline int32x4_t requantize(int32x4_t v, int32x4_t multiplier, int32x4_t shift) {
  v = vqshlq_s32(v, vmaxq_s32(vaddq_s32(shift, vdupq_n_s32(1)), vdupq_n_s32(0)));
  return vrshlq_s32(vqdmulhq_s32(v, multiplier), vminq_s32(shift, vdupq_n_s32(-1)));
}
[[gnu::always_inline]] inline int32x4_t requantize_wide(int32x4_t v, int32x4_t multiplier, int32x4_t shift) {
  const int32x4_t by = vsubq_s32(shift, vdupq_n_s32(31));
  const int64x2_t low = vmull_s32(vget_low_s32(v), vget_low_s32(multiplier));
  const int64x2_t high = vmull_s32(vget_high_s32(v), vget_high_s32(multiplier));
  return vcombine_s32(vqmovn_s64(vrshlq_s64(low, vmovl_s32(vget_low_s32(by)))),
                      vqmovn_s64(vrshlq_s64(high, vmovl_s32(vget_high_s32(by)))));
}

// clamp(v, low, high), which keeps a zero's sign and what is no number.
[[gnu::always_inline]] inline float32x4_t clamp_reals(float32x4_t v, float32x4_t low, float32x4_t high) {
  v = vbslq_f32(vcltq_f32(v, low), low, v);
  return vbslq_f32(vcgtq_f32(v, high), high, v);
}

// The result before zero point, clamp and stream, by the set of parameters that begins with array `set`.
template <op_signature S, bool Biased>
[[gnu::always_inline]] inline auto scaled_by(const std::uint32_t* weights, const window& w, int set, int c,
                                             sums_of<S> acc) {
  if constexpr (S.out == kind::f32 || S.float_accumulator()) {
    float32x4_t x;
    if constexpr (S.float_accumulator())
      x = acc;
    else
      x = vcvtq_f32_s32(acc);
    const float32x4_t y =
        multiply_add(real_parameter<S>(weights, w, set + 1, c), x, real_parameter<S>(weights, w, set, c));
    if constexpr (S.out == kind::f32) {
      return y;
    } else {
      const float32x4_t limited = clamp_reals(y, vdupq_n_f32(-1e9f), vdupq_n_f32(1e9f));
      const uint32x4_t negative = vcltq_f32(limited, vdupq_n_f32(0));
      return vcvtq_s32_f32(vaddq_f32(limited, vbslq_f32(negative, vdupq_n_f32(-0.5f), vdupq_n_f32(0.5f))));
    }
  } else if constexpr (S.out == kind::i32) {
    acc = vaddq_s32(acc, parameter<S>(weights, w, set, c));
    if constexpr (S.add)
      return requantize_wide(acc, parameter<S>(weights, w, set + 1, c), parameter<S>(weights, w, set + 2, c));
    else
      return acc;
  } else {
    if constexpr (!Biased) {
      constexpr int fraction = accumulator_fraction_bits(S);
      if constexpr (fraction > 0) acc = vshlq_n_s32(acc, fraction);
      acc = vaddq_s32(acc, parameter<S>(weights, w, set, c));
    }
    return requantize(acc, parameter<S>(weights, w, set + 1, c), parameter<S>(weights, w, set + 2, c));
  }
}

// All ones where accumulators are below their thresholds (bits, two slopes).
template <op_signature S>
[[gnu::always_inline]] inline uint32x4_t below_threshold(const std::uint32_t* weights, const window& w, int c,
                                                         sums_of<S> acc) {
  if constexpr (S.float_accumulator())
    return vcltq_f32(acc, real_parameter<S>(weights, w, 0, c));
  else
    return vcltq_s32(acc, parameter<S>(weights, w, 0, c));
}

template <op_signature S, bool Biased>
[[gnu::always_inline]] inline auto scaled(const std::uint32_t* weights, const window& w, int c, sums_of<S> acc) {
  if constexpr (S.rectified && S.float_accumulator())
    acc = vbslq_f32(vcltq_f32(acc, vdupq_n_f32(0)), vdupq_n_f32(0), acc);
  else if constexpr (S.rectified)
    acc = vmaxq_s32(acc, vdupq_n_s32(0));
  const auto above = scaled_by<S, Biased>(weights, w, S.two_slopes ? 1 : 0, c, acc);
  if constexpr (!S.two_slopes) {
    return above;
  } else {
    const auto below = scaled_by<S, Biased>(weights, w, 1 + parameter_set(S), c, acc);
    const uint32x4_t is_below = below_threshold<S>(weights, w, c, acc);
    if constexpr (std::is_same_v<decltype(above), const float32x4_t>)
      return vbslq_f32(is_below, below, above);
    else
      return vbslq_s32(is_below, below, above);
  }
}

// Elements of a stream that may end here.
template <class T>
[[gnu::always_inline]] inline const T* whole(const T* from, int n, int room, T* copy) {
  if (n == room) return from;
  copy_run(copy, from, n);
  return copy;
}

}  // namespace detail

// A bit for each of 4 * V masks of 32 bits, or 8 * (V / 2) of 16, in order; V is 8, 4 or 2.
template <int V>
[[gnu::always_inline]] inline std::uint32_t bits_of(const uint16x8_t (&masks)[V / 2]) {
  const uint8x16_t places = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
  uint8x16_t first = vandq_u8(narrow_masks(masks[0], masks[V >= 4 ? 1 : 0]), places);
  uint8x16_t second = first;
  if constexpr (V == 8) second = vandq_u8(narrow_masks(masks[2], masks[3]), places);
  first = add_neighbours(first, second);
  first = add_neighbours(first, first);
  first = add_neighbours(first, first);
  const std::uint32_t word = vgetq_lane_u32(vreinterpretq_u32_u8(first), 0);
  return V == 8 ? word : word & ((1u << (4 * V)) - 1);
}

// Output bits of channels [first, first + 4 * V) of a position that has n more from `first` on; `first` is a multiple
// of 4 * V. The last block owns what is left of its word.
template <int V>
[[gnu::always_inline]] inline void store_bits(const std::uint32_t* weights, const window& w, void* out, int position,
                                              int first, int n, std::uint32_t below) {
  const std::uint32_t flips = weights[4 + w.stored_out_c + first / 32] >> (first % 32);
  std::uint32_t word = (below ^ flips) & low_bits(n < 4 * V ? n : 4 * V);
  auto* at =
      reinterpret_cast<unsigned char*>(static_cast<std::uint32_t*>(out) + position * ceil_div(w.out.c, 32)) + first / 8;
  constexpr int bytes = V / 2;
  __builtin_memcpy(at, &word, bytes);
  if (V < 8 && n <= 4 * V)
    for (int spare = bytes; (first / 8 + spare) % 4 != 0; ++spare) at[spare] = 0;
}

// Sums of P positions and V vectors of channels.
template <op_signature S, int P, int V>
using block_of_sums = sums_of<S>[P][V];

namespace detail {

// One position of `store_sums`, from what `scaled` says: zero point, clamp, stream.
template <op_signature S, int V, class Vector>
[[gnu::always_inline]] inline void store_scaled(const std::uint32_t* weights, storage_t<S.out>* to, int n,
                                                const Vector (&y)[V]) {
  using element = storage_t<S.out>;
  constexpr int room = 4 * V;
  element some[room];
  const element* stream = to;
  if constexpr (S.add) stream = whole<element>(to, n, room, some);
  element result[room];
  element* const at = n == room ? to : result;
  const auto zero = static_cast<std::int32_t>(weights[1]);
  const auto low = static_cast<std::int32_t>(weights[2]);
  const auto high = static_cast<std::int32_t>(weights[3]);
  if constexpr (S.out == kind::i8) {
    // |zero| <= 128 cannot bring what 16 bits hold no more back into 8.
    int16x8_t halves[V / 2];
#pragma GCC unroll 4
    for (int v = 0; v < V / 2; ++v)
      halves[v] = vqaddq_s16(vcombine_s16(vqmovn_s32(y[2 * v]), vqmovn_s32(y[2 * v + 1])),
                             vdupq_n_s16(static_cast<std::int16_t>(zero)));
    const auto least = static_cast<std::int8_t>(low);
    const auto most = static_cast<std::int8_t>(high);
    if constexpr (V == 2) {
      int8x8_t q = vmax_s8(vmin_s8(vqmovn_s16(halves[0]), vdup_n_s8(most)), vdup_n_s8(least));
      if constexpr (S.add) q = vqadd_s8(q, vld1_s8(stream));
      vst1_s8(at, q);
    } else {
#pragma GCC unroll 2
      for (int v = 0; v < V / 4; ++v) {
        int8x16_t q = vcombine_s8(vqmovn_s16(halves[2 * v]), vqmovn_s16(halves[2 * v + 1]));
        q = vmaxq_s8(vminq_s8(q, vdupq_n_s8(most)), vdupq_n_s8(least));
        if constexpr (S.add) q = vqaddq_s8(q, vld1q_s8(stream + 16 * v));
        vst1q_s8(at + 16 * v, q);
      }
    }
  } else if constexpr (S.out == kind::i16) {
    // What is clamped to low - zero cannot overflow when the zero point comes on top.
    const int32x4_t least = vdupq_n_s32(low - zero);
    const int32x4_t most = vdupq_n_s32(high - zero);
#pragma GCC unroll 4
    for (int v = 0; v < V / 2; ++v) {
      const int32x4_t a = vaddq_s32(vmaxq_s32(vminq_s32(y[2 * v], most), least), vdupq_n_s32(zero));
      const int32x4_t b = vaddq_s32(vmaxq_s32(vminq_s32(y[2 * v + 1], most), least), vdupq_n_s32(zero));
      int16x8_t q = vcombine_s16(vqmovn_s32(a), vqmovn_s32(b));
      if constexpr (S.add) q = vqaddq_s16(q, vld1q_s16(stream + 8 * v));
      vst1q_s16(at + 8 * v, q);
    }
  } else {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      if constexpr (S.out == kind::f32) {
        float32x4_t f = clamp_reals(y[v], vreinterpretq_f32_u32(vdupq_n_u32(weights[2])),
                                    vreinterpretq_f32_u32(vdupq_n_u32(weights[3])));
        if constexpr (S.add) f = vaddq_f32(vld1q_f32(stream + 4 * v), f);
        vst1q_f32(at + 4 * v, f);
      } else {
        int32x4_t q = y[v];
        if constexpr (S.add) q = vaddq_s32(vld1q_s32(stream + 4 * v), q);
        vst1q_s32(at + 4 * v, q);
      }
    }
  }
  if (n != room) copy_run(to, result, n);
}

}  // namespace detail

// Stores channels [first, first + 4 * V) of P neighbouring positions that have n channels from `first` on. All is
// scaled before anything is stored, so that parameters are read once. Biased: sums have their bias already.
template <op_signature S, int P, int V, bool Biased = false>
[[gnu::always_inline]] inline void store_sums(const std::uint32_t* weights, const window& w, void* out, int position,
                                              int first, int n, const block_of_sums<S, P, V>& acc) {
  static_assert(!Biased || takes_biased<S>);
  if constexpr (S.out == kind::bits) {
    uint16x8_t masks[P][V / 2];
#pragma GCC unroll 4
    for (int v = 0; v < V / 2; ++v)
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p)
        masks[p][v] = narrow_masks(detail::below_threshold<S>(weights, w, first + 8 * v, acc[p][2 * v]),
                                   detail::below_threshold<S>(weights, w, first + 8 * v + 4, acc[p][2 * v + 1]));
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) store_bits<V>(weights, w, out, position + p, first, n, bits_of<V>(masks[p]));
  } else {
    using scaled_vector = std::conditional_t<S.out == kind::f32, float32x4_t, int32x4_t>;
    scaled_vector y[P][V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v)
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) y[p][v] = detail::scaled<S, Biased>(weights, w, first + 4 * v, acc[p][v]);
    auto* to = static_cast<storage_t<S.out>*>(out) + position * w.out.c + first;
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p, to += w.out.c) detail::store_scaled<S, V>(weights, to, n < 4 * V ? n : 4 * V, y[p]);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon
#endif

#endif
