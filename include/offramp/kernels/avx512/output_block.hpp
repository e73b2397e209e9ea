// Sums of a block of positions x vectors of 16 channels, in memory, to stored elements: whole words of bits and whole
// vectors of bytes where the block has them.
#ifndef OFFRAMP_KERNELS_AVX512_OUTPUT_BLOCK_HPP
#define OFFRAMP_KERNELS_AVX512_OUTPUT_BLOCK_HPP

#include <cstdint>

#include <offramp/kernels/avx512/output.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

namespace detail {

// 64 bytes of positions p ... p + 4 / V - 1 and all V vectors, `row` bytes from one position to the next.
template <int V>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_bytes64(std::int8_t* to, int row, __m512i bytes) {
  if (V == 4 || row == 16 * V) {
    _mm512_storeu_si512(to, bytes);
  } else if constexpr (V == 2) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_castsi512_si256(bytes));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + row), _mm512_extracti64x4_epi64(bytes, 1));
  } else {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_castsi512_si128(bytes));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + row), _mm512_extracti32x4_epi32(bytes, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 2 * row), _mm512_extracti32x4_epi32(bytes, 2));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 3 * row), _mm512_extracti32x4_epi32(bytes, 3));
  }
}

}  // namespace detail

// Scaled accumulators (scaled_lanes16) of 16-bit streams may be packed where there is no zero point: packing saturates
// as the clamp to 16 bits does.
template <op_signature S>
OFFRAMP_INLINE bool stores_shorts(const output_lanes16& l) {
  return S.out == kind::i16 && !S.float_accumulator() && l.out_zero == 0;
}
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i clamp_shorts(const output_lanes16& l, __m512i q) {
  const __m512i low = _mm512_set1_epi16(static_cast<short>(l.low < -32768 ? -32768 : l.low));
  const __m512i high = _mm512_set1_epi16(static_cast<short>(l.high > 32767 ? 32767 : l.high));
  return _mm512_max_epi16(_mm512_min_epi16(q, high), low);
}
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_shorts32(std::int16_t* to, __m512i q) {
  if constexpr (S.add) q = _mm512_adds_epi16(q, _mm512_loadu_si512(to));
  _mm512_storeu_si512(to, q);
}
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_shorts16(std::int16_t* to, __m256i q) {
  auto* const at = reinterpret_cast<__m256i*>(to);
  if constexpr (S.add) q = _mm256_adds_epi16(q, _mm256_loadu_si256(at));
  _mm256_storeu_si256(at, q);
}

// Stores channels first ... first + 16 V - 1 (as far as there are) of `positions` positions from `position` on;
// sums[positions][V][16], lanes[V]. Biased: sums have their bias already.
template <op_signature S, int V, bool Biased = false>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_sums(const output_lanes16* lanes, const window& w, void* out, int position,
                                              int first, int positions, const std::int32_t* sums) {
  const int channels = w.out.c - first;
  int p = 0;
  if constexpr (S.out == kind::bits && V % 2 == 0) {
    for (; p < positions; ++p, sums += V * 16)
#pragma GCC unroll 2
      for (int v = 0; v < V; v += 2) {
        const int n = channels - 16 * v;
        if (n <= 0) continue;
        const std::int32_t* pair = sums + v * 16;
        std::uint32_t word = output_bits16<S>(lanes[v], n < 16 ? n : 16, _mm512_loadu_si512(pair));
        if (n > 16) word |= output_bits16<S>(lanes[v + 1], n < 32 ? n - 16 : 16, _mm512_loadu_si512(pair + 16)) << 16;
        static_cast<std::uint32_t*>(out)[(position + p) * ceil_div(w.out.c, 32) + first / 32 + v / 2] = word;
      }
    return;
  }
  if constexpr (stores_quads<S> && V != 3)
    if (channels >= 16 * V)
      for (; p + 4 / V <= positions; p += 4 / V, sums += 4 * 16) {
        __m512i q[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) q[i] = scaled_lanes16<S, Biased>(lanes[i % V], _mm512_loadu_si512(sums + i * 16));
        detail::store_bytes64<V>(static_cast<std::int8_t*>(out) + (position + p) * w.out.c + first, w.out.c,
                                 output_bytes64(lanes[0], q[0], q[1], q[2], q[3]));
      }
  if constexpr (S.out == kind::i16 && (V % 2 == 0 || V == 1))
    if (channels >= 16 * V && stores_shorts<S>(lanes[0])) {
      constexpr int together = V == 1 ? 2 : 1;  // positions
      std::int16_t* to = static_cast<std::int16_t*>(out) + (position + p) * w.out.c + first;
      for (; p + together <= positions; p += together, sums += together * V * 16, to += together * w.out.c)
#pragma GCC unroll 2
        for (int v = 0; v < V; v += 2) {
          const __m512i a = scaled_lanes16<S, Biased>(lanes[v], _mm512_loadu_si512(sums + v * 16));
          const __m512i b =
              scaled_lanes16<S, Biased>(lanes[V == 1 ? 0 : v + 1], _mm512_loadu_si512(sums + v * 16 + 16));
          const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
          const __m512i q = clamp_shorts(lanes[v], _mm512_permutexvar_epi64(order, _mm512_packs_epi32(a, b)));
          if constexpr (V > 1) {
            store_shorts32<S>(to + 16 * v, q);
          } else {
            store_shorts16<S>(to, _mm512_castsi512_si256(q));
            store_shorts16<S>(to + w.out.c, _mm512_extracti64x4_epi64(q, 1));
          }
        }
    }
  // Streams are read some positions ahead of what is stored (load_stream16).
  constexpr int ahead = S.add ? 8 / V : 1;
  for (int left = positions - p; left > 0; left -= ahead, p += ahead, sums += ahead * V * 16) {
    const int some = left < ahead ? left : ahead;
    __m512i added[ahead * V];
    if constexpr (S.add)
#pragma GCC unroll 8
      for (int i = 0; i < ahead * V; ++i) {
        const int first_here = first + i % V * 16, n = w.out.c - first_here;
        if (i / V < some && n > 0)
          added[i] = load_added16<S>(w, out, position + p + i / V, first_here, n < 16 ? n : 16);
      }
#pragma GCC unroll 8
    for (int i = 0; i < ahead * V; ++i) {
      const int v = i % V, n = channels - 16 * v;
      if (i / V >= some || n <= 0) continue;
      store_added16<S, Biased>(lanes[v], w, out, position + p + i / V, first + 16 * v, n < 16 ? n : 16,
                               _mm512_loadu_si512(sums + i * 16), S.add ? added[i] : _mm512_setzero_si512());
    }
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512
#endif

#endif
