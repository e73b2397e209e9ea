// Vectors of 256 signs, or of bytes that count them: loads, stores, and adders of bits (Harley and Seal; Warren,
// "Hacker's Delight", 5-1).
#ifndef OFFRAMP_KERNELS_AVX2_BIT_VECTORS_HPP
#define OFFRAMP_KERNELS_AVX2_BIT_VECTORS_HPP

#include <offramp/core/config.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

OFFRAMP_INLINE OFFRAMP_AVX2 __m256i load_bits256(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
OFFRAMP_INLINE OFFRAMP_AVX2 void store_bits256(void* to, __m256i v) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), v);
}

// The sum of a, b and c where u = b ^ c: its low bits stand in a, its high bits are returned.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i add_bits256(__m256i& a, __m256i b, __m256i u) {
  const __m256i high = _mm256_xor_si256(b, _mm256_and_si256(u, _mm256_xor_si256(a, b)));  // u ? a : b
  a = _mm256_xor_si256(a, u);
  return high;
}
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i add_three256(__m256i& a, __m256i b, __m256i c) {
  return add_bits256(a, b, _mm256_xor_si256(b, c));
}
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i add_two256(__m256i& a, __m256i b) {
  const __m256i high = _mm256_and_si256(a, b);
  a = _mm256_xor_si256(a, b);
  return high;
}

// Bits set in each byte, `weight` times (1, 2, 4 or 8).
template <int Weight>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i count_bytes256(__m256i v) {
  constexpr auto w = [](int n) { return static_cast<char>(Weight * n); };
  const __m256i counts = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(w(0), w(1), w(1), w(2), w(1), w(2), w(2), w(3), w(1), w(2), w(2), w(3), w(2), w(3), w(3), w(4)));
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i low = _mm256_shuffle_epi8(counts, _mm256_and_si256(v, nibble));
  const __m256i high = _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble));
  return _mm256_add_epi8(low, high);
}

// Sums of the four bytes of each lane.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i add_bytes256(__m256i v) {
  return _mm256_madd_epi16(_mm256_maddubs_epi16(v, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif

#endif
