// Output stages that follow no convolution, as on AVX-512 (kernels/avx512/pointwise.hpp): 32 channels to a word of
// bits, or 8 at a time to numbers.
#ifndef OFFRAMP_KERNELS_AVX2_POINTWISE_HPP
#define OFFRAMP_KERNELS_AVX2_POINTWISE_HPP

#include <offramp/kernels/avx2/numbers.hpp>
#include <offramp/kernels/avx2/output.hpp>
#include <offramp/kernels/avx2/pointwise_traits.hpp>
#include <offramp/kernels/portable/pointwise.hpp>
#include <offramp/kernels/runs.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx2 {

// Which of the n (1 to 32) numbers at x are below their thresholds. All 32 are read.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX2 std::uint32_t below_of_32(const storage_t<K>* x, const void* thresholds, int n) {
  const auto* numbers = reinterpret_cast<const __m256i*>(x);
  const auto* t = static_cast<const __m256i*>(thresholds);
  if constexpr (K == kind::f32) {
    std::uint32_t below = 0;
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      if (8 * i >= n) break;
      const __m256 lanes = _mm256_cmp_ps(_mm256_loadu_ps(x + 8 * i),
                                         _mm256_loadu_ps(static_cast<const float*>(thresholds) + 8 * i), _CMP_LT_OQ);
      below |= static_cast<std::uint32_t>(_mm256_movemask_ps(lanes)) << (8 * i);
    }
    return below;
  } else if constexpr (K == kind::i16) {
    const __m256i low = _mm256_cmpgt_epi16(_mm256_loadu_si256(t), _mm256_loadu_si256(numbers));
    const __m256i high = _mm256_cmpgt_epi16(_mm256_loadu_si256(t + 1), _mm256_loadu_si256(numbers + 1));
    // Packing works in halves of a vector.
    const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8);
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
  } else {
    const __m256i v = _mm256_loadu_si256(numbers);
    const __m256i limit = _mm256_loadu_si256(t);
    if constexpr (K == kind::i8) return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi8(limit, v)));
    const __m256i reaches = _mm256_cmpeq_epi8(_mm256_max_epu8(v, limit), v);
    return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(reaches));
  }
}

// The same where only `room` (n or more) numbers may be read; other bits are 0.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX2 std::uint32_t below32(const storage_t<K>* x, const void* thresholds, int n, int room) {
  if (n == 32 || room >= 32) return below_of_32<K>(x, thresholds, n) & low_bits(n);
  storage_t<K> numbers[32] = {};
  copy_run(numbers, x, n);
  return below_of_32<K>(numbers, thresholds, n) & low_bits(n);
}

template <op_signature S, class Geometry>
OFFRAMP_AVX2 inline void numbers_to_bits(Geometry g, const arguments& a) {
  const window w = g();
  const std::uint32_t* thresholds = a.weights + thresholds_begin({S, w});
  const std::uint32_t* flips = a.weights + flips_begin({S, w});
  auto* out = static_cast<std::uint32_t*>(a.out);
  if (shares_words(w)) {
    const auto* x = static_cast<const storage_t<S.in>*>(a.in);
    const int all = w.in.size();
    for (int i = 0; i < all; i += 32) {
      const int n = all - i < 32 ? all - i : 32;
      const std::uint32_t below = below32<S.in>(x + i, thresholds, n, all - i);
      for (int j = 0; j < n; j += w.out.c) *out++ = ((below >> j) ^ flips[0]) & low_bits(w.out.c);
    }
    return;
  }
  const auto* end = static_cast<const storage_t<S.in>*>(a.in) + w.in.size();
  for (int oy = 0; oy < w.out.h; ++oy) {
    const auto* x = static_cast<const storage_t<S.in>*>(a.in) + oy * w.stride_h * w.in.w * w.in.c;
    for (int ox = 0; ox < w.out.w; ++ox, x += w.stride_w * w.in.c)
      for (int c = 0; c < w.out.c; c += 32) {
        const int n = w.out.c % 32 == 0 || w.out.c - c >= 32 ? 32 : w.out.c - c;
        const std::uint32_t* t = thresholds + c / 32 * threshold_words(S);
        *out++ = (below32<S.in>(x + c, t, n, static_cast<int>(end - (x + c))) ^ flips[c / 32]) & low_bits(n);
      }
  }
}

// V vectors of channels from `channel` on, of all positions; the last vector holds n of them.
template <op_signature S, int V, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX2 void scale_channels(Geometry g, const arguments& a, int channel, int n) {
  const window w = g();
  const parameters<S> params{a.weights, w};
  const __m256i zero = _mm256_set1_epi32(S.in == kind::f32 ? 0 : params.in_zero());
  output_lanes8 lanes[V];
#pragma GCC unroll 2
  for (int v = 0; v < V; ++v) lanes[v] = load_output_lanes8(params, channel + 8 * v, v + 1 < V ? 8 : n);
  for (int oy = 0; oy < w.out.h; ++oy) {
    const auto* x = static_cast<const storage_t<S.in>*>(a.in) + oy * w.stride_h * w.in.w * w.in.c + channel;
    for (int ox = 0; ox < w.out.w; ++ox, x += w.stride_w * w.in.c)
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) {
        const int some = v + 1 < V ? 8 : n;
        __m256i acc = load_numbers8<S.in>(x + 8 * v, some);
        if constexpr (S.in != kind::f32) acc = _mm256_sub_epi32(acc, zero);
        store_lanes8<S>(lanes[v], w, a.out, oy * w.out.w + ox, channel + 8 * v, some, acc);
      }
  }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX2 inline void scale_all_channels(Geometry g, const arguments& a) {
  const window w = g();
  int channel = 0;
  for (; channel + 16 <= w.out.c; channel += 16) scale_channels<S, 2>(g, a, channel, 8);
  for (; channel < w.out.c; channel += 8)
    scale_channels<S, 1>(g, a, channel, w.out.c - channel < 8 ? w.out.c - channel : 8);
}

template <op_signature S, class Geometry>
OFFRAMP_AVX2 inline void scale_numbers(Geometry g, const arguments& a) {
  const window w = g();
  if (!repeats_parameters(w)) return scale_all_channels<S>(g, a);
  const repeated_positions<S, 8> many{w, a.weights};
  scale_all_channels<S>(dynamic_geometry{many.wide}, {a.in, many.words, a.out, nullptr});
  const int done = many.wide.in.size();
  window rest = w;
  rest.in.h = rest.out.h = 1;
  rest.in.w = rest.out.w = w.out.positions() - done / w.out.c;
  scale_all_channels<S>(dynamic_geometry{rest}, {static_cast<const storage_t<S.in>*>(a.in) + done, a.weights,
                                                 static_cast<storage_t<S.out>*>(a.out) + done, nullptr});
}

}  // namespace avx2

template <>
struct code<avx2::pointwise> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if (!avx2::keeps_channels(g()))
      portable::pointwise<S>(g, a);
    else if constexpr (S.out == kind::bits)
      avx2::numbers_to_bits<S>(g, a);
    else
      avx2::scale_numbers<S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
