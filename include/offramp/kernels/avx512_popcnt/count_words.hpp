// Counting the bits that differ between words and words, 16 columns at a time, with vpopcntd: one level of carry-save
// adders before it, xor taken along. Five operations for two words, where xor, count and add take six, and more levels
// as many: a full adder is worth two operations, as are count and add.
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_COUNT_WORDS_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_COUNT_WORDS_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt {

// counts[16 * i + j]: bits that differ between the `words` words of result i, from x + i * x_step, and column j of the
// tile at w + i * w_step. Shared: w_step is 0.
template <int Results, bool Shared>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void count_results(const std::uint32_t* x, std::ptrdiff_t x_step,
                                                        const std::uint32_t* w, std::ptrdiff_t w_step, int words,
                                                        std::int32_t* counts) {
  __m512i one[Results];
  __m512i twos[Results];
#pragma GCC unroll 6
  for (int i = 0; i < Results; ++i) one[i] = twos[i] = _mm512_setzero_si512();
  for (int k = 0; k + 2 <= words; k += 2, x += 2, w += 32)
#pragma GCC unroll 6
    for (int i = 0; i < Results; ++i) {
      const std::uint32_t* tile = w + (Shared ? 0 : i * w_step);
      const __m512i first = _mm512_set1_epi32(static_cast<int>(x[i * x_step]));
      const __m512i second = _mm512_set1_epi32(static_cast<int>(x[i * x_step + 1]));
      const __m512i half = _mm512_ternarylogic_epi32(one[i], _mm512_loadu_si512(tile), first, 0x96);
      const __m512i sum = _mm512_ternarylogic_epi32(half, _mm512_loadu_si512(tile + 16), second, 0x96);
      // Where `one` and the first word differ, the carry is the second word, which then is the inverse of the sum.
      const __m512i carry = _mm512_ternarylogic_epi32(half, sum, one[i], 0x3a);
      one[i] = sum;
      twos[i] = _mm512_add_epi32(twos[i], _mm512_popcnt_epi32(carry));
    }
#pragma GCC unroll 6
  for (int i = 0; i < Results; ++i) {
    __m512i count = _mm512_add_epi32(_mm512_add_epi32(twos[i], twos[i]), _mm512_popcnt_epi32(one[i]));
    if (words % 2 != 0) {
      const __m512i word = _mm512_set1_epi32(static_cast<int>(x[i * x_step]));
      const __m512i differing = _mm512_xor_si512(word, _mm512_loadu_si512(w + (Shared ? 0 : i * w_step)));
      count = _mm512_add_epi32(count, _mm512_popcnt_epi32(differing));
    }
    _mm512_storeu_si512(counts + 16 * i, count);
  }
}

// n results: positions that share a tile (w_step 0), or tiles that share a position.
struct count_words {
  template <bool Shared>
  OFFRAMP_AVX512_POPCNT static void count(const std::uint32_t* x, std::ptrdiff_t x_step, const std::uint32_t* w,
                                          std::ptrdiff_t w_step, int words, int n, std::int32_t* counts) {
    int i = 0;
    for (; i + 6 <= n; i += 6)
      count_results<6, Shared>(x + i * x_step, x_step, w + i * w_step, w_step, words, counts + 16 * i);
    for (; i + 2 <= n; i += 2)
      count_results<2, Shared>(x + i * x_step, x_step, w + i * w_step, w_step, words, counts + 16 * i);
    if (i < n) count_results<1, Shared>(x + i * x_step, x_step, w + i * w_step, w_step, words, counts + 16 * i);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt
#endif

#endif
