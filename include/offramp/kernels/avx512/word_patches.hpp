// Windows of bits as patches of words (word_plan.hpp): rows of whole words are copied; without gaps, rows are first
// made ready, every pixel's bits behind those of the last one, and windows are then cut out of them.
#ifndef OFFRAMP_KERNELS_AVX512_WORD_PATCHES_HPP
#define OFFRAMP_KERNELS_AVX512_WORD_PATCHES_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx512/word_plan.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

OFFRAMP_INLINE OFFRAMP_AVX512 void copy_words(std::uint32_t* to, const std::uint32_t* from, int n) {
  int i = 0;
  for (; i + 16 <= n; i += 16) _mm512_storeu_si512(to + i, _mm512_loadu_si512(from + i));
  const auto rest = static_cast<__mmask16>((1u << (n - i)) - 1u);
  if (i < n) _mm512_mask_storeu_epi32(to + i, rest, _mm512_maskz_loadu_epi32(rest, from + i));
}
OFFRAMP_INLINE OFFRAMP_AVX512 void clear_words(std::uint32_t* to, int n) {
  int i = 0;
  for (; i + 16 <= n; i += 16) _mm512_storeu_si512(to + i, _mm512_setzero_si512());
  if (i < n) _mm512_mask_storeu_epi32(to + i, static_cast<__mmask16>((1u << (n - i)) - 1u), _mm512_setzero_si512());
}

// Appends bits to a run of them.
struct bit_writer {
  std::uint8_t* to;
  std::uint64_t held = 0;
  int bits = 0;  // of `held`, fewer than 8 between calls

  // n from 0 to 56, bits beyond them zero.
  OFFRAMP_INLINE OFFRAMP_AVX512 void add(std::uint64_t v, int n) {
    held |= v << bits;
    bits += n;
    __builtin_memcpy(to, &held, 8);
    to += bits / 8;
    held >>= bits & ~7;  // n + 7 <= 63
    bits %= 8;
  }
};

// n bits (1 to 56) from bit `at` on; reads 8 bytes.
OFFRAMP_INLINE OFFRAMP_AVX512 std::uint64_t read_bits(const std::uint8_t* from, int at, int n) {
  std::uint64_t v;
  __builtin_memcpy(&v, from + at / 8, 8);
  return v >> (at % 8) & ((std::uint64_t{1} << n) - 1);
}

// The channels of a group of all rows without gaps, and a row of zeros behind them.
OFFRAMP_INLINE OFFRAMP_AVX512 void make_tight_rows(const word_plan& p, const window& w, const std::uint32_t* in,
                                                   int group, std::uint8_t* rows) {
  const int words = ceil_div(w.in.c, 32);
  const int first = group * p.in_c;
  const int columns = (w.out.w - 1) * w.stride_w + w.kernel_w;
  for (int y = 0; y <= w.in.h; ++y) {
    auto* row = rows + static_cast<std::ptrdiff_t>(y) * p.row_bytes;
    clear_words(reinterpret_cast<std::uint32_t*>(row), p.row_bytes / 4);
    if (y == w.in.h) break;
    bit_writer to{row + w.pad_left * p.stored_in_c / 8, 0, w.pad_left * p.stored_in_c % 8};
    const int end = w.in.w < columns - w.pad_left ? w.in.w : columns - w.pad_left;
    for (int x = 0; x < end; ++x) {
      const std::uint32_t* pixel = in + static_cast<std::ptrdiff_t>(y * w.in.w + x) * words;
      for (int c = 0; c < p.in_c; c += 32) {
        const int n = p.in_c - c < 32 ? p.in_c - c : 32;
        const int at = first + c;
        std::uint32_t word = pixel[at / 32] >> (at % 32);
        if (at % 32 + n > 32) word |= pixel[at / 32 + 1] << (32 - at % 32);
        to.add(word & low_bits(n), n);
      }
      for (int gap = p.stored_in_c - p.in_c; gap > 0; gap -= 32) to.add(0, gap < 32 ? gap : 32);
    }
  }
}

// One patch out of tight rows, in steps of up to 56 bits.
OFFRAMP_INLINE OFFRAMP_AVX512 void cut_patch(const word_plan& p, const window& w, const std::uint8_t* rows, int oy,
                                             int ox, std::uint32_t* patch) {
  const int run = w.kernel_w * p.stored_in_c;
  const int from = ox * w.stride_w * p.stored_in_c;
  std::uint64_t held = 0;
  int bits = 0;
  for (int ky = 0; ky < w.kernel_h; ++ky) {
    const int y = oy * w.stride_h - w.pad_top + ky;
    const std::uint8_t* row = rows + static_cast<std::ptrdiff_t>(y < 0 || y >= w.in.h ? w.in.h : y) * p.row_bytes;
    for (int at = 0; at < run; at += 56) {
      const int n = run - at < 56 ? run - at : 56;
      const std::uint64_t v = read_bits(row, from + at, n);
      held |= v << bits;
      bits += n;
      if (bits < 64) continue;
      __builtin_memcpy(patch, &held, 8);
      patch += 2;
      bits -= 64;
      held = v >> (n - bits);
    }
  }
  for (; bits > 0; bits -= 32, held >>= 32) *patch++ = static_cast<std::uint32_t>(held);
}

// Lanes [lo, hi), of 16.
OFFRAMP_INLINE OFFRAMP_AVX512 __mmask16 lanes_between(int lo, int hi) {
  const int l = lo < 0 ? 0 : lo, h = hi < 0 ? 0 : hi > 16 ? 16 : hi;
  return static_cast<__mmask16>(l >= h ? 0u : low_bits(h) & ~low_bits(l));
}

// `run` words of a row of a patch, of which those of [lo, hi) are read and the rest are zeros. Writes up to a whole
// vector: what is behind comes next. No word but those is touched, wherever `from` points.
OFFRAMP_INLINE OFFRAMP_AVX512 void copy_patch_row(const std::uint32_t* from, int lo, int hi, int run,
                                                  std::uint32_t* patch) {
  if (run <= 4) {
    const __m128i v = _mm_maskz_loadu_epi32(static_cast<__mmask8>(lanes_between(lo, hi)), from);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(patch), v);
  } else if (run <= 8) {
    const __m256i v = _mm256_maskz_loadu_epi32(static_cast<__mmask8>(lanes_between(lo, hi)), from);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(patch), v);
  } else {
    for (int k = 0; k < run; k += 16)
      _mm512_storeu_si512(patch + k, _mm512_maskz_loadu_epi32(lanes_between(lo - k, hi - k), from + k));
  }
}

// The patch of a position, whole words: the words [first, first + count) of every pixel. No branch asks whether a
// window meets padding: where images are small, as many do as not.
OFFRAMP_INLINE OFFRAMP_AVX512 void copy_patch(const window& w, const std::uint32_t* in, int first, int count, int oy,
                                              int ox, std::uint32_t* patch) {
  const int words = ceil_div(w.in.c, 32), run = w.kernel_w * count;
  const int x0 = ox * w.stride_w - w.pad_left;
  for (int ky = 0; ky < w.kernel_h; ++ky, patch += run) {
    const int y = oy * w.stride_h - w.pad_top + ky;
    const bool inside = y >= 0 && y < w.in.h;
    const std::uint32_t* const row = inside ? in + static_cast<std::ptrdiff_t>(y) * w.in.w * words : in;
    const int lo = x0 < 0 ? -x0 : 0, hi = !inside ? 0 : x0 + w.kernel_w > w.in.w ? w.in.w - x0 : w.kernel_w;
    if (count == words) {
      copy_patch_row(row + static_cast<std::ptrdiff_t>(x0) * words, lo * words, hi * words, run, patch);
      continue;
    }
    for (int kx = 0; kx < w.kernel_w; ++kx)
      if (kx >= lo && kx < hi)
        copy_words(patch + kx * count, row + static_cast<std::ptrdiff_t>(x0 + kx) * words + first, count);
      else
        clear_words(patch + kx * count, count);
  }
}

// Patches of the positions [first, end) of a group. `Tight`: may they be?
template <bool Tight>
OFFRAMP_INLINE OFFRAMP_AVX512 void make_patches(const word_plan& p, const window& w, const std::uint32_t* in,
                                                const std::uint8_t* rows, int group, int first, int end,
                                                std::uint32_t* patches) {
  const int count = ceil_div(p.in_c, 32);
  int oy = first / w.out.w;
  int ox = first % w.out.w;
  for (int position = first; position < end; ++position, patches += p.words) {
    if (Tight && p.tight)
      cut_patch(p, w, rows, oy, ox, patches);
    else
      copy_patch(w, in, group * p.in_c / 32, count, oy, ox, patches);
    if (++ox == w.out.w) ox = 0, ++oy;
  }
}

// Weights of one tile where fewer input channels are active than stored: those of the rest left out, or zero.
OFFRAMP_AVX512 inline void narrow_tile(const word_plan& p, const std::uint32_t* tile, const std::uint32_t* masks,
                                       std::uint32_t* to) {
  const int active = ceil_div(p.in_c, 32);
  const int stored = ceil_div(p.stored_in_c, 32);
  const std::uint32_t last = low_bits(p.in_c - 32 * (active - 1));
  for (int k = 0; k < p.words; ++k) {
    const int from = p.tight ? k : k / active * stored + k % active;
    const std::uint32_t mask = p.tight ? masks[k] : k % active == active - 1 ? last : ~0u;
    const __m512i bits = _mm512_loadu_si512(tile + 16 * from);
    _mm512_storeu_si512(to + 16 * k, _mm512_and_si512(bits, _mm512_set1_epi32(static_cast<int>(mask))));
  }
}
// Which bits of a tight patch belong to active channels.
inline void make_masks(const word_plan& p, std::uint32_t* masks) {
  for (int k = 0; k < p.words; ++k) masks[k] = 0;
  for (int tap = 0; tap < p.taps; ++tap)
    for (int c = 0; c < p.in_c; ++c) set_bit(masks, tap * p.stored_in_c + c, true);
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512
#endif

#endif
