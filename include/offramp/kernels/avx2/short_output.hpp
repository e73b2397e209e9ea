// Counts of bits to 16-bit streams, 16 at a time (x86/short_scales.hpp).
#ifndef OFFRAMP_KERNELS_AVX2_SHORT_OUTPUT_HPP
#define OFFRAMP_KERNELS_AVX2_SHORT_OUTPUT_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/avx2/output.hpp>
#include <offramp/kernels/op.hpp>
#include <offramp/kernels/runs.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/short_scales.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// The scales of 16 channels, eight in either half of a vector. Products are sums of pairs (a times factor, finer part
// times 1), in the order that unpacking gives: `low` holds the first four lanes of every eight.
struct short_lanes {
  __m256i fraction, factor_low, factor_high, offset_low, offset_high, shift_low, shift_high;
};

// What all channels share.
struct short_limits {
  __m256i middle, least, most;
};
OFFRAMP_INLINE OFFRAMP_AVX2 short_limits load_short_limits(int middle, int least, int most) {
  return {_mm256_set1_epi16(static_cast<short>(middle)),
          _mm256_set1_epi16(static_cast<short>(least < -32768 ? -32768 : least)),
          _mm256_set1_epi16(static_cast<short>(most > 32767 ? 32767 : most))};
}

// Have the first n channels of a block of 32 scales?
OFFRAMP_INLINE OFFRAMP_AVX2 bool all_short(const std::uint32_t* block, int n) {
  const __m256i shifts = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + short_scales::shifts_at));
  const __m256i none = _mm256_cmpeq_epi8(shifts, _mm256_set1_epi8(static_cast<char>(short_scales::no_shift)));
  return (static_cast<std::uint32_t>(_mm256_movemask_epi8(none)) & low_bits(n)) == 0;
}

namespace detail {

// 16 bytes each, `words` apart.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i load_halves(const std::uint32_t* from, int words) {
  return _mm256_loadu2_m128i(reinterpret_cast<const __m128i*>(from + words), reinterpret_cast<const __m128i*>(from));
}

}  // namespace detail

// Of channels [first, first + 8) and [first + 16, first + 24) of a block of 32; `first` is 0 or 8.
OFFRAMP_INLINE OFFRAMP_AVX2 short_lanes load_short_lanes(const std::uint32_t* block, int first) {
  using namespace short_scales;
  const auto* const shifts = block + shifts_at + first / 4;
  const __m128i shift = _mm_unpacklo_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(shifts)),
                                           _mm_loadl_epi64(reinterpret_cast<const __m128i*>(shifts + 4)));
  const __m256i factors = detail::load_halves(block + factors_at + first / 2, 8);
  short_lanes l;
  l.fraction = detail::load_halves(block + first / 2, 8);
  l.factor_low = _mm256_unpacklo_epi16(factors, _mm256_set1_epi16(1));
  l.factor_high = _mm256_unpackhi_epi16(factors, _mm256_set1_epi16(1));
  l.offset_low = detail::load_halves(block + offsets_at + first, 16);
  l.offset_high = detail::load_halves(block + offsets_at + first + 4, 16);
  l.shift_low = _mm256_cvtepu8_epi32(shift);
  l.shift_high = _mm256_cvtepu8_epi32(_mm_srli_si128(shift, 8));
  return l;
}

// Outputs of 16 counts, whose highest bit is bit 15.
template <bool Rectified>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i scale_shorts(const short_lanes& l, const short_limits& limits, __m256i counts) {
  const __m256i a = Rectified ? _mm256_subs_epu16(limits.middle, counts) : _mm256_sub_epi16(limits.middle, counts);
  const __m256i fine = _mm256_mulhi_epi16(a, l.fraction);
  const __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(a, fine), l.factor_low);
  const __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(a, fine), l.factor_high);
  const __m256i q = _mm256_packs_epi32(_mm256_srav_epi32(_mm256_add_epi32(low, l.offset_low), l.shift_low),
                                       _mm256_srav_epi32(_mm256_add_epi32(high, l.offset_high), l.shift_high));
  return _mm256_max_epi16(_mm256_min_epi16(q, limits.most), limits.least);
}

// Stores the first n (1 to 16) of them; `there`: so many can be read.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void store_shorts16(std::int16_t* to, int n, int there, __m256i q) {
  if constexpr (S.add) {
    std::int16_t some[16] = {};
    if (there < 16) copy_run(some, to, n);
    // Beyond n too: a vector put together in memory would be waited for (output.hpp).
    q = _mm256_adds_epi16(q, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(there < 16 ? some : to)));
  }
  if (n == 16) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), q);
  const int low = n < 8 ? n : 8;
  store_first_bytes(to, 2 * low, _mm256_castsi256_si128(q));
  store_first_bytes(to + 8, 2 * (n - low), _mm256_extracti128_si256(q, 1));
}

// Stores the first n (1 to 32) channels of a position, from counts of lanes[0] and lanes[1] (channels 0 and 8 of a
// block first).
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void store_scaled(std::int16_t* to, int n, int there, const short_lanes* lanes,
                                              const short_limits& limits, __m256i counts0, __m256i counts1) {
  const __m256i a = scale_shorts<S.rectified>(lanes[0], limits, counts0);
  const __m256i b = scale_shorts<S.rectified>(lanes[1], limits, counts1);
  store_shorts16<S>(to, n < 16 ? n : 16, there, _mm256_permute2x128_si256(a, b, 0x20));
  if (n > 16) store_shorts16<S>(to + 16, n - 16, there - 16, _mm256_permute2x128_si256(a, b, 0x31));
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2
#endif

#endif
