// Signs times signs by sums looked up (the method of four Russians: Arlazarov, Dinic, Kronrod, Faradzhev 1970). The
// input channels of a tap fall into slices of 5. For a slice and 64 output channels a table of 32 vectors holds, in 64
// fields of 4 bits, how many of the 5 signs differ: entry x is for the input bits x. A position then costs a load and
// an addition for every slice: 320 products. Three entries still fit their fields (15), 17 such sums a byte (255).
// Tables are built from packed weights when they are needed, and serve all positions before the next ones are built.
//
// Packed weights: blocks of 64 output channels; per tap and pair of input channels 16 bytes, one for every two of the
// 32 byte lanes of a vector. A nibble for each input channel of the pair holds two bits for each of these two lanes:
// the weights of output channels lane and lane + 32.
#ifndef OFFRAMP_KERNELS_AVX2_CONV_BITS_TABLES_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_BITS_TABLES_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

struct conv_bits_tables {
  static constexpr int slice_channels = 5;
  static constexpr int block_channels = 64;  // output channels of a table
  static constexpr int table_bytes = 32 * 32;
  static constexpr int pass_sums = 4;         // sums of three slices that one pass over the positions adds
  static constexpr int most_sums = 17;        // that fit a byte
  static constexpr int most_vectors = 2;      // tables side by side, for 128 output channels
  static constexpr int band_positions = 640;  // output positions that tables serve: what is kept for them fits the L2

  // Output channels of a group, stored and active, and stored groups.
  static constexpr int group_out_c(const window& w) { return w.out.c / w.groups; }
  static constexpr int stored_group_out_c(const window& w) { return w.groups == 1 ? w.stored_out_c : group_out_c(w); }
  static constexpr int stored_groups(const window& w) {
    return w.groups == 1 ? 1 : w.stored_out_c / stored_group_out_c(w);
  }

  static constexpr int slices(const window& w) { return ceil_div(w.group_in_c(), slice_channels); }
  static constexpr int blocks(const window& w) { return ceil_div(stored_group_out_c(w), block_channels); }

  // Bytes of one tap, of one block and of all packed weights; a table may be read from 3 pairs, of which the last two
  // lie behind the end.
  static constexpr int tap_bytes(const window& w) { return ceil_div(w.stored_group_in_c(), 2) * 16; }
  static constexpr int block_bytes(const window& w) { return w.taps() * tap_bytes(w); }
  static constexpr std::size_t kernel_words(const window& w) {
    return (static_cast<std::size_t>(stored_groups(w) * blocks(w)) * static_cast<std::size_t>(block_bytes(w)) + 32) / 4;
  }

  // What a band of output rows needs: the slices of the input rows below it, and counts.
  static constexpr int band_rows(const window& w) {
    const int bands = ceil_div(w.out.positions(), band_positions);
    return ceil_div(w.out.h, bands < w.out.h ? bands : w.out.h);
  }
  static constexpr int slice_columns(const window& w) { return (w.out.w - 1) * w.stride_w + w.kernel_w; }
  static constexpr int slice_rows(const window& w) { return (band_rows(w) - 1) * w.stride_h + w.kernel_h; }

  // Passes over the positions: sums of a kernel row, and which numbers of sums passes take, bit n for n of them.
  static constexpr int row_sums(const window& w) { return ceil_div(w.kernel_w * slices(w), 3); }
  static constexpr unsigned passes(const window& w) {
    return (row_sums(w) >= pass_sums ? 1u << pass_sums : 0u) | (1u << row_sums(w) % pass_sums & ~1u);
  }
  static constexpr unsigned every_pass = (2u << pass_sums) - 2;

  // Output channels that are counted together: two vectors of them, one, or one of narrow fields. Which of these the
  // channels of a group are made of, a bit each.
  static constexpr int block_of(int left) { return left > block_channels ? 2 : left > 32 ? 1 : 0; }
  static constexpr unsigned block_kinds(const window& w) {
    unsigned kinds = 0;
    for (int left = group_out_c(w); left > 0; left -= most_vectors * block_channels) kinds |= 1u << block_of(left);
    return kinds;
  }
  static constexpr unsigned every_block = 7;

  // Bytes from the beginning of scratch, made a multiple of 64, to its parts.
  struct working_memory {
    std::size_t slices = 0, sums = 0, counts = 0, end = 0;
  };
  static constexpr int vectors(const window& w) { return group_out_c(w) > block_channels ? most_vectors : 1; }
  static constexpr working_memory memory(const window& w) {
    const auto positions = static_cast<std::size_t>(band_rows(w) * w.out.w);
    const auto wide = static_cast<std::size_t>(vectors(w) * block_channels);
    working_memory m;
    m.slices = static_cast<std::size_t>(3 * pass_sums * vectors(w) * table_bytes);
    // Slices are written 8 at a time, and the last sum may read two beyond the last one.
    m.sums = round_up(m.slices + static_cast<std::size_t>(slice_rows(w) * slice_columns(w) * slices(w)) + 16, 64);
    m.counts = m.sums + positions * wide;
    m.end = m.counts + 2 * positions * wide;
    return m;
  }
  static constexpr std::size_t scratch_bytes(const window& w) { return memory(w).end + 64; }

  static constexpr void pack(const window& w, const std::uint32_t* kernel, std::uint32_t* packed) {
    for (std::size_t i = 0; i < kernel_words(w); ++i) packed[i] = 0;
    const int in_c = w.stored_group_in_c();
    const int row_words = ceil_div(in_c, 32);
    const int together = stored_group_out_c(w);
    for (int o = 0; o < w.stored_out_c; ++o) {
      const int block = o / together * blocks(w) + o % together / block_channels;
      const int lane = o % together % block_channels % 32;
      const int shift = lane % 2 * 2 + o % together % block_channels / 32;
      for (int t = 0; t < w.taps(); ++t)
        for (int c = 0; c < in_c; ++c) {
          if (!get_bit(kernel + (o * w.taps() + t) * row_words, c)) continue;
          const int byte = block * block_bytes(w) + t * tap_bytes(w) + c / 2 * 16 + lane / 2;
          packed[byte / 4] |= 1u << (byte % 4 * 8 + c % 2 * 4 + shift);
        }
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
