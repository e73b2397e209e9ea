// Convolutions of signs plane by plane whose even and odd output rows share a table (conv_bit_rows::pairs_rows): a
// vector holds all rows of one kind. Input planes are read as they are, and moved on the way into the table; two
// thirds of the table are made once, the last third for either kind.
#ifndef OFFRAMP_KERNELS_AVX512_ROW_PAIRS_HPP
#define OFFRAMP_KERNELS_AVX512_ROW_PAIRS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/layout.hpp>
#include <offramp/core/window.hpp>
#include <offramp/kernels/avx512/row_counts.hpp>
#include <offramp/kernels/avx512/row_planes.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512::planes {

// The input.
struct row_pairs {
  const char* in;
  int in_bytes;  // of one plane
  int channels;
  __mmask16 inside;  // rows of a plane's second vector

  // Rows of plane c that `pick` names; no row where `some` has no bit.
  OFFRAMP_INLINE OFFRAMP_AVX512 __m512i rows(int c, __m512i pick, __mmask16 some) const {
    const char* const plane = in + c * in_bytes;
    return _mm512_maskz_permutex2var_epi32(some, _mm512_loadu_si512(plane), pick,
                                           _mm512_maskz_loadu_epi32(inside, plane + 64));
  }
};

// A row beside its neighbours: columns moved to the right, as they are, to the left.
struct moved_rows {
  __m512i of[3];
  OFFRAMP_INLINE OFFRAMP_AVX512 explicit moved_rows(__m512i x)
      : of{_mm512_add_epi32(x, x), x, _mm512_srli_epi32(x, 1)} {}
};

inline constexpr int pair_bytes = 8 * 64;  // of a table

// Pairs of rows (2k, 2k + 1): middle and last row of the window at 2k, first and middle one of that at 2k + 1.
OFFRAMP_INLINE OFFRAMP_AVX512 char* make_shared(const row_pairs& from, char* to, __m512i& parity, __m512i even,
                                                __m512i odd) {
  for (int c = 0; c < from.channels; ++c) {
    const moved_rows a{from.rows(c, even, 0xffff)}, b{from.rows(c, odd, 0xffff)};
#pragma GCC unroll 3
    for (int x = 0; x < 3; ++x, to += pair_bytes) make_pair(to, parity, a.of[x], b.of[x]);
  }
  return to;
}
// The third row of either, then no carries up to a whole block.
OFFRAMP_INLINE OFFRAMP_AVX512 void make_third(const row_pairs& from, char* to, char* end, __m512i& parity, __m512i pick,
                                              __mmask16 some) {
  int c = 0;
  for (; c + 2 <= from.channels; c += 2, to += 3 * pair_bytes) {
    const moved_rows a{from.rows(c, pick, some)}, b{from.rows(c + 1, pick, some)};
    make_pair(to, parity, a.of[0], a.of[1]);
    make_pair(to + pair_bytes, parity, a.of[2], b.of[0]);
    make_pair(to + 2 * pair_bytes, parity, b.of[1], b.of[2]);
  }
  const __m512i zeros = _mm512_setzero_si512();
  if (c < from.channels) {
    const moved_rows a{from.rows(c, pick, some)};
    make_pair(to, parity, a.of[0], a.of[1]);
    make_pair(to + pair_bytes, parity, a.of[2], zeros);
    to += 2 * pair_bytes;
  }
  for (; to < end; to += pair_bytes) make_pair(to, parity, zeros, zeros);
}

// Even rows wait in working memory, as far apart as where they go; odd ones bring them along.
struct put_rows {
  bool odd;
  char* even;
  char* out;
  __m512i upper, lower;  // which rows of both make up a plane's two vectors
  __mmask16 inside;      // rows of the second
  OFFRAMP_INLINE OFFRAMP_AVX512 void plane(char* to, __m512i v) const {
    if (!odd) {
      _mm512_storeu_si512(even + (to - out), v);
      return;
    }
    const __m512i e = _mm512_loadu_si512(even + (to - out));
    _mm512_storeu_si512(to, _mm512_permutex2var_epi32(e, upper, v));
    _mm512_mask_storeu_epi32(to + 64, inside, _mm512_permutex2var_epi32(e, lower, v));
  }
};

// All output channels of the even or of the odd rows, of which `Nine` blocks or others make a table.
template <bool Nine, bool Single>
OFFRAMP_INLINE OFFRAMP_AVX512 void add_rows(const rows_job& job, const std::uint8_t* codes, __m512i parity,
                                            __m512i valid, const put_rows& put) {
  chunk_step step;
  step.blocks = bit_rows::block_count(job.depth);
  step.before = bit_rows::planes_for(0);
  step.after = job.count_planes;
  step.first = step.last = true;
  step.code_bytes = step.blocks * bit_rows::block_codes;
  __m512i starts[4];
  spread(starts[0], 0);
  spread(starts[1], ~0u);
  starts[2] = parity;
  starts[3] = logic<0x0f>(parity, parity, parity);
  int o = 0;
  for (; o + 2 <= job.outputs; o += 2)
    add_chunk<__m512i, 2, Nine>(job, step, job.table, codes, o, 0, starts, valid, put);
  if constexpr (Single)
    if (o < job.outputs) add_chunk<__m512i, 1, Nine>(job, step, job.table, codes, o, 0, starts, valid, put);
}

// job.weights.codes: those of even rows, behind them those of odd ones. `in`: planes as they are. Layers of 16 channels
// have nine blocks, the most there may be.
template <row_cases Cases>
OFFRAMP_AVX512 inline void convolve_row_pairs(const rows_job& job, const window& w, const void* in, char* even_rows) {
  const auto inside = static_cast<__mmask16>(low_bits(w.in.h - 16));
  const row_pairs from{static_cast<const char*>(in), row_plane_words(w.in) * 4, w.in.c, inside};
  const int blocks = bit_rows::block_count(job.depth);
  char* const end = job.table + blocks * bit_rows::block_codes * pair_bytes;
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i one = _mm512_set1_epi32(1), valid = columns(w.out.w);
  const __m512i even = _mm512_add_epi32(lanes, lanes);
  put_rows put;
  put.odd = false;
  put.even = even_rows;
  put.out = job.out;
  put.upper = _mm512_or_si512(_mm512_srli_epi32(lanes, 1), _mm512_slli_epi32(_mm512_and_si512(lanes, one), 4));
  put.lower = _mm512_add_epi32(put.upper, _mm512_set1_epi32(8));
  put.inside = inside;

  __m512i shared_parity = _mm512_setzero_si512();
  char* const third = make_shared(from, job.table, shared_parity, even, _mm512_add_epi32(even, one));
  __m512i third_row = _mm512_sub_epi32(even, one);
  __mmask16 some = 0xfffe;
  const std::uint8_t* codes = job.weights.codes;
#pragma GCC unroll 1
  for (int i = 0; i < 2; ++i) {
    __m512i parity = shared_parity;
    put.odd = i != 0;
    make_third(from, third, end, parity, third_row, some);
    if constexpr (Cases.nine)
      if (blocks == 9) add_rows<true, Cases.single>(job, codes, parity, valid, put);
    if constexpr (Cases.other)
      if (blocks != 9) add_rows<false, Cases.single>(job, codes, parity, valid, put);
    third_row = _mm512_add_epi32(even, _mm512_set1_epi32(2));
    some = 0x7fff;
    codes += w.stored_out_c * blocks * bit_rows::block_codes;
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512::planes
#endif

#endif
