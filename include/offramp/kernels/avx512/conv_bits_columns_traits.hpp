// Signs times signs for few positions and many output channels, channels innermost: every bit of a vector is an output
// channel, counts of mismatches are planes of such vectors. The idea is that of x86/bit_rows.hpp with its roles
// exchanged: two input channels behind a running parity p add a carry c,
//     p + l1 + l2 = p' + 2 c     with   p' = p ^ l1 ^ l2,   c = majority(p, l1, l2),
// which is one of eight vectors made from the weights, chosen by the signs of the inputs: the parity of those before
// them and their own. All positions look their carries up in the same tables. A parity runs over one tap; what it ends
// with is counted apart.
//
// Packed weights: blocks of 512 output channels, at last one of 256 where that is enough; for every tap and input
// channel a vector of signs, the channels of a tap filled up to whole words.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BITS_COLUMNS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BITS_COLUMNS_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/weights.hpp>
#include <offramp/kernels/x86/short_scales.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct conv_bits_columns {
  static constexpr int table_room = 16384;    // bytes of the tables that stand side by side
  static constexpr int band_positions = 400;  // output positions that tables serve

  // Channels of the vectors of a block, and the bytes of its weights for one word of input channels.
  static constexpr int block_channels(const window& w, int block) {
    return w.stored_out_c - 512 * block > 256 ? 512 : 256;
  }
  static constexpr int blocks(const window& w) { return ceil_div(w.stored_out_c, 512); }

  // Words of input channels whose tables fit, of a vector of so many bytes; and how often a window needs that.
  static constexpr int chunk_words(int vector_bytes) { return table_room / (16 * 8 * vector_bytes); }
  static constexpr int chunks(const window& w, int vector_bytes) {
    return w.taps() * ceil_div(input_words(w), chunk_words(vector_bytes));
  }

  // Which numbers of words are looked up together, bit n for n of them; which vectors, 2 for `wide`, 1 for `half`.
  static constexpr unsigned passes(const window& w, int vector_bytes) {
    const int most = chunk_words(vector_bytes);
    return (input_words(w) >= most ? 1u << most : 0u) | (1u << input_words(w) % most & ~1u);
  }
  static constexpr unsigned every_pass = 16 + 8 + 4 + 2;
  static constexpr unsigned vectors(const window& w) {
    return (block_channels(w, 0) == 512 ? 2u : 0u) | (block_channels(w, blocks(w) - 1) == 256 ? 1u : 0u);
  }

  static constexpr int stored_words(const window& w) { return ceil_div(w.stored_in_c, 32); }
  static constexpr int input_words(const window& w) { return ceil_div(w.in.c, 32); }

  // Words from the kernel's beginning to a block.
  static constexpr std::size_t block_begin(const window& w, int block) {
    return static_cast<std::size_t>(block) * 16 * static_cast<std::size_t>(w.taps() * stored_words(w) * 32);
  }
  static constexpr std::size_t kernel_words(const window& w) {
    const int last = blocks(w) - 1;
    return block_begin(w, last) + static_cast<std::size_t>(block_channels(w, last) / 32) *
                                      static_cast<std::size_t>(w.taps() * stored_words(w) * 32);
  }

  // Planes of counts: those that chunks fill, and of their carries at least one.
  static constexpr int most_planes = 16;
  static constexpr int planes(const window& w) {
    int count = 8;
    while ((w.depth() + 1) >> count != 0) ++count;
    return count;
  }

  static constexpr int band_rows(const window& w) {
    const int bands = ceil_div(w.out.positions(), band_positions);
    return ceil_div(w.out.h, bands < w.out.h ? bands : w.out.h);
  }
  // Input positions that a band looks at.
  static constexpr int index_columns(const window& w) { return (w.out.w - 1) * w.stride_w + w.kernel_w; }
  static constexpr int index_rows(const window& w) { return (band_rows(w) - 1) * w.stride_h + w.kernel_h; }
  // Bytes of such a position: a number for every two channels, and at last the parity of all.
  static constexpr int index_bytes(const window& w) { return 16 * input_words(w) + 16; }

  // Bytes from the beginning of scratch, made a multiple of 64, to its parts.
  struct working_memory {
    std::size_t parities = 0, index = 0, sums = 0, carries = 0, end = 0;
  };
  static constexpr working_memory memory(const window& w) {
    const int vector_bytes = block_channels(w, 0) / 8;
    const auto vector = static_cast<std::size_t>(vector_bytes);
    const auto positions = static_cast<std::size_t>(band_rows(w) * w.out.w);
    working_memory m;
    m.parities = table_room;
    m.index = m.parities + static_cast<std::size_t>(w.taps()) * 2 * vector;
    m.sums = round_up(m.index + static_cast<std::size_t>(index_rows(w) * index_columns(w) * index_bytes(w)), 64);
    m.carries = m.sums + positions * static_cast<std::size_t>(planes(w)) * vector;
    m.end = m.carries + positions * static_cast<std::size_t>(chunks(w, vector_bytes)) * vector;
    return m;
  }

  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && s.in == kind::bits && s.weights == kind::bits && !s.grouped &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }

  // Scales of 16-bit streams follow the kernel.
  static constexpr std::size_t scales_begin(const kernel_op& op) {
    return round_up(packed_begin(op) + kernel_words(op.geometry), 16);
  }
  static constexpr std::size_t weight_words(const kernel_op& op) { return scales_begin(op) + short_scales::words(op); }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) { return memory(op.geometry).end + 64; }

  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    const window& w = op.geometry;
    const weight_layout l = canonical_layout(op);
    const std::size_t begin = packed_begin(op);
    pack_parameters(op, canonical, packed);
    for (std::size_t i = begin; i < scales_begin(op); ++i) packed[i] = 0;
    short_scales::pack(op, short_scales::spare_bits(op), canonical, packed + scales_begin(op));
    const std::uint32_t* kernel = canonical + l.kernel();
    for (int o = 0; o < w.stored_out_c; ++o) {
      const int block = o / 512;
      const int vector = block_channels(w, block) / 32;
      std::uint32_t* to = packed + begin + block_begin(w, block) + o % 512 / 32;
      for (int t = 0; t < w.taps(); ++t)
        for (int c = 0; c < w.stored_in_c; ++c)
          if (get_bit(kernel + (o * w.taps() + t) * stored_words(w), c))
            to[(t * stored_words(w) * 32 + c) * vector] |= 1u << (o % 32);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
