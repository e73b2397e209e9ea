// Counts of bits to 16-bit streams, 32 at a time (x86/short_scales.hpp).
#ifndef OFFRAMP_KERNELS_AVX512_SHORT_OUTPUT_HPP
#define OFFRAMP_KERNELS_AVX512_SHORT_OUTPUT_HPP

#include <cstdint>

#include <offramp/kernels/avx512/output_block.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/short_scales.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

// What all channels share.
struct short_limits {
  __m512i middle, least, most;
};
// The scales of 32 lanes. Products are sums of pairs (a times factor, finer part times 1), in the order that unpacking
// gives: `low` holds the first four lanes of every eight.
struct short_lanes : short_limits {
  __m512i fraction, factor_low, factor_high, offset_low, offset_high, shift_low, shift_high;
};

OFFRAMP_INLINE OFFRAMP_AVX512 short_limits load_short_limits(int middle, int least, int most) {
  return {_mm512_set1_epi16(static_cast<short>(middle)),
          _mm512_set1_epi16(static_cast<short>(least < -32768 ? -32768 : least)),
          _mm512_set1_epi16(static_cast<short>(most > 32767 ? 32767 : most))};
}

// Of 32 channels from their arrays of fractions and factors, offsets, and shifts.
OFFRAMP_INLINE OFFRAMP_AVX512 void order_short_lanes(const void* fractions, const void* factors, __m512i offset0,
                                                     __m512i offset1, __m512i shift0, __m512i shift1, short_lanes& l) {
  const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
  const __m512i second = _mm512_setr_epi32(4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  const __m512i factor = _mm512_loadu_si512(factors);
  l.fraction = _mm512_loadu_si512(fractions);
  l.factor_low = _mm512_unpacklo_epi16(factor, _mm512_set1_epi16(1));
  l.factor_high = _mm512_unpackhi_epi16(factor, _mm512_set1_epi16(1));
  l.offset_low = _mm512_permutex2var_epi32(offset0, first, offset1);
  l.offset_high = _mm512_permutex2var_epi32(offset0, second, offset1);
  l.shift_low = _mm512_permutex2var_epi32(shift0, first, shift1);
  l.shift_high = _mm512_permutex2var_epi32(shift0, second, shift1);
}

// Of 32 channels. False where a channel has no scale; so below.
OFFRAMP_INLINE OFFRAMP_AVX512 bool load_short_lanes(const std::uint32_t* block, int middle, int least, int most,
                                                    short_lanes& l) {
  using namespace short_scales;
  const __m256i shifts = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + shifts_at));
  static_cast<short_limits&>(l) = load_short_limits(middle, least, most);
  order_short_lanes(block, block + factors_at, _mm512_loadu_si512(block + offsets_at),
                    _mm512_loadu_si512(block + offsets_at + 16), _mm512_cvtepu8_epi32(_mm256_castsi256_si128(shifts)),
                    _mm512_cvtepu8_epi32(_mm256_extracti128_si256(shifts, 1)), l);
  return _mm256_movemask_epi8(_mm256_cmpeq_epi8(shifts, _mm256_set1_epi8(static_cast<char>(no_shift)))) == 0;
}

// Of 16 channels at two positions, which take turns every four lanes. `half`: which 16 of a block.
OFFRAMP_INLINE OFFRAMP_AVX512 bool load_short_pairs(const std::uint32_t* block, int half, int middle, int least,
                                                    int most, short_lanes& l) {
  using namespace short_scales;
  const __m512i twice = _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3);
  const __m512i fractions = _mm512_maskz_loadu_epi32(0xff, block + 8 * half);
  const __m128i shifts = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + shifts_at + 4 * half));
  const __m512i factors =
      _mm512_permutexvar_epi64(twice, _mm512_maskz_loadu_epi32(0xff, block + factors_at + 8 * half));
  static_cast<short_limits&>(l) = load_short_limits(middle, least, most);
  l.fraction = _mm512_permutexvar_epi64(twice, fractions);
  l.factor_low = _mm512_unpacklo_epi16(factors, _mm512_set1_epi16(1));
  l.factor_high = _mm512_unpackhi_epi16(factors, _mm512_set1_epi16(1));
  l.offset_low = l.offset_high = _mm512_loadu_si512(block + offsets_at + 16 * half);
  l.shift_low = l.shift_high = _mm512_cvtepu8_epi32(shifts);
  return _mm_movemask_epi8(_mm_cmpeq_epi8(shifts, _mm_set1_epi8(static_cast<char>(no_shift)))) == 0;
}

// Outputs of 32 counts, whose highest bit is bit 15.
template <bool Rectified>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i scale_shorts(const short_lanes& l, __m512i counts) {
  const __m512i a = Rectified ? _mm512_subs_epu16(l.middle, counts) : _mm512_sub_epi16(l.middle, counts);
  const __m512i fine = _mm512_mulhi_epi16(a, l.fraction);
  const __m512i low = _mm512_madd_epi16(_mm512_unpacklo_epi16(a, fine), l.factor_low);
  const __m512i high = _mm512_madd_epi16(_mm512_unpackhi_epi16(a, fine), l.factor_high);
  const __m512i q = _mm512_packs_epi32(_mm512_srav_epi32(_mm512_add_epi32(low, l.offset_low), l.shift_low),
                                       _mm512_srav_epi32(_mm512_add_epi32(high, l.offset_high), l.shift_high));
  return _mm512_max_epi16(_mm512_min_epi16(q, l.most), l.least);
}

// Stores channels [first, first + 16) of `positions` positions from `position` on. counts[positions][16] are below
// 2^(16 - s).
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_short_run(const short_lanes& l, int s, const window& w, void* out,
                                                   int position, int first, int positions, const std::int32_t* counts) {
  std::int16_t* to = static_cast<std::int16_t*>(out) + position * w.out.c + first;
  const __m128i left = _mm_cvtsi32_si128(s);
  const __m512i apart = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  for (int i = 0; i < positions; i += 2, counts += 32, to += 2 * w.out.c) {
    const bool two = i + 1 < positions;
    const __m512i a = _mm512_loadu_si512(counts);
    const __m512i b = _mm512_loadu_si512(two ? counts + 16 : counts);
    const __m512i q =
        _mm512_permutexvar_epi64(apart, scale_shorts<S.rectified>(l, _mm512_sll_epi16(_mm512_packs_epi32(a, b), left)));
    store_shorts16<S>(to, _mm512_castsi512_si256(q));
    if (two) store_shorts16<S>(to + w.out.c, _mm512_extracti64x4_epi64(q, 1));
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512
#endif

#endif
