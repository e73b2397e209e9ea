// Output stages that follow no convolution: 32 channels to a word of bits by comparisons in the input's own kind
// (avx2/pointwise_traits.hpp), or 16 at a time to numbers, a block of channels after the other so that their parameters
// stay in registers.
#ifndef OFFRAMP_KERNELS_AVX512_POINTWISE_HPP
#define OFFRAMP_KERNELS_AVX512_POINTWISE_HPP

#include <offramp/kernels/avx512/numbers.hpp>
#include <offramp/kernels/avx512/output.hpp>
#include <offramp/kernels/avx512/pointwise_traits.hpp>
#include <offramp/kernels/portable/pointwise.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx512 {

// Which of the n (1 to 32) numbers at x are below their thresholds. There are thresholds for all 32.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX512 std::uint32_t below32(const storage_t<K>* x, const void* thresholds, int n) {
  const std::uint32_t lanes = low_bits(n);
  if constexpr (K == kind::i16) {
    const __m512i numbers = n == 32 ? _mm512_loadu_si512(x) : _mm512_maskz_loadu_epi16(lanes, x);
    return _mm512_cmplt_epi16_mask(numbers, _mm512_loadu_si512(thresholds)) & lanes;
  } else if constexpr (K == kind::f32) {
    const auto* t = static_cast<const float*>(thresholds);
    const __m512 low = n >= 16 ? _mm512_loadu_ps(x) : _mm512_maskz_loadu_ps(static_cast<__mmask16>(lanes), x);
    std::uint32_t below = _mm512_cmp_ps_mask(low, _mm512_loadu_ps(t), _CMP_LT_OQ);
    if (n > 16) {
      const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(lanes >> 16), x + 16);
      below |= std::uint32_t{_mm512_cmp_ps_mask(high, _mm512_loadu_ps(t + 16), _CMP_LT_OQ)} << 16;
    }
    return below & lanes;
  } else {
    const __m256i numbers =
        n == 32 ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)) : _mm256_maskz_loadu_epi8(lanes, x);
    const __m256i t = _mm256_loadu_si256(static_cast<const __m256i*>(thresholds));
    return (K == kind::u8 ? _mm256_cmplt_epu8_mask(numbers, t) : _mm256_cmplt_epi8_mask(numbers, t)) & lanes;
  }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX512 inline void numbers_to_bits(Geometry g, const arguments& a) {
  const window w = g();
  const std::uint32_t* thresholds = a.weights + avx2::thresholds_begin({S, w});
  const std::uint32_t* flips = a.weights + avx2::flips_begin({S, w});
  auto* out = static_cast<std::uint32_t*>(a.out);
  if (avx2::shares_words(w)) {
    const auto* x = static_cast<const storage_t<S.in>*>(a.in);
    const int all = w.in.size();
    for (int i = 0; i < all; i += 32) {
      const int n = all - i < 32 ? all - i : 32;
      const std::uint32_t below = below32<S.in>(x + i, thresholds, n);
      for (int j = 0; j < n; j += w.out.c) *out++ = ((below >> j) ^ flips[0]) & low_bits(w.out.c);
    }
    return;
  }
  for (int oy = 0; oy < w.out.h; ++oy) {
    const auto* x = static_cast<const storage_t<S.in>*>(a.in) + oy * w.stride_h * w.in.w * w.in.c;
    for (int ox = 0; ox < w.out.w; ++ox, x += w.stride_w * w.in.c)
      for (int c = 0; c < w.out.c; c += 32) {
        const int n = w.out.c % 32 == 0 || w.out.c - c >= 32 ? 32 : w.out.c - c;
        const std::uint32_t* t = thresholds + c / 32 * avx2::threshold_words(S);
        *out++ = (below32<S.in>(x + c, t, n) ^ flips[c / 32]) & low_bits(n);
      }
  }
}

// V vectors of channels from `channel` on, of all positions; the last vector holds n of them.
template <op_signature S, int V, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX512 void scale_channels(Geometry g, const arguments& a, int channel, int n) {
  const window w = g();
  const parameters<S> params{a.weights, w};
  const __m512i zero = _mm512_set1_epi32(S.in == kind::f32 ? 0 : params.in_zero());
  output_lanes16 lanes[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) lanes[v] = load_output_lanes16(params, channel + 16 * v, v + 1 < V ? 16 : n);
  for (int oy = 0; oy < w.out.h; ++oy) {
    const auto* x = static_cast<const storage_t<S.in>*>(a.in) + oy * w.stride_h * w.in.w * w.in.c + channel;
    for (int ox = 0; ox < w.out.w; ++ox, x += w.stride_w * w.in.c) {
      const int position = oy * w.out.w + ox;
      __m512i acc[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        acc[v] = load_numbers16<S.in>(x + 16 * v, v + 1 < V ? 16 : n);
        if constexpr (S.in != kind::f32) acc[v] = _mm512_sub_epi32(acc[v], zero);
      }
      if constexpr (V == 4) {
        const __m512i bytes =
            output_bytes64(lanes[0], scaled_lanes16<S>(lanes[0], acc[0]), scaled_lanes16<S>(lanes[1], acc[1]),
                           scaled_lanes16<S>(lanes[2], acc[2]), scaled_lanes16<S>(lanes[3], acc[3]));
        _mm512_storeu_si512(static_cast<std::int8_t*>(a.out) + position * w.out.c + channel, bytes);
      } else {
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v)
          store_lanes16<S>(lanes[v], w, a.out, position, channel + 16 * v, v + 1 < V ? 16 : n, acc[v]);
      }
    }
  }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX512 inline void scale_all_channels(Geometry g, const arguments& a) {
  const window w = g();
  int channel = 0;
  if constexpr (stores_quads<S>)
    for (; channel + 64 <= w.out.c; channel += 64) scale_channels<S, 4>(g, a, channel, 16);
  for (; channel + 32 <= w.out.c; channel += 32) scale_channels<S, 2>(g, a, channel, 16);
  for (; channel < w.out.c; channel += 16)
    scale_channels<S, 1>(g, a, channel, w.out.c - channel < 16 ? w.out.c - channel : 16);
}

template <op_signature S, class Geometry>
OFFRAMP_AVX512 inline void scale_numbers(Geometry g, const arguments& a) {
  const window w = g();
  if (!avx2::repeats_parameters(w)) return scale_all_channels<S>(g, a);
  const avx2::repeated_positions<S, 16> many{w, a.weights};
  scale_all_channels<S>(dynamic_geometry{many.wide}, {a.in, many.words, a.out, nullptr});
  const int done = many.wide.in.size();
  window rest = w;
  rest.in.h = rest.out.h = 1;
  rest.in.w = rest.out.w = w.out.positions() - done / w.out.c;
  scale_all_channels<S>(dynamic_geometry{rest}, {static_cast<const storage_t<S.in>*>(a.in) + done, a.weights,
                                                 static_cast<storage_t<S.out>*>(a.out) + done, nullptr});
}

}  // namespace avx512

template <>
struct code<avx512::pointwise> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if (!avx2::keeps_channels(g()))
      portable::pointwise<S>(g, a);
    else if constexpr (S.out == kind::bits)
      avx512::numbers_to_bits<S>(g, a);
    else
      avx512::scale_numbers<S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
