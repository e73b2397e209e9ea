// Numbers of any kind from memory to 8 lanes of 32 bits.
#ifndef OFFRAMP_KERNELS_AVX2_NUMBERS_HPP
#define OFFRAMP_KERNELS_AVX2_NUMBERS_HPP

#include <cstdint>

#include <offramp/core/kind.hpp>
#include <offramp/kernels/avx2/output.hpp>
#include <offramp/kernels/runs.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// The n (1 to 8) numbers at `from`, other lanes 0; floats as their bits.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i load_numbers8(const storage_t<K>* from, int n) {
  if constexpr (bit_width(K) == 32) {
    return load_words8(from, n);
  } else {
    storage_t<K> numbers[8] = {};
    if (n == 8)
      __builtin_memcpy(numbers, from, sizeof numbers);
    else
      copy_run(numbers, from, n);
    if constexpr (K == kind::i16)
      return _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(numbers)));
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(numbers));
    return K == kind::u8 ? _mm256_cvtepu8_epi32(bytes) : _mm256_cvtepi8_epi32(bytes);
  }
}

// The same as floats, less a zero point.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256 load_floats8(const storage_t<K>* from, int n, int zero) {
  const __m256i numbers = load_numbers8<K>(from, n);
  if constexpr (K == kind::f32)
    return _mm256_castsi256_ps(numbers);
  else
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(numbers, _mm256_set1_epi32(zero)));
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2
#endif

#endif
