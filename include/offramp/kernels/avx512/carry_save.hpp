// Counting the bits that differ between words and words, 16 columns at a time, with AVX-512 BW alone: Harley and Seal's
// carry-save adders (Warren, "Hacker's Delight", 5-1). The first level takes its xor along, three vpternlogd for two
// words; of 16 words one vector of sixteens is left, whose bits are counted by looking up halves of bytes (Mula et al.,
// arXiv:1611.07612). Several results side by side hide the latency of the chain and share weights.
#ifndef OFFRAMP_KERNELS_AVX512_CARRY_SAVE_HPP
#define OFFRAMP_KERNELS_AVX512_CARRY_SAVE_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

// Adds b and c to a, bit by bit; returns the carry, b where b equals c, else the inverse of the sum: a form that
// overwrites what is not needed any more.
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i add_carry_save(__m512i& a, __m512i b, __m512i c) {
  a = _mm512_ternarylogic_epi32(a, b, c, 0x96);
  return _mm512_ternarylogic_epi32(b, c, a, 0xd4);
}
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i add_carry_save(__m512i& a, __m512i b) {
  const __m512i carry = _mm512_and_si512(a, b);
  a = _mm512_xor_si512(a, b);
  return carry;
}

OFFRAMP_INLINE OFFRAMP_AVX512 __m512i broadcast_word(const std::uint32_t* x) {
  return _mm512_set1_epi32(static_cast<int>(*x));
}

// Bits in every byte, `Weight` times.
template <int Weight>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i count_bytes(__m512i v) {
  const __m512i bits = _mm512_broadcast_i32x4(
      _mm_setr_epi8(0, Weight, Weight, 2 * Weight, Weight, 2 * Weight, 2 * Weight, 3 * Weight, Weight, 2 * Weight,
                    2 * Weight, 3 * Weight, 2 * Weight, 3 * Weight, 3 * Weight, 4 * Weight));
  const __m512i low = _mm512_set1_epi8(0x0f);
  return _mm512_add_epi8(_mm512_shuffle_epi8(bits, _mm512_and_si512(v, low)),
                         _mm512_shuffle_epi8(bits, _mm512_and_si512(_mm512_srli_epi16(v, 4), low)));
}

// Bits 0 to 3 of the counts of one result, and the sixteens, in bytes.
struct carry_save_sum {
  __m512i one, two, four, eight, sixteens;
};

// `Results` neighbouring results: result i reads x + i * x_step and w + i * w_step. `Shared`: w_step is 0.
template <int Results, bool Shared>
struct carry_save_reader {
  const std::uint32_t* x;
  std::ptrdiff_t x_step;
  const std::uint32_t* w;
  std::ptrdiff_t w_step;

  OFFRAMP_INLINE OFFRAMP_AVX512 __m512i weight(int i, int k) const {
    return _mm512_loadu_si512(w + (Shared ? 0 : i * w_step) + 16 * k);
  }
  OFFRAMP_INLINE OFFRAMP_AVX512 __m512i word(int i, int k) const { return broadcast_word(x + i * x_step + k); }

  // Adds words k and k + 1; carries are left in `carry`.
  OFFRAMP_INLINE OFFRAMP_AVX512 void two(carry_save_sum (&s)[Results], int k, __m512i (&carry)[Results]) const {
#pragma GCC unroll 4
    for (int i = 0; i < Results; ++i) {
      const __m512i half = _mm512_ternarylogic_epi32(s[i].one, weight(i, k), word(i, k), 0x96);
      const __m512i sum = _mm512_ternarylogic_epi32(half, weight(i, k + 1), word(i, k + 1), 0x96);
      // Where a and the first word differ, the carry is the second word, which then is the inverse of the sum.
      carry[i] = _mm512_ternarylogic_epi32(half, sum, s[i].one, 0x3a);
      s[i].one = sum;
    }
  }
  OFFRAMP_INLINE OFFRAMP_AVX512 void four(carry_save_sum (&s)[Results], int k, __m512i (&carry)[Results]) const {
    __m512i second[Results];
    two(s, k, carry);
    two(s, k + 2, second);
#pragma GCC unroll 4
    for (int i = 0; i < Results; ++i) carry[i] = add_carry_save(s[i].two, carry[i], second[i]);
  }
  OFFRAMP_INLINE OFFRAMP_AVX512 void eight(carry_save_sum (&s)[Results], int k, __m512i (&carry)[Results]) const {
    __m512i second[Results];
    four(s, k, carry);
    four(s, k + 4, second);
#pragma GCC unroll 4
    for (int i = 0; i < Results; ++i) carry[i] = add_carry_save(s[i].four, carry[i], second[i]);
  }
};

// counts[16 * i + j]: bits that differ between the words of result i and column j.
template <int Results, bool Shared>
OFFRAMP_INLINE OFFRAMP_AVX512 void count_carry_save(const carry_save_reader<Results, Shared>& from, int words,
                                                    std::int32_t* counts) {
  carry_save_sum s[Results];
  __m512i total[Results];
  __m512i held[Results];  // carries of eight words, which wait for eight more
#pragma GCC unroll 4
  for (int i = 0; i < Results; ++i) {
    s[i].one = s[i].two = s[i].four = s[i].eight = s[i].sixteens = _mm512_setzero_si512();
    total[i] = held[i] = _mm512_setzero_si512();
  }
  const __m512i ones = _mm512_set1_epi8(1);
  const __m512i wide_ones = _mm512_set1_epi16(1);
  int k = 0;
  __m512i carry[Results];
#pragma GCC unroll 1
  for (; k + 8 <= words; k += 8) {
    from.eight(s, k, carry);
    if (k % 16 == 0) {
#pragma GCC unroll 4
      for (int i = 0; i < Results; ++i) held[i] = carry[i];
      continue;
    }
#pragma GCC unroll 4
    for (int i = 0; i < Results; ++i)
      s[i].sixteens = _mm512_add_epi8(s[i].sixteens, count_bytes<1>(add_carry_save(s[i].eight, held[i], carry[i])));
    // A byte of sixteens grows by 8 at most; what is left over adds 8 once more.
    if (k % (30 * 16) != 29 * 16 + 8) continue;
#pragma GCC unroll 4
    for (int i = 0; i < Results; ++i) {
      const __m512i sum = _mm512_madd_epi16(_mm512_maddubs_epi16(s[i].sixteens, ones), wide_ones);
      total[i] = _mm512_add_epi32(total[i], _mm512_slli_epi32(sum, 4));
      s[i].sixteens = _mm512_setzero_si512();
    }
  }
  // Fewer than 16 words: at most one more sixteen of every bit.
  __m512i last[Results];
#pragma GCC unroll 4
  for (int i = 0; i < Results; ++i)
    last[i] = (words & 8) != 0 ? add_carry_save(s[i].eight, held[i]) : _mm512_setzero_si512();
  if ((words & 4) != 0) {
    from.four(s, k, carry);
    k += 4;
#pragma GCC unroll 4
    for (int i = 0; i < Results; ++i)
      last[i] = _mm512_or_si512(last[i], add_carry_save(s[i].eight, add_carry_save(s[i].four, carry[i])));
  }
  if ((words & 2) != 0) {
    from.two(s, k, carry);
    k += 2;
#pragma GCC unroll 4
    for (int i = 0; i < Results; ++i)
      last[i] = _mm512_or_si512(
          last[i], add_carry_save(s[i].eight, add_carry_save(s[i].four, add_carry_save(s[i].two, carry[i]))));
  }
  if ((words & 1) != 0) {
#pragma GCC unroll 4
    for (int i = 0; i < Results; ++i) {
      const __m512i word = _mm512_xor_si512(from.weight(i, k), from.word(i, k));
      const __m512i fours = add_carry_save(s[i].two, add_carry_save(s[i].one, word));
      last[i] = _mm512_or_si512(last[i], add_carry_save(s[i].eight, add_carry_save(s[i].four, fours)));
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < Results; ++i) {
    // At most 8 * (1 + 2 + 4 + 8) = 120 in a byte, and 248 sixteens: sums of two fit 16 bits.
    __m512i low = _mm512_add_epi8(count_bytes<1>(s[i].one), count_bytes<2>(s[i].two));
    if (words >= 4) low = _mm512_add_epi8(low, count_bytes<4>(s[i].four));
    if (words >= 8) low = _mm512_add_epi8(low, count_bytes<8>(s[i].eight));
    __m512i sum = _mm512_maddubs_epi16(low, ones);
    if (words >= 16) {
      const __m512i high = _mm512_add_epi8(s[i].sixteens, count_bytes<1>(last[i]));
      sum = _mm512_add_epi16(sum, _mm512_slli_epi16(_mm512_maddubs_epi16(high, ones), 4));
    }
    _mm512_storeu_si512(counts + 16 * i, _mm512_add_epi32(total[i], _mm512_madd_epi16(sum, wide_ones)));
  }
}

// n results of `words` words each, as above: positions that share a tile (w_step 0), or tiles that share a position.
// Where three are not left of more, some are counted again.
struct carry_save {
  template <bool Shared>
  OFFRAMP_AVX512 static void count(const std::uint32_t* x, std::ptrdiff_t x_step, const std::uint32_t* w,
                                   std::ptrdiff_t w_step, int words, int n, std::int32_t* counts) {
    if (n < 3) {
      for (int i = 0; i < n; ++i)
        count_carry_save<1, Shared>({x + i * x_step, x_step, w + i * w_step, w_step}, words, counts + 16 * i);
      return;
    }
    for (int i = 0; i < n; i += 3) {
      const int at = i + 3 <= n ? i : n - 3;
      count_carry_save<3, Shared>({x + at * x_step, x_step, w + at * w_step, w_step}, words, counts + 16 * at);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512
#endif

#endif
