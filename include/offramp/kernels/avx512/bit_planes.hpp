// Vectors of bits as planes of counts: the three-input logic that adders need, for 512 and 256 bits alike, and the
// counts of N output channels side by side (so that one's chain of additions fills the gaps of the other's).
#ifndef OFFRAMP_KERNELS_AVX512_BIT_PLANES_HPP
#define OFFRAMP_KERNELS_AVX512_BIT_PLANES_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/x86/intrinsics.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512::planes {

// f(a, b, c), bit 4a + 2b + c of F.
template <int F>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i logic(__m512i a, __m512i b, __m512i c) {
  return _mm512_ternarylogic_epi64(a, b, c, F);
}
template <int F>
OFFRAMP_INLINE OFFRAMP_AVX512 __m256i logic(__m256i a, __m256i b, __m256i c) {
  return _mm256_ternarylogic_epi64(a, b, c, F);
}

OFFRAMP_INLINE OFFRAMP_AVX512 void load(__m512i& v, const char* p) { v = _mm512_loadu_si512(p); }
OFFRAMP_INLINE OFFRAMP_AVX512 void load(__m256i& v, const char* p) {
  v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
OFFRAMP_INLINE OFFRAMP_AVX512 void store(char* p, __m512i v) { _mm512_storeu_si512(p, v); }
OFFRAMP_INLINE OFFRAMP_AVX512 void store(char* p, __m256i v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }
OFFRAMP_INLINE OFFRAMP_AVX512 void spread(__m512i& v, std::uint32_t word) {
  v = _mm512_set1_epi32(static_cast<int>(word));
}
OFFRAMP_INLINE OFFRAMP_AVX512 void spread(__m256i& v, std::uint32_t word) {
  v = _mm256_set1_epi32(static_cast<int>(word));
}

// N vectors, one for each output channel.
template <class V, int N>
struct row {
  V of[N];
  OFFRAMP_INLINE OFFRAMP_AVX512 void clear() {
#pragma GCC unroll 2
    for (int n = 0; n < N; ++n) spread(of[n], 0);
  }
};
template <class V, int N>
OFFRAMP_INLINE OFFRAMP_AVX512 void load(row<V, N>& v, const char* p, int stride) {
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) load(v.of[n], p + n * stride);
}
template <class V, int N>
OFFRAMP_INLINE OFFRAMP_AVX512 void store(char* p, int stride, const row<V, N>& v) {
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) store(p + n * stride, v.of[n]);
}

// sum + a + b = sum' + 2 a'. In place: the carry is b's own bit where a and b agree, else the new sum's complement.
template <class V, int N>
OFFRAMP_INLINE OFFRAMP_AVX512 void add(row<V, N>& sum, row<V, N>& a, const row<V, N>& b) {
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) sum.of[n] = logic<0x96>(sum.of[n], a.of[n], b.of[n]);
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) a.of[n] = logic<0xb2>(a.of[n], sum.of[n], b.of[n]);
}
// sum + a = sum' + 2 a'
template <class V, int N>
OFFRAMP_INLINE OFFRAMP_AVX512 void add(row<V, N>& sum, row<V, N>& a) {
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) {
    const V old = sum.of[n];
    sum.of[n] = logic<0x3c>(old, a.of[n], a.of[n]);
    a.of[n] = logic<0xc0>(old, a.of[n], a.of[n]);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512::planes
#endif

#endif
