// Signs times signs on cores of 32 bits that have neither vectors nor a population count. Forms, chosen by counted
// operations, which the active width of a nested network does not change:
//
//   words   a bit of a word is an input channel: the words of a patch go through adders (word_counts.hpp). Dense layers
//   pairs   a bit of a word is an output position: 32 of them are counted together, with carries of two inputs from
//           tables (pair_tables.hpp). For maps of some 16 positions and more
//   fours   the same with tables of four inputs (four_tables.hpp)
//   columns a bit of a word is an output channel (conv_bits_columns.hpp). For whole words of them
//
// `WorkBytes` bounds the working memory of all but words: more of it holds the counts of more output channels (columns:
// positions), which then share tables, or larger tables. Packed weights are never larger than canonical ones:
//
//   words         rows, [out_c][words of a patch], every second word xor the one before it
//   pairs, fours  chunks of 32 inputs of a patch; in a chunk a word for each output channel, whose bit i is the parity
//                 of its bits 0 ... i. Chunks are the words of the taps; taps of at most 16 channels share one (slots)
//   columns       32 output channels after the other, of each the chunks, of each a word for each of its inputs
#ifndef OFFRAMP_KERNELS_CORTEX_M_CONV_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_CONV_BITS_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

// Words of an output channel's counts: the parity of its weights so far, then planes of weights 2, 4, ... 2^planes.
constexpr int state_words(int planes) { return planes + 1; }

// How pairs and fours cut up a convolution. Of stored channels alone.
struct plane_plan {
  int slots = 1;      // taps that share a chunk
  int tap_words = 1;  // chunks of a tap, if it does not
  int chunks = 0;
  int planes = 5;  // 2^planes is more than all bits of the chunks, whatever their weights

  [[gnu::always_inline]] constexpr explicit plane_plan(const window& w) {
    const int channels = w.stored_in_c;
    if (channels <= 16) slots = 32 / channels;
    tap_words = ceil_div(channels, 32);
    chunks = slots > 1 ? ceil_div(w.taps(), slots) : w.taps() * tap_words;
    while (planes < 30 && (1 << planes) <= 32 * chunks) ++planes;
  }
  // Output channels whose counts fit beside a table; all, or a number that divides or is a multiple of a word's bits.
  [[gnu::always_inline]] constexpr int block(int out_c, int table_words, std::size_t bytes) const {
    const int most = (static_cast<int>(bytes / 4) - table_words) / state_words(planes);
    if (most >= out_c) return out_c;
    return most >= 32 ? most / 32 * 32 : most >= 16 ? 16 : most >= 8 ? 8 : 0;
  }
};

enum class conv_bits_form : std::uint8_t { words, pairs, fours, columns };

template <std::size_t WorkBytes>
struct conv_bits {
  using variant = conv_bits_form;

  // Words of a table and of what else is needed to make one.
  static constexpr int table_words(variant v) { return v == variant::fours ? 544 : 128; }
  [[gnu::always_inline]] static constexpr int block(variant v, const window& w) {
    return plane_plan{w}.block(w.out.c, table_words(v), WorkBytes);
  }

  // Instructions of a Cortex-M4, counted and rounded (benchmarks/results/cortex_m_ideas.md).
  static constexpr std::int64_t planes_cost(variant v, const window& w) {
    const plane_plan p{w};
    const std::int64_t channel = p.chunks * (v == variant::fours ? 127 : 155) + 80;
    const std::int64_t tables = p.chunks * ((v == variant::fours ? 1400 : 1100) + 400 * (p.slots - 1));
    return ceil_div(w.out.positions(), 32) * (w.out.c * channel + ceil_div(w.out.c, block(v, w)) * tables);
  }
  // Positions whose inputs and counts fit beside a table.
  [[gnu::always_inline]] static constexpr int columns_block(const window& w) {
    const int most =
        (static_cast<int>(WorkBytes / 4) - table_words(variant::columns)) / (1 + state_words(plane_plan{w}.planes));
    return most >= w.out.positions() ? w.out.positions() : most / 2 * 2;
  }
  // Whole words of output channels, and sizes of 16 bits; parameters of other widths count among them.
  [[gnu::always_inline]] static constexpr bool fits_columns(const window& w) {
    const int sizes[] = {
        w.in.h,     w.in.w,    w.in.c,     w.out.w,    w.out.positions(), w.kernel_h,
        w.kernel_w, w.pad_top, w.pad_left, w.stride_h, w.stride_w,        8 * w.stored_out_c + w.out_first + 4};
    for (const int size : sizes)
      if (size > 65535) return false;
    return w.stored_out_c % 32 == 0 && columns_block(w) > 0;
  }
  static constexpr std::int64_t columns_cost(const window& w) {
    const plane_plan p{w};
    const std::int64_t position = p.chunks * (180 + 20 * (p.slots - 1)) + 60;
    const std::int64_t tables = ceil_div(w.out.positions(), columns_block(w)) * p.chunks * 480;
    return ceil_div(w.out.c, 32) * (w.out.positions() * position + tables);
  }
  static constexpr std::int64_t words_cost(const window& w) {
    const int words = w.taps() * ceil_div(w.in.c, 32);
    return std::int64_t{w.out.positions()} * (6 * words + w.out.c * (50 + 8 * words));
  }
  // Without what all forms take to store signs; columns store numbers faster.
  static constexpr std::int64_t cost(variant v, const kernel_op& op) {
    const window& w = op.geometry;
    const std::int64_t numbers = op.signature.out == kind::bits ? 0 : w.out.size();
    if (v == variant::words) return words_cost(w) + 50 * numbers;
    if (32 * plane_plan{w}.chunks >= 65536) return INT64_MAX;
    if (v == variant::columns) return fits_columns(w) ? columns_cost(w) + 30 * numbers : INT64_MAX;
    return block(v, w) > 0 ? planes_cost(v, w) + 50 * numbers : INT64_MAX;
  }
  [[gnu::always_inline]] static constexpr variant variant_of(const kernel_op& op) {
    const kernel_op stored = for_stored_channels(op);
    variant best = variant::words;
    constexpr variant others[] = {variant::pairs, variant::fours, variant::columns};
    for (const variant v : others)
      if (cost(v, stored) < cost(best, stored)) best = v;
    return best;
  }

  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && s.in == kind::bits && s.weights == kind::bits && !s.grouped &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) { return static_cast<int>(variant_of(op)); }
  static constexpr reckoning reckoned(const kernel_op& op) { return {cost(variant_of(op), op)}; }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    const weight_layout l = canonical_layout(op);
    if (variant_of(op) == variant::words) return l.total();
    const plane_plan p{op.geometry};
    return l.kernel() + static_cast<std::size_t>(p.chunks) * static_cast<std::size_t>(op.geometry.stored_out_c);
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    const window& w = op.geometry;
    if (variant_of(op) == variant::words) return 4 * static_cast<std::size_t>(w.taps() * ceil_div(w.in.c, 32));
    const variant v = variant_of(op);
    const int counts = state_words(plane_plan{w}.planes);
    const int words = v == variant::columns ? columns_block(w) * (1 + counts) : block(v, w) * counts;
    return 4 * static_cast<std::size_t>(table_words(v) + words);
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    const window& w = op.geometry;
    const std::size_t begin = canonical_layout(op).kernel();
    for (std::size_t i = 0; i < begin; ++i) packed[i] = canonical[i];
    const std::uint32_t* from = canonical + begin;
    std::uint32_t* to = packed + begin;
    const plane_plan p{w};
    const int words = w.taps() * p.tap_words;
    if (variant_of(op) == variant::words) {
      for (int o = 0; o < w.stored_out_c; ++o)
        for (int k = 0; k < words; ++k)
          to[o * words + k] = from[o * words + k] ^ (k % 2 ? from[o * words + k - 1] : 0u);
      return;
    }
    const bool columns = variant_of(op) == variant::columns;
    for (int chunk = 0; chunk < p.chunks; ++chunk)
      for (int o = 0; o < w.stored_out_c; ++o) {
        std::uint32_t word = 0;
        if (p.slots == 1) word = from[o * words + chunk];
        for (int i = 0; p.slots > 1 && i < p.slots && chunk * p.slots + i < w.taps(); ++i)
          word |= from[o * words + chunk * p.slots + i] << (i * w.stored_in_c);
        if (columns) {
          std::uint32_t* inputs = to + (o / 32 * p.chunks + chunk) * 32;
          for (int i = 0; i < 32; ++i) {
            if (o % 32 == 0) inputs[i] = 0;
            inputs[i] |= (word >> i & 1u) << (o % 32);
          }
          continue;
        }
        for (int distance = 1; distance < 32; distance *= 2) word ^= word << distance;
        to[chunk * w.stored_out_c + o] = word;
      }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
