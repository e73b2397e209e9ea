// Activations made ready for counting by majorities (majority_plan.hpp): for every byte of channels two planes of bytes
// over the flat positions of a band of rows. Sixty-four pixels at a time, four runs of 16 of a row; nothing is gathered
// per window.
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_INPUT_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_INPUT_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx512_popcnt/majority_bits.hpp>
#include <offramp/kernels/avx512_popcnt/majority_plan.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt {

inline constexpr std::uint32_t nothing = 0;

// Up to 16 pixels of a row, `step` words apart, and where they go.
struct pixel_run {
  const std::uint32_t* from = &nothing;  // of no pixels nothing is read; an offset to null would be undefined
  int pixels = 0;
  int at = 0;
};

// Word k of 16 pixels; zeros where there are fewer.
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i load_pixels(const pixel_run& run, int k, int step) {
  const auto lanes = static_cast<__mmask16>((1u << run.pixels) - 1u);
  if (step == 1) return _mm512_maskz_loadu_epi32(lanes, run.from + k);
  if (step == 2) {
    const auto wanted = static_cast<std::uint32_t>(_pdep_u64((std::uint64_t{1} << run.pixels) - 1, 0x55555555u));
    const __m512i low = _mm512_maskz_loadu_epi32(static_cast<__mmask16>(wanted), run.from + k);
    const __m512i high = _mm512_maskz_loadu_epi32(static_cast<__mmask16>(wanted >> 16), run.from + k + 16);
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return _mm512_permutex2var_epi32(low, even, high);
  }
  const __m512i number = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), lanes, _mm512_mullo_epi32(number, _mm512_set1_epi32(step)),
                                     run.from + k, 4);
}

// Four words from k on of 16 pixels, one vector a word: 16 bytes of four pixels each, then transposed.
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void load_four(const pixel_run& run, int k, int step, __m512i (&words)[4]) {
  __m512i pixels[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t* from = run.from + k + 4 * i * step;
    const int n = run.pixels - 4 * i;
    pixels[i] = _mm512_setzero_si512();
    if (step == 4) {
      if (n > 0) pixels[i] = _mm512_maskz_loadu_epi32(static_cast<__mmask16>(n >= 4 ? 0xffff : (1 << 4 * n) - 1), from);
      continue;
    }
    if (n > 0) pixels[i] = _mm512_zextsi128_si512(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    if (n > 1)
      pixels[i] = _mm512_mask_broadcast_i32x4(pixels[i], 0x00f0,
                                              _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + step)));
    if (n > 2)
      pixels[i] = _mm512_mask_broadcast_i32x4(pixels[i], 0x0f00,
                                              _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 2 * step)));
    if (n > 3)
      pixels[i] = _mm512_mask_broadcast_i32x4(pixels[i], 0xf000,
                                              _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 3 * step)));
  }
  // Words 0 and 1 of 8 pixels, words 2 and 3; then of 16.
  const __m512i first = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const __m512i second = _mm512_setr_epi32(2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  const __m512i a = _mm512_permutex2var_epi32(pixels[0], first, pixels[1]);
  const __m512i b = _mm512_permutex2var_epi32(pixels[2], first, pixels[3]);
  const __m512i c = _mm512_permutex2var_epi32(pixels[0], second, pixels[1]);
  const __m512i d = _mm512_permutex2var_epi32(pixels[2], second, pixels[3]);
  words[0] = _mm512_shuffle_i64x2(a, b, 0x44);
  words[1] = _mm512_shuffle_i64x2(a, b, 0xee);
  words[2] = _mm512_shuffle_i64x2(c, d, 0x44);
  words[3] = _mm512_shuffle_i64x2(c, d, 0xee);
}

// Where the planes of a phase go, and the running sum of its channels.
struct plane_writer {
  const pixel_run (&runs)[4];
  int first, bytes;  // of a pixel
  std::uint8_t* to;
  int plane;
  int together;  // neighbouring runs: 4, 2 or 1
  __m512i sum;
};

// One quarter of `v` for each run. What lies behind a run's pixels are zero bits: padding, or soon overwritten.
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void store_runs(const plane_writer& to, std::uint8_t* plane, __m512i v) {
  if (to.together == 4) {
    _mm512_storeu_si512(plane + to.runs[0].at, v);
  } else if (to.together == 2) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(plane + to.runs[0].at), _mm512_castsi512_si256(v));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(plane + to.runs[2].at), _mm512_extracti64x4_epi64(v, 1));
  } else {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(plane + to.runs[0].at), _mm512_castsi512_si128(v));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(plane + to.runs[1].at), _mm512_extracti32x4_epi32(v, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(plane + to.runs[2].at), _mm512_extracti32x4_epi32(v, 2));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(plane + to.runs[3].at), _mm512_extracti32x4_epi32(v, 3));
  }
}

// Word k of the pixels of four runs.
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void write_word(plane_writer& to, int k, __m512i a, __m512i b, __m512i c,
                                                     __m512i d, __m512i table) {
  // The bytes of 16 words, all first ones, all second ones ...
  const __m512i by_byte =
      _mm512_set_epi32(0x3f3b3733, 0x2f2b2723, 0x1f1b1713, 0x0f0b0703, 0x3e3a3632, 0x2e2a2622, 0x1e1a1612, 0x0e0a0602,
                       0x3d393531, 0x2d292521, 0x1d191511, 0x0d090501, 0x3c383430, 0x2c282420, 0x1c181410, 0x0c080400);
  a = _mm512_permutexvar_epi8(by_byte, a);
  b = _mm512_permutexvar_epi8(by_byte, b);
  c = _mm512_permutexvar_epi8(by_byte, c);
  d = _mm512_permutexvar_epi8(by_byte, d);
  const __m512i ab01 = _mm512_shuffle_i64x2(a, b, 0x44);
  const __m512i cd01 = _mm512_shuffle_i64x2(c, d, 0x44);
  const __m512i ab23 = _mm512_shuffle_i64x2(a, b, 0xee);
  const __m512i cd23 = _mm512_shuffle_i64x2(c, d, 0xee);
  const __m512i octs[4] = {_mm512_shuffle_i64x2(ab01, cd01, 0x88), _mm512_shuffle_i64x2(ab01, cd01, 0xdd),
                           _mm512_shuffle_i64x2(ab23, cd23, 0x88), _mm512_shuffle_i64x2(ab23, cd23, 0xdd)};
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const int byte = 4 * k + i - to.first;
    if (byte < 0 || byte >= to.bytes) continue;
    const oct_indices quads = next_oct(octs[i], to.sum);
    std::uint8_t* low = to.to + static_cast<std::ptrdiff_t>(2 * byte) * to.plane;
    store_runs(to, low, _mm512_permutexvar_epi8(quads.low, table));
    store_runs(to, low + to.plane, _mm512_permutexvar_epi8(quads.high, table));
  }
}

// Bytes [first, first + bytes) of the pixels of four runs, as planes from `to` on, `plane` bytes each; and what the
// channels add up to. `words` of a pixel may be read.
OFFRAMP_AVX512_POPCNT inline void add_pixels(const pixel_run (&runs)[4], int step, int words, int first, int bytes,
                                             std::uint8_t* to, int plane, std::uint8_t* parities) {
  const __m512i table = load_table(activation_table);
  const bool pairs = runs[1].at == runs[0].at + 16 && runs[3].at == runs[2].at + 16;
  const int together = !pairs ? 1 : runs[2].at == runs[0].at + 32 ? 4 : 2;
  plane_writer writer{runs, first, bytes, to, plane, together, _mm512_setzero_si512()};
  for (int k = first / 4; 4 * k < first + bytes;) {
    if (step > 2 && k + 4 <= words) {
      __m512i word[4][4];  // of each run
#pragma GCC unroll 1
      for (int run = 0; run < 4; ++run) load_four(runs[run], k, step, word[run]);
#pragma GCC unroll 1
      for (int i = 0; i < 4; ++i, ++k) write_word(writer, k, word[0][i], word[1][i], word[2][i], word[3][i], table);
    } else {
      write_word(writer, k, load_pixels(runs[0], k, step), load_pixels(runs[1], k, step), load_pixels(runs[2], k, step),
                 load_pixels(runs[3], k, step), table);
      ++k;
    }
  }
  store_runs(writer, parities, writer.sum);
}

OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void fill_bytes(std::uint8_t* to, std::size_t bytes, std::uint8_t value) {
  const __m512i v = _mm512_set1_epi8(static_cast<char>(value));
  for (std::size_t i = 0; i < bytes; i += 64) _mm512_store_si512(to + i, v);
}

// The planes that `rows` output rows from `oy` on read, of one group.
OFFRAMP_AVX512_POPCNT inline void make_planes(const majority_plan& p, const window& w, const std::uint32_t* in,
                                              int group, int oy, int rows, std::uint8_t* scratch,
                                              std::uint8_t* parities) {
  const int words = ceil_div(w.in.c, 32);
  const int first = group * (w.group_in_c() / 8);  // groups begin with a byte
  const int step = w.stride_w * words;
  const auto plane = static_cast<std::size_t>(p.plane);
  fill_bytes(scratch, plane * static_cast<std::size_t>(p.pixel_planes()), activation_table.bytes[0]);
  fill_bytes(parities, plane * static_cast<std::size_t>(p.phases), 0);
  for (int phase = 0; phase < p.phases; ++phase) {
    const int py = phase / p.phases_w;
    const int px = phase % p.phases_w;
    std::uint8_t* to = scratch + static_cast<std::size_t>(phase * 2 * p.in_bytes) * plane;
    std::uint8_t* sums = parities + static_cast<std::size_t>(phase) * plane;
    // Columns of the phase that lie in the input, and are read.
    const int outside = w.pad_left - px;
    const int from = outside > 0 ? ceil_div(outside, w.stride_w) : 0;
    int end = w.in.w + outside <= 0 ? 0 : ceil_div(w.in.w + outside, w.stride_w);
    if (end > w.out.w + p.reach_w) end = w.out.w + p.reach_w;
    pixel_run runs[4];
    int used = 0;
    for (int row = 0; row < rows + p.reach_h; ++row) {
      const int y = (oy + row) * w.stride_h + py - w.pad_top;
      if (y < 0 || y >= w.in.h) continue;
      for (int x = from; x < end; x += 16) {
        runs[used].from = in + static_cast<std::ptrdiff_t>(y * w.in.w + x * w.stride_w - outside) * words;
        runs[used].pixels = end - x < 16 ? end - x : 16;
        runs[used].at = row * p.pitch + x;
        if (++used < 4) continue;
        add_pixels(runs, step, words, first, p.in_bytes, to, p.plane, sums);
        used = 0;
      }
    }
    if (used == 0) continue;
    for (; used < 4; ++used) runs[used].pixels = 0, runs[used].at = runs[used - 1].at + 16;
    add_pixels(runs, step, words, first, p.in_bytes, to, p.plane, sums);
  }
}

// Where things stand beside an output's own place: in the planes of sums that of each tap; from the beginning of
// scratch each oct.
inline void list_taps(const majority_plan& p, const window& w, std::int32_t tail, std::int32_t* taps,
                      std::int32_t* octs) {
  for (int ky = 0, py = 0, y = 0; ky < w.kernel_h; ++ky) {
    for (int kx = 0, px = 0, x = 0; kx < w.kernel_w; ++kx) {
      const int phase = py * p.phases_w + px;
      const int place = y * p.pitch + x;
      *taps++ = phase * p.plane + place;
      std::int32_t at = phase * p.in_bytes * 2 * p.plane + place;
      for (int k = 0; k < p.in_bytes; ++k, at += 2 * p.plane) *octs++ = at;
      if (++px == w.stride_w) px = 0, ++x;
    }
    if (++py == w.stride_h) py = 0, ++y;
  }
  for (int k = 0; k < p.tail_octs; ++k, tail += 2 * p.plane) *octs++ = tail;
}

// The chains of what the taps of each output leave over (tail), and the sum of all (last).
OFFRAMP_AVX512_POPCNT inline void make_tail(const majority_plan& p, const std::int32_t* taps, int positions,
                                            const std::uint8_t* parities, std::uint8_t* tail, std::uint8_t* last) {
  const __m512i table = load_table(activation_table);
  for (int at = 0; at < positions; at += 64, parities += 64) {
    __m512i sum = _mm512_loadu_si512(parities + taps[0]);
    std::uint8_t* to = tail + at;
    for (int tap = 1; tap < 1 + 8 * p.tail_octs; tap += 4, to += p.plane) {
      __m512i four[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i)
        four[i] = tap + i < p.taps ? _mm512_loadu_si512(parities + taps[tap + i]) : _mm512_setzero_si512();
      const __m512i index = next_sums(four, sum);
      _mm512_storeu_si512(to, _mm512_permutexvar_epi8(index, table));
    }
    // One bit for the sum, one for that of the weights.
    sum = choose(_mm512_set1_epi8(1), sum, _mm512_set1_epi8(2));
    _mm512_storeu_si512(last + at, sum);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt
#endif

#endif
