// Output stages that follow no convolution, from bits (avx2/pointwise_bits.hpp): a word of bits is the mask that
// chooses between two packed results.
#ifndef OFFRAMP_KERNELS_AVX512_POINTWISE_BITS_HPP
#define OFFRAMP_KERNELS_AVX512_POINTWISE_BITS_HPP

#include <cstdint>

#include <offramp/kernels/avx2/pointwise_traits.hpp>
#include <offramp/kernels/avx512/pointwise_bits_traits.hpp>
#include <offramp/kernels/portable/pointwise.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx512 {

// The n (1 to 32) outputs at `to`.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void choose32(std::uint32_t word, const std::uint32_t* results, storage_t<S.out>* to,
                                            int n) {
  const std::uint32_t lanes = low_bits(n);
  if constexpr (S.out == kind::i8) {
    const __m256i plus = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(results));
    const __m256i minus = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(results + 8));
    __m256i y = _mm256_mask_mov_epi8(plus, word, minus);
    if constexpr (S.add) y = _mm256_adds_epi8(_mm256_maskz_loadu_epi8(lanes, to), y);
    if (n == 32)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), y);
    else
      _mm256_mask_storeu_epi8(to, lanes, y);
  } else if constexpr (S.out == kind::i16) {
    __m512i y = _mm512_mask_mov_epi16(_mm512_loadu_si512(results), word, _mm512_loadu_si512(results + 16));
    if constexpr (S.add) y = _mm512_adds_epi16(_mm512_maskz_loadu_epi16(lanes, to), y);
    if (n == 32)
      _mm512_storeu_si512(to, y);
    else
      _mm512_mask_storeu_epi16(to, lanes, y);
  } else {
#pragma GCC unroll 2
    for (int i = 0; i < 32 && i < n; i += 16) {
      const auto some = static_cast<__mmask16>(lanes >> i);
      __m512 y = _mm512_mask_mov_ps(_mm512_loadu_ps(results + i), static_cast<__mmask16>(word >> i),
                                    _mm512_loadu_ps(results + 32 + i));
      if constexpr (S.add) y = _mm512_add_ps(_mm512_maskz_loadu_ps(some, to + i), y);
      if (n == 32)
        _mm512_storeu_ps(to + i, y);
      else
        _mm512_mask_storeu_ps(to + i, some, y);
    }
  }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX512 inline void choose_results(Geometry g, const arguments& a) {
  const window w = g();
  const int words = ceil_div(w.in.c, 32);
  const std::uint32_t* results = a.weights + avx2::results_begin({S, w});
  auto* to = static_cast<storage_t<S.out>*>(a.out);
  for (int oy = 0; oy < w.out.h; ++oy) {
    const auto* from = static_cast<const std::uint32_t*>(a.in) + oy * w.stride_h * w.in.w * words;
    for (int ox = 0; ox < w.out.w; ++ox, from += w.stride_w * words)
      for (int i = 0; i < words; ++i) {
        const std::uint32_t* some = results + i * avx2::result_words(S);
        const int n = w.out.c % 32 == 0 || w.out.c - 32 * i >= 32 ? 32 : w.out.c - 32 * i;
        if constexpr (S.out == kind::bits) {
          *to++ = (some[0] ^ (from[i] & (some[0] ^ some[1]))) & low_bits(n);
        } else {
          choose32<S>(from[i], some, to, n);
          to += n;
        }
      }
  }
}

}  // namespace avx512

template <>
struct code<avx512::pointwise_bits> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if (avx2::keeps_channels(g()))
      avx512::choose_results<S>(g, a);
    else
      portable::pointwise<S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
