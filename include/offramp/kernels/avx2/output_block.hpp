// Sums of a block of positions x vectors of 8 channels, in memory, to stored elements: whole vectors of bytes where the
// block has them.
#ifndef OFFRAMP_KERNELS_AVX2_OUTPUT_BLOCK_HPP
#define OFFRAMP_KERNELS_AVX2_OUTPUT_BLOCK_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <cstdint>

#include <offramp/kernels/avx2/output.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

OFFRAMP_INLINE OFFRAMP_AVX2 __m256i load_sums8(const std::int32_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

namespace detail {

// 32 bytes of 4 / V positions and all V vectors, `row` bytes from one position to the next.
template <int V>
OFFRAMP_INLINE OFFRAMP_AVX2 void store_bytes32(std::int8_t* to, int row, __m256i bytes) {
  if (V == 4 || row == 8 * V) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes);
    return;
  }
  const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
  if constexpr (V == 2) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), low);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + row), high);
  } else {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), low);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + row), _mm_unpackhi_epi64(low, low));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + 2 * row), high);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + 3 * row), _mm_unpackhi_epi64(high, high));
  }
}

}  // namespace detail

// Stores channels first ... first + 8 V - 1 (as far as there are) of `positions` positions from `position` on;
// sums[positions][V][8], lanes[V]. Biased: sums have their bias already.
template <op_signature S, int V, bool Biased = false>
OFFRAMP_INLINE OFFRAMP_AVX2 void store_sums(const output_lanes8* lanes, const window& w, void* out, int position,
                                            int first, int positions, const std::int32_t* sums) {
  const int channels = w.out.c - first;
  int p = 0;
  if constexpr (stores_quads<S> && V != 3)
    if (channels >= 8 * V)
      for (; p + 4 / V <= positions; p += 4 / V, sums += 4 * 8) {
        __m256i q[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) q[i] = scaled_lanes8<S, Biased>(lanes[i % V], load_sums8(sums + i * 8));
        detail::store_bytes32<V>(static_cast<std::int8_t*>(out) + (position + p) * w.out.c + first, w.out.c,
                                 output_bytes32(lanes[0], q[0], q[1], q[2], q[3]));
      }
  for (int left = positions - p; left > 0; --left, ++p, sums += V * 8)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const int n = channels - 8 * v;
      if (n <= 0) continue;
      store_lanes8<S, Biased>(lanes[v], w, out, position + p, first + 8 * v, n < 8 ? n : 8, load_sums8(sums + v * 8));
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2
#endif

#endif
