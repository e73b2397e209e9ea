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
  for (int left = positions - p; left > 0; --left, ++p, sums += V * 16)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const int n = channels - 16 * v;
      if (n <= 0) continue;
      store_lanes16<S, Biased>(lanes[v], w, out, position + p, first + 16 * v, n < 16 ? n : 16,
                               _mm512_loadu_si512(sums + v * 16));
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512
#endif

#endif
