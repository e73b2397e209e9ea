// Planes in rows (layout bit_rows) in vectors of 256 bits: fields of 16, 32 or 64 bits hold a row each.
#ifndef OFFRAMP_KERNELS_AVX2_ROW_PLANES_HPP
#define OFFRAMP_KERNELS_AVX2_ROW_PLANES_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/layout.hpp>
#include <offramp/core/window.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx2::planes {

OFFRAMP_INLINE OFFRAMP_AVX2 __m256i load(const char* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
OFFRAMP_INLINE OFFRAMP_AVX2 void store(char* p, __m256i v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }

// The first n words of 32 bits.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i first_words(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
// The first n words of 16 bits.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i first_halves(int n) {
  return _mm256_cmpgt_epi16(_mm256_set1_epi16(static_cast<short>(n < 16 ? n : 16)),
                            _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}
OFFRAMP_INLINE OFFRAMP_AVX2 void store_words(char* p, int n, __m256i v) {
  if (n >= 8)
    store(p, v);
  else
    _mm256_maskstore_epi32(reinterpret_cast<int*>(p), first_words(n), v);
}

// Bits of the columns inside a row of `width`, in all fields.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i columns(int width) {
  if (row_bits(width) == 16) return _mm256_set1_epi16(static_cast<short>(low_bits(width)));
  if (row_bits(width) == 32) return _mm256_set1_epi32(static_cast<int>(low_bits(width)));
  return _mm256_set1_epi64x(static_cast<long long>(~std::uint64_t{0} >> (64 - width)));
}

// Rows in fields of Pitch bits moved by n columns; what leaves them is dropped.
template <int Pitch>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i moved_up(__m256i x, __m128i n) {
  if constexpr (Pitch == 16) return _mm256_sll_epi16(x, n);
  if constexpr (Pitch == 32) return _mm256_sll_epi32(x, n);
  return _mm256_sll_epi64(x, n);
}
template <int Pitch>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i moved_down(__m256i x, __m128i n) {
  if constexpr (Pitch == 16) return _mm256_srl_epi16(x, n);
  if constexpr (Pitch == 32) return _mm256_srl_epi32(x, n);
  return _mm256_srl_epi64(x, n);
}

// One plane moved so that the window's column kx meets the output's columns.
template <int Pitch>
OFFRAMP_INLINE OFFRAMP_AVX2 void move_plane(const char* from, char* to, int bytes, int up) {
  const __m128i n = _mm_cvtsi32_si128(up < 0 ? -up : up);
  if (up > 0)
    for (int i = 0; i < bytes; i += 32) store(to + i, moved_up<Pitch>(load(from + i), n));
  else
    for (int i = 0; i < bytes; i += 32) store(to + i, moved_down<Pitch>(load(from + i), n));
}

// Input planes as working memory keeps them: once for each column of the window, `stride` bytes apart, rows of zeros
// around them. First all planes as they are, then moved: loads that follow such stores at once would wait.
template <int Pitch>
OFFRAMP_AVX2 inline void spread_fields(const window& w, const char* from, int stride, char* to) {
  const int before = w.pad_top * Pitch / 8, plane_bytes = row_plane_words(w.in) * 4;
  const int room = stride - before, bytes = plane_bytes < room ? plane_bytes : room;
  const int still = w.pad_left < w.kernel_w ? w.pad_left : 0;  // the column whose place takes the plane at first
  for (int c = 0; c < w.in.c; ++c) {
    char* plane = to + (c * w.kernel_w + still) * stride;
    for (int i = 0; i < stride; i += 32) store(plane + i, _mm256_setzero_si256());
    if (bytes > 0) __builtin_memcpy(plane + before, from + c * plane_bytes, static_cast<std::size_t>(bytes));
  }
  for (int c = 0; c < w.in.c; ++c) {
    char* planes = to + c * w.kernel_w * stride;
    for (int kx = 0; kx < w.kernel_w; ++kx)
      if (kx != still) move_plane<Pitch>(planes + still * stride, planes + kx * stride, stride, w.pad_left - kx);
    if (still != w.pad_left)
      move_plane<Pitch>(planes + still * stride, planes + still * stride, stride, w.pad_left - still);
  }
}

OFFRAMP_AVX2 inline void spread_planes(const window& w, const void* in, int stride, char* to) {
  const char* const from = static_cast<const char*>(in);
  if (row_bits(w.in.w) == 16)
    spread_fields<16>(w, from, stride, to);
  else if (row_bits(w.in.w) == 32)
    spread_fields<32>(w, from, stride, to);
  else
    spread_fields<64>(w, from, stride, to);
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2::planes
#endif

#endif
