// Convolutions of signs plane by plane whose even and odd output rows share tables (conv_bit_rows::pairs_rows): a
// vector holds all rows of one kind. Taps are paired within a row of the window, so that the table of the even input
// rows and that of the odd ones are all there is: for an even output row, its upper input row is an odd one and its
// other two are an even and an odd one beside it; for an odd one, the lower input row is an even one. That third row
// is summed where it stands, its sums move by a row, and the other two are added to them.
//
// Each of the three sums has a parity of its own. count >= m, m even (pair_weights sees to that), is
//     S + majority of the three parities >= m / 2,   S: the sum of all carries,
// so that the majority, a plane of a table as well, is where the comparison begins.
#ifndef OFFRAMP_KERNELS_AVX512_ROW_PAIRS_HPP
#define OFFRAMP_KERNELS_AVX512_ROW_PAIRS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/layout.hpp>
#include <offramp/core/window.hpp>
#include <offramp/kernels/avx512/pair_weights.hpp>
#include <offramp/kernels/avx512/row_counts.hpp>
#include <offramp/kernels/avx512/row_planes.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512::planes {

inline constexpr int pair_bytes = 8 * 64;  // of a pair's table
inline constexpr int pair_block_bytes = bit_rows::block_codes * pair_bytes;

// The input.
struct row_pairs {
  const char* in;
  int in_bytes;  // of one plane
  int channels;
  __mmask16 inside;  // rows of a plane's second vector

  // Rows of plane c that `pick` names; beyond the last one there are zeros.
  OFFRAMP_INLINE OFFRAMP_AVX512 __m512i rows(int c, __m512i pick) const {
    const char* const plane = in + c * in_bytes;
    return _mm512_permutex2var_epi32(_mm512_loadu_si512(plane), pick, _mm512_maskz_loadu_epi32(inside, plane + 64));
  }
};

// A row beside its neighbours: columns moved to the right, as they are, to the left.
struct moved_rows {
  __m512i of[3];
  OFFRAMP_INLINE OFFRAMP_AVX512 explicit moved_rows(__m512i x)
      : of{_mm512_add_epi32(x, x), x, _mm512_srli_epi32(x, 1)} {}
};

// The table of all rows of one kind, then no carries up to a whole block. The parity of all taps.
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i make_rows(const row_pairs& from, char* to, const char* end, __m512i pick) {
  __m512i parity = _mm512_setzero_si512();
  int c = 0;
  for (; c + 2 <= from.channels; c += 2, to += 3 * pair_bytes) {
    const moved_rows a{from.rows(c, pick)}, b{from.rows(c + 1, pick)};
    make_pair(to, parity, a.of[0], a.of[1]);
    make_pair(to + pair_bytes, parity, a.of[2], b.of[0]);
    make_pair(to + 2 * pair_bytes, parity, b.of[1], b.of[2]);
  }
  const __m512i zeros = _mm512_setzero_si512();
  if (c < from.channels) {
    const moved_rows a{from.rows(c, pick)};
    make_pair(to, parity, a.of[0], a.of[1]);
    make_pair(to + pair_bytes, parity, a.of[2], zeros);
    to += 2 * pair_bytes;
  }
  for (; to < end; to += pair_bytes) make_pair(to, parity, zeros, zeros);
  return parity;
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

// Output rows of one kind.
struct pair_job {
  const char* third;   // tables: of the input row that moves,
  const char* middle;  // of the even input rows, then of the odd ones,
  const char* starts;  // and of the majorities of parities
  const std::uint8_t* codes;
  const std::uint32_t* words;
  __m512i moved;  // which row of the third sum, or of what stands beside the input, is a row of the output's
};

// Bit `bit` of the third row's sums: what lies outside the input counts as well.
template <class V, int N>
OFFRAMP_INLINE OFFRAMP_AVX512 void move_rows(const pair_job& job, int bit, row<V, N>& plane) {
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) {
    V outside;
    spread(outside, job.words[n * pair_weights::words + pair_weights::outside + bit]);
    plane.of[n] = _mm512_permutex2var_epi32(plane.of[n], job.moved, outside);
  }
}

// N output channels, whose tables have Blocks blocks a row.
template <int Blocks, int N, class V>
OFFRAMP_INLINE OFFRAMP_AVX512 void add_pairs(const pair_job& job, V valid, const put_rows& put, char* out,
                                             int out_bytes) {
  constexpr int step = pair_weights::code_bytes(Blocks), words = pair_weights::words;
  const std::uint8_t* codes = job.codes;
  counter<V, N> sum;
  row<V, N> carry[2 * Blocks];
  sum.clear();
#pragma GCC unroll 3
  for (int i = 0; i < Blocks; ++i, codes += bit_rows::block_codes) {
    sum.add_block(job.third + i * pair_block_bytes, codes, step, carry[i]);
    finish(carry[i]);
  }
  sum.sixteens = carry[0];
  if constexpr (Blocks == 2) add(sum.sixteens, carry[1]);
  if constexpr (Blocks == 3) add(sum.sixteens, carry[1], carry[2]);
  if constexpr (Blocks > 1) sum.thirtytwos = carry[1];

  move_rows(job, 0, sum.twos);
  move_rows(job, 1, sum.fours);
  move_rows(job, 2, sum.eights);
  move_rows(job, 3, sum.sixteens);
  if constexpr (Blocks > 1) move_rows(job, 4, sum.thirtytwos);

#pragma GCC unroll 6
  for (int i = 0; i < 2 * Blocks; ++i, codes += bit_rows::block_codes) {
    sum.add_block(job.middle + i * pair_block_bytes, codes, step, carry[i]);
    finish(carry[i]);
    if (i % 2 == 0) continue;
    add(sum.sixteens, carry[i], carry[i - 1]);
    if (i == 3) add(sum.thirtytwos, carry[i], carry[1]);
    if (i == 5) add(sum.thirtytwos, carry[i]);
  }
  if constexpr (Blocks == 1) sum.thirtytwos = carry[1];
  if constexpr (Blocks == 2) sum.sixtyfours = carry[3];
  if constexpr (Blocks == 3) {
    sum.sixtyfours = carry[3];
    add(sum.sixtyfours, carry[5]);
  }

  row<V, N> r;
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) load(r.of[n], job.starts + job.words[n * words + pair_weights::start]);
  const std::uint32_t* const bits = job.words + pair_weights::threshold;
  at_least(r, bits, words, sum.twos);
  at_least(r, bits + 1, words, sum.fours);
  at_least(r, bits + 2, words, sum.eights);
  at_least(r, bits + 3, words, sum.sixteens);
  at_least(r, bits + 4, words, sum.thirtytwos);
  if constexpr (Blocks > 1) at_least(r, bits + 5, words, sum.sixtyfours);
  if constexpr (Blocks > 2) at_least(r, bits + 6, words, carry[5]);
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) {
    V flip;
    spread(flip, job.words[n * words + pair_weights::flip]);
    put.plane(out + n * out_bytes, logic<0x60>(valid, r.of[n], flip));
  }
}

// job.weights.codes: of row pairs, as pair_weights packs them. `in`: planes as they are.
template <int Blocks, bool Single>
OFFRAMP_INLINE OFFRAMP_AVX512 void convolve_pairs(const rows_job& job, const window& w, const void* in,
                                                  char* even_rows) {
  const auto inside = static_cast<__mmask16>(low_bits(w.in.h - 16));
  const row_pairs from{static_cast<const char*>(in), row_plane_words(w.in) * 4, w.in.c, inside};
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i one = _mm512_set1_epi32(1), valid = columns(w.out.w);
  put_rows put;
  put.even = even_rows;
  put.out = job.out;
  put.upper = _mm512_or_si512(_mm512_srli_epi32(lanes, 1), _mm512_slli_epi32(_mm512_and_si512(lanes, one), 4));
  put.lower = _mm512_add_epi32(put.upper, _mm512_set1_epi32(8));
  put.inside = inside;

  char* const odd_table = job.table + Blocks * pair_block_bytes;
  char* const starts = odd_table + Blocks * pair_block_bytes;
  const __m512i even_lanes = _mm512_add_epi32(lanes, lanes);
  const __m512i even = make_rows(from, job.table, odd_table, even_lanes);
  const __m512i odd = make_rows(from, odd_table, starts, _mm512_add_epi32(even_lanes, one));

  pair_job rows;
  rows.middle = job.table;
  rows.starts = starts;
#pragma GCC unroll 1
  for (int i = 0; i < 2; ++i) {
    put.odd = i != 0;
    // The row above an even one is the odd one before it, the row below an odd one the even one behind it.
    rows.third = put.odd ? job.table : odd_table;
    rows.moved = put.odd ? _mm512_add_epi32(lanes, one)
                         : _mm512_mask_mov_epi32(_mm512_sub_epi32(lanes, one), 1, _mm512_set1_epi32(16));
    rows.codes = job.weights.codes + pair_weights::codes_at(w, put.odd);
    rows.words = job.weights.thresholds + pair_weights::words_at(w, put.odd);
    __m512i parity = even;
    make_pair(starts, parity, odd, _mm512_permutex2var_epi32(put.odd ? even : odd, rows.moved, _mm512_setzero_si512()));
    char* out = job.out;
    int o = 0;
    for (; o + 2 <= job.outputs; o += 2, out += 2 * job.out_bytes) {
      add_pairs<Blocks, 2>(rows, valid, put, out, job.out_bytes);
      rows.codes += 2 * pair_weights::code_bytes(Blocks);
      rows.words += 2 * pair_weights::words;
    }
    if constexpr (Single)
      if (o < job.outputs) add_pairs<Blocks, 1>(rows, valid, put, out, job.out_bytes);
  }
}

template <row_cases Cases>
OFFRAMP_AVX512 inline void convolve_row_pairs(const rows_job& job, const window& w, const void* in, char* even_rows) {
  const int blocks = pair_weights::blocks(w);
  if constexpr ((Cases.pairs & 1) != 0)
    if (blocks == 1) convolve_pairs<1, Cases.single>(job, w, in, even_rows);
  if constexpr ((Cases.pairs & 2) != 0)
    if (blocks == 2) convolve_pairs<2, Cases.single>(job, w, in, even_rows);
  if constexpr ((Cases.pairs & 4) != 0)
    if (blocks == 3) convolve_pairs<3, Cases.single>(job, w, in, even_rows);
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512::planes
#endif

#endif
