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

// counts[16 * i + j]: bits that differ between the `words` words of position i, from x + i * x_step, and column j of
// the tile at w.
template <int Results>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void count_positions(const std::uint32_t* x, std::ptrdiff_t x_step,
                                                          const std::uint32_t* w, int words, std::int32_t* counts) {
  __m512i one[Results];
  __m512i twos[Results];
#pragma GCC unroll 6
  for (int i = 0; i < Results; ++i) one[i] = twos[i] = _mm512_setzero_si512();
  for (int k = 0; k + 2 <= words; k += 2, x += 2, w += 32)
#pragma GCC unroll 6
    for (int i = 0; i < Results; ++i) {
      const __m512i first = _mm512_set1_epi32(static_cast<int>(x[i * x_step]));
      const __m512i second = _mm512_set1_epi32(static_cast<int>(x[i * x_step + 1]));
      const __m512i half = _mm512_ternarylogic_epi32(one[i], _mm512_loadu_si512(w), first, 0x96);
      const __m512i sum = _mm512_ternarylogic_epi32(half, _mm512_loadu_si512(w + 16), second, 0x96);
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
      const __m512i differing = _mm512_xor_si512(word, _mm512_loadu_si512(w));
      count = _mm512_add_epi32(count, _mm512_popcnt_epi32(differing));
    }
    _mm512_storeu_si512(counts + 16 * i, count);
  }
}

// count[i]: bits that differ between the words of x and the columns of tile i, at w + i * w_step.
template <int Tiles>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void count_tiles(const std::uint32_t* x, const std::uint32_t* w,
                                                      std::ptrdiff_t w_step, int words, __m512i* count) {
  __m512i one[Tiles];
  __m512i twos[Tiles];
#pragma GCC unroll 4
  for (int i = 0; i < Tiles; ++i) one[i] = twos[i] = _mm512_setzero_si512();
  int k = 0;
#pragma GCC unroll 1
  for (; k + 2 <= words; k += 2, x += 2, w += 32) {
    __m512i first = _mm512_set1_epi32(static_cast<int>(x[0]));
    __m512i second = _mm512_set1_epi32(static_cast<int>(x[1]));
    asm("" : "+v"(first), "+v"(second));  // else g++ loads them anew for every tile
#pragma GCC unroll 4
    for (int i = 0; i < Tiles; ++i) {
      const std::uint32_t* const tile = w + i * w_step;
      const __m512i half = _mm512_ternarylogic_epi32(_mm512_loadu_si512(tile), one[i], first, 0x96);
      const __m512i sum = _mm512_ternarylogic_epi32(_mm512_loadu_si512(tile + 16), half, second, 0x96);
      // The carry as above, where the old `one` stood: no register is copied.
      twos[i] = _mm512_add_epi32(twos[i], _mm512_popcnt_epi32(_mm512_ternarylogic_epi32(one[i], half, sum, 0x74)));
      one[i] = sum;
      asm("" : "+v"(one[i]), "+v"(twos[i]));
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < Tiles; ++i) {
    count[i] = _mm512_add_epi32(_mm512_add_epi32(twos[i], twos[i]), _mm512_popcnt_epi32(one[i]));
    if (k == words) continue;
    const __m512i differing =
        _mm512_xor_si512(_mm512_set1_epi32(static_cast<int>(x[0])), _mm512_loadu_si512(w + i * w_step));
    count[i] = _mm512_add_epi32(count[i], _mm512_popcnt_epi32(differing));
  }
}

struct stored_counts {
  std::int32_t* counts;
  OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void four(int i, const __m512i* count) const {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) _mm512_storeu_si512(counts + 16 * (i + k), count[k]);
  }
};

// n results: positions that share a tile (w_step 0), or tiles that share a position (x_step 0).
struct count_words {
  template <bool Shared>
  OFFRAMP_AVX512_POPCNT static void count(const std::uint32_t* x, std::ptrdiff_t x_step, const std::uint32_t* w,
                                          std::ptrdiff_t w_step, int words, int n, std::int32_t* counts) {
    int i = 0;
    if constexpr (Shared) {
      for (; i + 6 <= n; i += 6) count_positions<6>(x + i * x_step, x_step, w, words, counts + 16 * i);
      for (; i + 2 <= n; i += 2) count_positions<2>(x + i * x_step, x_step, w, words, counts + 16 * i);
      if (i < n) count_positions<1>(x + i * x_step, x_step, w, words, counts + 16 * i);
    } else {
      const stored_counts to{counts};
      if (n >= 4) i = count_fours(x, w, w_step, words, n, to);
      for (; i < n; ++i) count_positions<1>(x, 0, w + i * w_step, words, counts + 16 * i);
    }
  }

  // Tiles that share a position, four at a time: their weights come from L2, and are read no faster than they are
  // counted. done.four(i, counts) is told about tiles i to i + 3. Returns how many tiles are done.
  template <class Done>
  OFFRAMP_AVX512_POPCNT static int count_fours(const std::uint32_t* x, const std::uint32_t* w, std::ptrdiff_t w_step,
                                               int words, int n, const Done& done) {
    int i = 0;
    for (; i + 4 <= n; i += 4) {
      __m512i count[4];
      count_tiles<4>(x, w + i * w_step, w_step, words, count);
      done.four(i, count);
    }
    return i;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt
#endif

#endif
