// The bits of quads and the chains between them, for activations and for weights alike: both are bytes of 8 channels,
// one a lane, and a running sum (all bits of a lane equal). See majority_plan.hpp for what they mean.
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_BITS_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_BITS_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <cstdint>

#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt {

// What a quad becomes: by the four new bits in the lower half of an index and the sum before them in bit 4; bit 5 is
// ignored.
struct quad_table {
  std::uint8_t bytes[64];
};

// Which of the three bytes of a quad.
enum class quad_bits : std::uint8_t {
  activations,   // x1^x2, x1^x3 of both carries, their majorities, and a one for the majorities of the weights
  first_carry,   // what meets them in the weights: for the first carry,
  both_carries,  // and for the sum of both
};

constexpr quad_table make_quad_table(quad_bits what) {
  quad_table t{};
  for (unsigned i = 0; i < 64; ++i) {
    const unsigned before = i >> 4 & 1u;
    const unsigned a = i & 1u;
    const unsigned b = i >> 1 & 1u;
    const unsigned c = i >> 2 & 1u;
    const unsigned d = i >> 3 & 1u;
    const unsigned between = before ^ a ^ b;
    const unsigned first = (before & a) | (before & b) | (a & b);
    const unsigned second = (between & c) | (between & d) | (c & d);
    unsigned byte = 0;
    if (what == quad_bits::activations) {
      byte = (before ^ a) | (before ^ b) << 1 | (between ^ c) << 2 | (between ^ d) << 3;
      byte |= first << 4 | second << 5 | 1u << 6;
    } else {
      byte = (before ^ b) | (before ^ a) << 1 | 1u << 4 | first << 6;
      if (what == quad_bits::both_carries) byte ^= (between ^ d) << 2 | (between ^ c) << 3 | 1u << 5 | second << 6;
    }
    t.bytes[i] = static_cast<std::uint8_t>(byte);
  }
  return t;
}
inline constexpr quad_table activation_table = make_quad_table(quad_bits::activations);
inline constexpr quad_table first_carry_table = make_quad_table(quad_bits::first_carry);
inline constexpr quad_table both_carries_table = make_quad_table(quad_bits::both_carries);

OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i load_table(const quad_table& t) { return _mm512_loadu_si512(t.bytes); }

// a ^ b ^ c; and where a bit of `choice` is set a, else b.
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i xor3(__m512i a, __m512i b, __m512i c) {
  return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i choose(__m512i choice, __m512i a, __m512i b) {
  return _mm512_ternarylogic_epi64(choice, a, b, 0xca);
}

// Indices of the two quads of an oct; `sum` moves on.
struct oct_indices {
  __m512i low, high;
};
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT oct_indices next_oct(__m512i oct, __m512i& sum) {
  // Bits 4 to 7 move down, the sum of bits 0 to 3 becomes bit 4. Row i of a matrix is its byte 7 - i.
  const __m512i down = _mm512_set1_epi64(0x102040800f000000);
  const __m512i all = _mm512_set1_epi8(-1);
  oct_indices i;
  i.low = choose(_mm512_set1_epi8(0x0f), oct, sum);
  i.high = _mm512_ternarylogic_epi64(_mm512_gf2p8affine_epi64_epi8(oct, down, 0), sum, _mm512_set1_epi8(0x10), 0x78);
  sum = _mm512_xor_si512(sum, _mm512_gf2p8affine_epi64_epi8(oct, all, 0));
  return i;
}

// The same for sums of taps, one bit a lane (all bits of a lane equal): the index of four of them.
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i next_sums(const __m512i (&four)[4], __m512i& sum) {
  __m512i index = choose(_mm512_set1_epi8(1), four[0], sum);
  index = choose(_mm512_set1_epi8(2), four[1], index);
  index = choose(_mm512_set1_epi8(4), four[2], index);
  index = choose(_mm512_set1_epi8(8), four[3], index);
  sum = xor3(xor3(sum, four[0], four[1]), four[2], four[3]);
  return index;
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt
#endif

#endif
