// The loops of conv_bits_tables_traits.hpp. For a band of output rows the slices of the input are spread into bytes
// once; for every block of output channels, tables of a few slices are then built and looked up by all positions of
// the band, until the counts are complete.
//
// Sums of three entries, fields of 4 bits, are added up in two vectors of bytes: `low` takes the low field of each
// byte. `high` takes all fields, moved down by 4 in lanes of 64 bits without a mask: where a high field should stand
// alone, the low field of the byte above stands 4 bits too high. That is low / 16 in lanes of 64 bits (without the
// lowest byte, whose field was moved out), and taken away when bytes become counts of 16 bits.
#ifndef OFFRAMP_KERNELS_AVX2_CONV_BITS_TABLES_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_BITS_TABLES_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx2/bit_vectors.hpp>
#include <offramp/kernels/avx2/conv_bits_tables_traits.hpp>
#include <offramp/kernels/avx2/output.hpp>
#include <offramp/kernels/avx2/short_output.hpp>
#include <offramp/kernels/path.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// Counts of a block of output channels over a band of positions.
struct table_job {
  const unsigned char* codes;  // packed weights
  int block_bytes, tap_bytes;  // from one block and one tap to the next
  int channels, slices, kernel_h, kernel_w;
  const unsigned char* spread;     // slices of the band, 4 times their 5 bits each
  int spread_row, step_y, step_x;  // bytes from row to row, and between neighbouring outputs
  int rows, columns;               // of the output
  unsigned char *tables, *sums, *counts;
};

// The slices of one position: 5 bits of `words` at a time, as bytes of 4 times their value. Writes whole groups of 8.
OFFRAMP_AVX2 inline void spread_slices(const std::uint32_t* words, int channels, unsigned char* to) {
  const int last = (channels - 1) / 32;
  for (int c = 0; c < channels; c += 40, to += 8) {
    const int word = c / 32;
    std::uint64_t bits = words[word];
    if (word < last) bits |= std::uint64_t{words[word + 1]} << 32;
    bits = _bzhi_u64(bits >> (c % 32), static_cast<unsigned>(channels - c < 40 ? channels - c : 40));
    bits = _pdep_u64(bits, 0x7c7c7c7c7c7c7c7cu);
    __builtin_memcpy(to, &bits, sizeof bits);
  }
}

// The slices of all positions that the outputs of rows [first_row, first_row + rows) look at; padding is +1.
OFFRAMP_AVX2 inline void spread_band(const std::uint32_t* in, const window& w, int group, int first_row, int rows,
                                     unsigned char* to) {
  const int slices = conv_bits_tables::slices(w);
  const int columns = conv_bits_tables::slice_columns(w);
  const int position_words = ceil_div(w.in.c, 32);
  for (int i = 0; i < (rows - 1) * w.stride_h + w.kernel_h; ++i) {
    const int y = first_row * w.stride_h - w.pad_top + i;
    for (int j = 0; j < columns; ++j, to += slices) {
      const int x = j - w.pad_left;
      if (y < 0 || y >= w.in.h || x < 0 || x >= w.in.w)
        for (int s = 0; s < slices; ++s) to[s] = 0;
      else
        spread_slices(in + (y * w.in.w + x) * position_words + group * w.group_in_c() / 32, w.group_in_c(), to);
    }
  }
  for (int i = 0; i < 16; ++i) to[i] = 0;
}

// What the input channels of a slice change in their fields when their bit is set: 1, or -1 if it is set in the weight
// too.
struct slice_changes {
  __m256i of[5];
};

// From the codes of two input channels to those of the even or the odd one as changes. A byte lane finds its two bits
// in byte lane / 2; in places 0, 1 or, odd lanes, 2, 3 of a nibble.
template <bool Narrow>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i change_of(__m256i pair, bool odd) {
  const __m256i lanes = _mm256_setr_epi8(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12,
                                         12, 13, 13, 14, 14, 15, 15);
  constexpr char both = Narrow ? 1 : 1 + 16, low = Narrow ? -1 : -1 + 16, high = Narrow ? 1 : 1 - 16,
                 none = Narrow ? -1 : -1 - 16;
  const __m256i changes =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(both, low, high, none, low, 0, 0, 0, high, 0, 0, 0, none, 0, 0, 0));
  const __m256i bits = _mm256_shuffle_epi8(odd ? _mm256_srli_epi16(pair, 4) : pair, lanes);
  return _mm256_shuffle_epi8(changes, _mm256_and_si256(bits, _mm256_set1_epi16(0x0c03)));
}

// Changes of input channels [c, c + 5), of which the first n count.
template <bool Narrow>
OFFRAMP_INLINE OFFRAMP_AVX2 slice_changes load_changes(const unsigned char* codes, int c, int n) {
  const auto* from = reinterpret_cast<const __m128i*>(codes + c / 2 * 16);
  __m256i pair[3];
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) pair[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128(from + i));
  slice_changes s;
  if (c % 2 == 0) {
#pragma GCC unroll 5
    for (int i = 0; i < 5; ++i) s.of[i] = change_of<Narrow>(pair[i / 2], i % 2 != 0);
  } else {
#pragma GCC unroll 5
    for (int i = 0; i < 5; ++i) s.of[i] = change_of<Narrow>(pair[(i + 1) / 2], i % 2 == 0);
  }
  if (n < 5) {
#pragma GCC unroll 5
    for (int i = 0; i < 5; ++i)
      if (i >= n) s.of[i] = _mm256_setzero_si256();
  }
  return s;
}

// The table of a slice of n channels.
template <bool Narrow>
OFFRAMP_INLINE OFFRAMP_AVX2 void build_table(const slice_changes& s, int n, unsigned char* table) {
  // Entry 0 counts the set bits of the weights: half of what the changes are short of all ones (an even byte).
  __m256i entry[8];
  entry[0] =
      _mm256_add_epi8(_mm256_add_epi8(_mm256_add_epi8(s.of[0], s.of[1]), _mm256_add_epi8(s.of[2], s.of[3])), s.of[4]);
  entry[0] =
      _mm256_srli_epi16(_mm256_sub_epi8(_mm256_set1_epi8(static_cast<char>(n * (Narrow ? 1 : 17))), entry[0]), 1);
  entry[1] = _mm256_add_epi8(entry[0], s.of[0]);
  entry[2] = _mm256_add_epi8(entry[0], s.of[1]);
  entry[3] = _mm256_add_epi8(entry[1], s.of[1]);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) entry[4 + i] = _mm256_add_epi8(entry[i], s.of[2]);
    // The upper two bits in an order in which one changes at a time.
#pragma GCC unroll 4
  for (int step = 0; step < 4; ++step) {
    unsigned char* to = table + 256 * (step ^ (step >> 1));
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      if (step == 1) entry[i] = _mm256_add_epi8(entry[i], s.of[3]);
      if (step == 2) entry[i] = _mm256_add_epi8(entry[i], s.of[4]);
      if (step == 3) entry[i] = _mm256_sub_epi8(entry[i], s.of[3]);
      store_bits256(to + 32 * i, entry[i]);
    }
  }
}

// The tables of the slices of a pass: `slices` of them from `slice` of tap kx of a kernel row on. Beyond the end of the
// row tables hold zeros.
template <int Vectors, bool Narrow>
[[gnu::noinline]] OFFRAMP_AVX2 inline void build_tables(const table_job& job, const unsigned char* row_codes, int kx,
                                                        int slice, int slices) {
  unsigned char* table = job.tables;
  for (int i = 0; i < slices; ++i) {
    const bool beyond = kx == job.kernel_w;
    const int c = 5 * slice;
    const int n = beyond ? 0 : job.channels - c < 5 ? job.channels - c : 5;
    const unsigned char* codes = row_codes + (beyond ? 0 : kx) * job.tap_bytes;
    for (int v = 0; v < Vectors; ++v, codes += job.block_bytes, table += conv_bits_tables::table_bytes)
      build_table<Narrow>(load_changes<Narrow>(codes, c, n), n, table);
    if (!beyond && ++slice == job.slices) slice = 0, ++kx;
  }
}

// Bytes to 16 bits, even and odd lanes; `fresh`: the first ones.
OFFRAMP_INLINE OFFRAMP_AVX2 void add_to_counts(unsigned char* counts, __m256i bytes, bool fresh) {
  __m256i even = _mm256_and_si256(bytes, _mm256_set1_epi16(0x00ff));
  __m256i odd = _mm256_srli_epi16(bytes, 8);
  if (!fresh) {
    even = _mm256_add_epi16(load_bits256(counts), even);
    odd = _mm256_add_epi16(load_bits256(counts + 32), odd);
  }
  store_bits256(counts, even);
  store_bits256(counts + 32, odd);
}

// What a pass finds and leaves: are there sums already; do they become counts, the first ones?
struct pass_state {
  bool first, last, fresh;
};

// One pass over the positions of a band: `Sums` sums of three slices, whose tables are built, join those of each
// position. `first`: there are none yet; `last`: they become counts.
template <int Vectors, int Sums, bool Narrow>
[[gnu::noinline]] OFFRAMP_AVX2 inline void add_slices(const table_job& job, const unsigned char* spread,
                                                      pass_state state) {
  const __m256i nibble = _mm256_set1_epi8(15);
  const unsigned char* tables = job.tables;
  constexpr int slice = conv_bits_tables::table_bytes * Vectors;
  constexpr int position_bytes = Vectors * conv_bits_tables::block_channels;
  const int columns = job.columns;
  const int step_x = job.step_x;
  unsigned char* sums = job.sums;
  unsigned char* counts = job.counts;
  for (int y = 0; y < job.rows; ++y, spread += job.step_y) {
    const unsigned char* x = spread;
    for (int left = columns; left > 0; --left, x += step_x, sums += position_bytes, counts += 2 * position_bytes) {
      __m256i low[Vectors], high[Vectors];
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) {
        low[v] = state.first ? _mm256_setzero_si256() : load_bits256(sums + 64 * v);
        high[v] = state.first || Narrow ? _mm256_setzero_si256() : load_bits256(sums + 64 * v + 32);
      }
#pragma GCC unroll 4
      for (int i = 0; i < Sums; ++i) {
        // Entries of 32 bytes, 4 times their number in x: one addressing mode reaches them.
        const unsigned char* a = tables + 3 * i * slice + std::size_t{x[3 * i]} * 8;
        const unsigned char* b = tables + (3 * i + 1) * slice + std::size_t{x[3 * i + 1]} * 8;
        const unsigned char* c = tables + (3 * i + 2) * slice + std::size_t{x[3 * i + 2]} * 8;
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) {
          const int at = v * conv_bits_tables::table_bytes;
          const __m256i sum =
              _mm256_add_epi8(_mm256_add_epi8(load_bits256(a + at), load_bits256(b + at)), load_bits256(c + at));
          if constexpr (Narrow) {
            low[v] = _mm256_add_epi8(low[v], sum);
          } else {
            low[v] = _mm256_add_epi8(low[v], _mm256_and_si256(sum, nibble));
            high[v] = _mm256_add_epi64(high[v], _mm256_srli_epi64(sum, 4));
          }
        }
      }
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) {
        if (state.last) {
          add_to_counts(counts + 128 * v, low[v], state.fresh);
          if constexpr (!Narrow) {
            const __m256i above = _mm256_and_si256(low[v], _mm256_set1_epi64x(~0xffLL));
            add_to_counts(counts + 128 * v + 64, _mm256_sub_epi64(high[v], _mm256_srli_epi64(above, 4)), state.fresh);
          }
        } else {
          store_bits256(sums + 64 * v, low[v]);
          if constexpr (!Narrow) store_bits256(sums + 64 * v + 32, high[v]);
        }
      }
    }
  }
}

// Counts of `Vectors` blocks. Of each position: even and odd lanes of the low fields, then of the high ones. `Passes`:
// those that there are.
template <int Vectors, bool Narrow, unsigned Passes>
OFFRAMP_AVX2 inline void count_block(const table_job& job) {
  using layout_of = conv_bits_tables;
  const int run = ceil_div(job.kernel_w * job.slices, 3);  // sums of a kernel row
  int pending = 0;
  pass_state state{true, false, true};
  for (int ky = 0; ky < job.kernel_h; ++ky)
    for (int s = 0, n; s < run; s += n) {
      n = run - s < layout_of::pass_sums ? run - s : layout_of::pass_sums;
      build_tables<Vectors, Narrow>(job, job.codes + ky * job.kernel_w * job.tap_bytes, 3 * s / job.slices,
                                    3 * s % job.slices, 3 * n);
      pending += n;
      state.last = pending + layout_of::pass_sums > layout_of::most_sums || (ky == job.kernel_h - 1 && s + n == run);
      const unsigned char* spread = job.spread + ky * job.spread_row + 3 * s;
      static_assert(layout_of::pass_sums == 4);
      if constexpr ((Passes & 2) != 0)
        if (n == 1) add_slices<Vectors, 1, Narrow>(job, spread, state);
      if constexpr ((Passes & 4) != 0)
        if (n == 2) add_slices<Vectors, 2, Narrow>(job, spread, state);
      if constexpr ((Passes & 8) != 0)
        if (n == 3) add_slices<Vectors, 3, Narrow>(job, spread, state);
      if constexpr ((Passes & 16) != 0)
        if (n == 4) add_slices<Vectors, 4, Narrow>(job, spread, state);
      state.first = state.last;
      if (state.last) pending = 0, state.fresh = false;
    }
}

// Thresholds of 32 channels as least counts, even and odd lanes: acc < t where depth - 2 count < t.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void least_counts(const parameters<S>& p, int depth, int first, int n, std::uint16_t* to) {
  for (int i = 0; i < 32; ++i) {
    std::int32_t t = i < n ? p.integer(0, first + i) : 0;
    t = t < -depth ? -depth : t > depth + 1 ? depth + 1 : t;
    to[i % 2 * 16 + i / 2] = static_cast<std::uint16_t>(((depth - t) >> 1) + 1);
  }
}

// From counts of channels [first, first + n), n <= 32, to 16-bit streams by their scales.
template <op_signature S>
OFFRAMP_AVX2 inline void finish_shorts(const parameters<S>& p, const window& w, const std::uint32_t* block,
                                       const unsigned char* counts, int position_bytes, int first, int n,
                                       int first_position, int positions, void* out) {
  const int s = short_scales::spare_bits({S, w});
  const __m128i left = _mm_cvtsi32_si128(s);
  const short_limits limits = load_short_limits(short_scales::middle({S, w}, s), p.low(), p.high());
  const short_lanes lanes[2] = {load_short_lanes(block, 0), load_short_lanes(block, 8)};
  auto* to = static_cast<std::int16_t*>(out) + first_position * w.out.c + first;
  int there = w.out.size() - first_position * w.out.c - first;
  for (int i = 0; i < positions; ++i, counts += position_bytes, to += w.out.c, there -= w.out.c) {
    const __m256i even = _mm256_sll_epi16(load_bits256(counts), left);
    const __m256i odd = _mm256_sll_epi16(load_bits256(counts + 32), left);
    store_scaled<S>(to, n, there, lanes, limits, _mm256_unpacklo_epi16(even, odd), _mm256_unpackhi_epi16(even, odd));
  }
}

// From counts of channels [first, first + channels), `Vectors` blocks, to outputs of `positions` positions. `scales`:
// of 16-bit streams, if there are some.
template <op_signature S>
OFFRAMP_AVX2 inline void finish_block(const parameters<S>& p, const window& w, const std::uint32_t* scales,
                                      const unsigned char* counts, int position_bytes, int first, int channels,
                                      int first_position, int positions, void* out) {
  if constexpr (S.out == kind::bits) {
    const int words = ceil_div(w.out.c, 32);
    for (int c = 0; c < channels; c += 32, counts += 64) {
      const int n = channels - c < 32 ? channels - c : 32;
      std::uint16_t least[32];
      least_counts(p, w.depth(), first + c, n, least);
      const __m256i least_even = load_bits256(least);
      const __m256i least_odd = load_bits256(least + 16);
      const std::uint32_t flips = p.flips((first + c) / 32);
      auto* to = static_cast<std::uint32_t*>(out) + first_position * words + (first + c) / 32;
      const unsigned char* from = counts;
      for (int i = 0; i < positions; ++i, from += position_bytes, to += words) {
        const __m256i even = load_bits256(from);
        const __m256i odd = load_bits256(from + 32);
        const __m256i below_even = _mm256_cmpeq_epi16(_mm256_max_epu16(even, least_even), even);
        const __m256i below_odd = _mm256_cmpeq_epi16(_mm256_max_epu16(odd, least_odd), odd);
        const __m256i below = _mm256_blendv_epi8(below_even, below_odd, _mm256_set1_epi16(static_cast<short>(0xff00)));
        *to = (static_cast<std::uint32_t>(_mm256_movemask_epi8(below)) ^ flips) & low_bits(n);
      }
    }
  } else {
    for (int begin = 0; begin < channels; begin += 32, counts += 64) {
      const int end = channels - begin < 32 ? channels : begin + 32;
      if constexpr (short_scales::takes(S))
        if (scales != nullptr) {
          const std::uint32_t* block =
              scales + short_scales::block_words * static_cast<std::size_t>((first + begin) / 32);
          if (all_short(block, end - begin)) {
            finish_shorts(p, w, block, counts, position_bytes, first + begin, end - begin, first_position, positions,
                          out);
            continue;
          }
        }
      for (int c = begin; c < end; c += 8) {
        const int n = end - c < 8 ? end - c : 8;
        const output_lanes8 lanes = load_output_lanes8<S>(p, first + c, n);
        const unsigned char* from = counts + (c - begin);
        for (int i = 0; i < positions; ++i, from += position_bytes) {
          const __m128i even = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
          const __m128i odd = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + 32));
          const __m256i count = _mm256_cvtepu16_epi32(_mm_unpacklo_epi16(even, odd));
          const __m256i acc = _mm256_sub_epi32(_mm256_set1_epi32(w.depth()), _mm256_slli_epi32(count, 1));
          store_lanes8<S>(lanes, w, out, first_position + i, first + c, n, acc);
        }
      }
    }
  }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX2 inline void convolve_by_tables(Geometry g, const arguments& a, const std::uint32_t* kernel) {
  using layout_of = conv_bits_tables;
  const window w = g();
  // A constant geometry makes code for what it has alone.
  constexpr unsigned passes = Geometry::is_static ? layout_of::passes(Geometry{}()) : layout_of::every_pass;
  constexpr unsigned blocks = Geometry::is_static ? layout_of::block_kinds(Geometry{}()) : layout_of::every_block;
  const parameters<S> params{a.weights, w};
  const std::uint32_t* const scales = short_scales::present({S, w}) ? kernel + layout_of::kernel_words(w) : nullptr;
  auto* scratch = reinterpret_cast<unsigned char*>((reinterpret_cast<std::uintptr_t>(a.scratch) + 63) / 64 * 64);
  const auto memory = layout_of::memory(w);
  const int together = layout_of::group_out_c(w);
  table_job job;
  job.block_bytes = layout_of::block_bytes(w), job.tap_bytes = layout_of::tap_bytes(w);
  job.channels = w.group_in_c(), job.slices = layout_of::slices(w);
  job.kernel_h = w.kernel_h, job.kernel_w = w.kernel_w;
  job.spread = scratch + memory.slices;
  job.spread_row = layout_of::slice_columns(w) * job.slices;
  job.step_y = w.stride_h * job.spread_row, job.step_x = w.stride_w * job.slices;
  job.columns = w.out.w;
  job.tables = scratch, job.sums = scratch + memory.sums, job.counts = scratch + memory.counts;
  for (int group = 0; group < w.groups; ++group)
    for (int row = 0; row < w.out.h; row += layout_of::band_rows(w)) {
      job.rows = w.out.h - row < layout_of::band_rows(w) ? w.out.h - row : layout_of::band_rows(w);
      spread_band(static_cast<const std::uint32_t*>(a.in), w, group, row, job.rows, scratch + memory.slices);
      job.codes = reinterpret_cast<const unsigned char*>(kernel) +
                  static_cast<std::size_t>(group * layout_of::blocks(w)) * static_cast<std::size_t>(job.block_bytes);
      for (int o = 0; o < together;) {
        const int left = together - o;
        const int block = layout_of::block_of(left);
        const int vectors = block == 2 ? 2 : 1;
        if constexpr ((blocks & 4) != 0)
          if (block == 2) count_block<2, false, passes>(job);
        if constexpr ((blocks & 2) != 0)
          if (block == 1) count_block<1, false, passes>(job);
        if constexpr ((blocks & 1) != 0)
          if (block == 0) count_block<1, true, passes>(job);
        const int channels = left < vectors * layout_of::block_channels ? left : vectors * layout_of::block_channels;
        finish_block<S>(params, w, scales, job.counts, vectors * 2 * layout_of::block_channels, group * together + o,
                        channels, row * w.out.w, job.rows * w.out.w, a.out);
        o += channels;
        job.codes += vectors * job.block_bytes;
      }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif

#endif
