// Planes in rows (layout bit_rows) in vectors of 512 bits: fields of 16, 32 or 64 bits hold a row each.
#ifndef OFFRAMP_KERNELS_AVX512_ROW_PLANES_HPP
#define OFFRAMP_KERNELS_AVX512_ROW_PLANES_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/layout.hpp>
#include <offramp/core/window.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512::planes {

// The low n bits, n of any sign.
OFFRAMP_INLINE std::uint32_t clamped_bits(int n) { return n <= 0 ? 0u : low_bits(n); }

// Bits of the columns inside a row of `width`, in all fields.
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i columns(int width) {
  if (row_bits(width) == 16) return _mm512_set1_epi16(static_cast<short>(low_bits(width)));
  if (row_bits(width) == 32) return _mm512_set1_epi32(static_cast<int>(low_bits(width)));
  return _mm512_set1_epi64(static_cast<long long>(~std::uint64_t{0} >> (64 - width)));
}

// Rows in fields of Pitch bits, moved by `by` columns to the right, to the left if negative; what leaves them is
// dropped.
template <int Pitch>
struct field;
template <>
struct field<16> {
  OFFRAMP_INLINE OFFRAMP_AVX512 static __m512i count(int n) { return _mm512_set1_epi16(static_cast<short>(n)); }
  OFFRAMP_INLINE OFFRAMP_AVX512 static __m512i up(__m512i x, __m512i n) { return _mm512_sllv_epi16(x, n); }
  OFFRAMP_INLINE OFFRAMP_AVX512 static __m512i down(__m512i x, __m512i n) { return _mm512_srlv_epi16(x, n); }
};
template <>
struct field<32> {
  OFFRAMP_INLINE OFFRAMP_AVX512 static __m512i count(int n) { return _mm512_set1_epi32(n); }
  OFFRAMP_INLINE OFFRAMP_AVX512 static __m512i up(__m512i x, __m512i n) { return _mm512_sllv_epi32(x, n); }
  OFFRAMP_INLINE OFFRAMP_AVX512 static __m512i down(__m512i x, __m512i n) { return _mm512_srlv_epi32(x, n); }
};
template <>
struct field<64> {
  OFFRAMP_INLINE OFFRAMP_AVX512 static __m512i count(int n) { return _mm512_set1_epi64(n); }
  OFFRAMP_INLINE OFFRAMP_AVX512 static __m512i up(__m512i x, __m512i n) { return _mm512_sllv_epi64(x, n); }
  OFFRAMP_INLINE OFFRAMP_AVX512 static __m512i down(__m512i x, __m512i n) { return _mm512_srlv_epi64(x, n); }
};

// `lines` vectors of every plane, moved by `n` columns; `inside` are the 16-bit words that are there.
template <int Pitch, bool Up>
OFFRAMP_INLINE OFFRAMP_AVX512 void move_lines(const char* from, int from_step, char* to, int to_step, int planes,
                                              int lines, const __mmask32* inside, int n) {
  const __m512i count = field<Pitch>::count(n);
  for (int c = 0; c < planes; ++c, from += from_step, to += to_step)
    for (int i = 0; i < lines; ++i) {
      const __m512i x = _mm512_maskz_loadu_epi16(inside[i], from + 64 * i);
      _mm512_storeu_si512(to + 64 * i, Up ? field<Pitch>::up(x, count) : field<Pitch>::down(x, count));
    }
}

// Input planes as working memory keeps them: once for each column of the window, `stride` bytes apart, rows of zeros
// around them.
template <int Pitch>
OFFRAMP_AVX512 inline void spread_fields(const window& w, const char* from, int stride, char* to) {
  const int words = w.in.h * (Pitch / 16), before = w.pad_top * (Pitch / 16);  // of 16 bits
  const int lines = ceil_div((w.out.h + w.kernel_h - 1) * Pitch, 512);
  const int from_step = row_plane_words(w.in) * 4, to_step = stride * w.kernel_w;
  constexpr int most = 16;
  for (int first = 0; first < lines; first += most) {
    const int n = lines - first < most ? lines - first : most;
    __mmask32 inside[most];
    for (int i = 0; i < n; ++i) {
      const int word = 32 * (first + i) - before;  // of the input plane
      inside[i] = clamped_bits(words - word) & ~clamped_bits(-word);
    }
    const char* const x = from + 64 * first - 2 * before;
    for (int kx = 0; kx < w.kernel_w; ++kx) {
      char* const y = to + 64 * first + kx * stride;
      if (kx < w.pad_left)
        move_lines<Pitch, true>(x, from_step, y, to_step, w.in.c, n, inside, w.pad_left - kx);
      else
        move_lines<Pitch, false>(x, from_step, y, to_step, w.in.c, n, inside, kx - w.pad_left);
    }
  }
}

OFFRAMP_AVX512 inline void spread_planes(const window& w, const void* in, int stride, char* to) {
  const char* const from = static_cast<const char*>(in);
  if (row_bits(w.in.w) == 16)
    spread_fields<16>(w, from, stride, to);
  else if (row_bits(w.in.w) == 32)
    spread_fields<32>(w, from, stride, to);
  else
    spread_fields<64>(w, from, stride, to);
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512::planes
#endif

#endif
