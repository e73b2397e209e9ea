// Output stages that follow no convolution, from bits: each output is one of two results that were worked out before
// (pointwise_bits_traits.hpp), 32 channels to a word of bits.
#ifndef OFFRAMP_KERNELS_AVX2_POINTWISE_BITS_HPP
#define OFFRAMP_KERNELS_AVX2_POINTWISE_BITS_HPP

#include <cstdint>

#include <offramp/kernels/avx2/pointwise_bits_traits.hpp>
#include <offramp/kernels/avx2/pointwise_traits.hpp>
#include <offramp/kernels/portable/pointwise.hpp>
#include <offramp/kernels/runs.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx2 {

// All ones where the word has a bit set: in bytes, halves or words, of its vector v.
template <kind Out>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i spread_bits(std::uint32_t word, int v) {
  if constexpr (Out == kind::i8) {
    const __m256i copies = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(word)), copies);
    const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201));
    return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
  } else if constexpr (Out == kind::i16) {
    const __m256i bit = _mm256_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, -32768);
    const __m256i halves = _mm256_set1_epi16(static_cast<short>(word >> (16 * v)));
    return _mm256_cmpeq_epi16(_mm256_and_si256(halves, bit), bit);
  } else {
    const __m256i bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i words = _mm256_set1_epi32(static_cast<int>(word >> (8 * v)));
    return _mm256_cmpeq_epi32(_mm256_and_si256(words, bit), bit);
  }
}

// 32 outputs.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void choose32(std::uint32_t word, const std::uint32_t* results, storage_t<S.out>* to) {
  constexpr int vectors = bit_width(S.out) / 8;
  const auto* plus = reinterpret_cast<const __m256i*>(results);
  auto* out = reinterpret_cast<__m256i*>(to);
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) {
    const __m256i minus = _mm256_loadu_si256(plus + vectors + v);
    __m256i y = _mm256_blendv_epi8(_mm256_loadu_si256(plus + v), minus, spread_bits<S.out>(word, v));
    if constexpr (S.add) {
      const __m256i before = _mm256_loadu_si256(out + v);
      if constexpr (S.out == kind::i8)
        y = _mm256_adds_epi8(before, y);
      else if constexpr (S.out == kind::i16)
        y = _mm256_adds_epi16(before, y);
      else
        y = _mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(before), _mm256_castsi256_ps(y)));
    }
    _mm256_storeu_si256(out + v, y);
  }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX2 inline void choose_results(Geometry g, const arguments& a) {
  using element = storage_t<S.out>;
  const window w = g();
  const int words = ceil_div(w.in.c, 32);
  const std::uint32_t* results = a.weights + results_begin({S, w});
  auto* to = static_cast<element*>(a.out);
  const auto* end = to + w.out.size();
  for (int oy = 0; oy < w.out.h; ++oy) {
    const auto* from = static_cast<const std::uint32_t*>(a.in) + oy * w.stride_h * w.in.w * words;
    for (int ox = 0; ox < w.out.w; ++ox, from += w.stride_w * words)
      for (int i = 0; i < words; ++i) {
        const std::uint32_t* some = results + i * result_words(S);
        const int n = w.out.c % 32 == 0 || w.out.c - 32 * i >= 32 ? 32 : w.out.c - 32 * i;
        if constexpr (S.out == kind::bits) {
          *to++ = (some[0] ^ (from[i] & (some[0] ^ some[1]))) & low_bits(n);
        } else {
          // What is written beyond n is written again, rightly, with the next positions.
          if (n == 32 || (!S.add && end - to >= 32)) {
            choose32<S>(from[i], some, to);
          } else {
            element last[32] = {};
            if constexpr (S.add) copy_run(last, to, n);
            choose32<S>(from[i], some, last);
            copy_run(to, last, n);
          }
          to += n;
        }
      }
  }
}

}  // namespace avx2

template <>
struct code<avx2::pointwise_bits> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if (avx2::keeps_channels(g()))
      avx2::choose_results<S>(g, a);
    else
      portable::pointwise<S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
