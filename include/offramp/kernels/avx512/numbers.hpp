// Numbers of any kind from memory to 16 lanes of 32 bits.
#ifndef OFFRAMP_KERNELS_AVX512_NUMBERS_HPP
#define OFFRAMP_KERNELS_AVX512_NUMBERS_HPP

#include <cstdint>

#include <offramp/core/kind.hpp>
#include <offramp/kernels/avx512/output.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

// The n (1 to 16) numbers at `from`, other lanes 0; floats as their bits.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i load_numbers16(const storage_t<K>* from, int n) {
  if constexpr (K == kind::u8 || K == kind::i8) {
    const __m128i bytes = n == 16 ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(from))
                                  : _mm_maskz_loadu_epi8(first_lanes16(n), from);
    return K == kind::u8 ? _mm512_cvtepu8_epi32(bytes) : _mm512_cvtepi8_epi32(bytes);
  } else if constexpr (K == kind::i16) {
    return _mm512_cvtepi16_epi32(n == 16 ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))
                                         : _mm256_maskz_loadu_epi16(first_lanes16(n), from));
  } else {
    return load_words16(from, n);
  }
}

// The same as floats, less a zero point.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512 load_floats16(const storage_t<K>* from, int n, int zero) {
  const __m512i numbers = load_numbers16<K>(from, n);
  if constexpr (K == kind::f32)
    return _mm512_castsi512_ps(numbers);
  else
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(numbers, _mm512_set1_epi32(zero)));
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512
#endif

#endif
