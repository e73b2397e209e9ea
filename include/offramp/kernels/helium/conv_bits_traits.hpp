// Signs times signs by Helium. Forms, chosen by counted operations, which the active width of a nested network does not
// change:
//
//   words     a bit is an input channel: words of a patch go through adders, four output channels side by side
//             (word_sums.hpp). Dense layers
//   shifted   a bit is an output position: carries of four inputs, looked up for four output channels
//             (carry_tables.hpp); the input is turned into planes of positions once (bit_planes.hpp). Stride 1, rows as
//             long as the input's
//   gathered  the same, where the inputs of every tap are gathered and turned
//
// `WorkBytes` bounds the working memory; more of it holds the counts of more output channels, which share tables.
// Packed weights are of four output channels side by side, filled up with channels of +1:
//
//   words              [out_c / 4][words of a patch][4], every second word xor the one before it
//   shifted, gathered  chunks of 32 inputs of a patch; in a chunk a word for each output channel, whose bit i is the
//                      parity of its bits 0 ... i. Chunks are the words of the taps; taps of at most 16 channels share
//                      one (slots)
#ifndef OFFRAMP_KERNELS_HELIUM_CONV_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_HELIUM_CONV_BITS_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/helium/bit_planes.hpp>
#include <offramp/kernels/helium/carry_tables.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::helium {

// How shifted and gathered cut up a convolution. Of stored channels alone.
struct chunk_plan {
  int slots = 1;      // taps that share a chunk
  int tap_words = 1;  // chunks of a tap, if it does not
  int chunks = 0;
  int planes = 5;  // 2^planes is more than all bits of the chunks, whatever their weights

  [[gnu::always_inline]] constexpr explicit chunk_plan(const window& w) {
    const int channels = w.stored_in_c;
    if (channels <= 16) slots = 32 / channels;
    tap_words = ceil_div(channels, 32);
    chunks = slots > 1 ? ceil_div(w.taps(), slots) : w.taps() * tap_words;
    while (planes < 30 && (1 << planes) <= 32 * chunks) ++planes;
  }
  [[nodiscard, gnu::always_inline]] constexpr int state_words() const { return 4 * state_vectors(planes); }
};

enum class conv_bits_form : std::uint8_t { words, shifted, gathered };

[[gnu::always_inline]] constexpr int quads_of(int channels) { return ceil_div(channels, 4); }
[[gnu::always_inline]] constexpr int patch_words(const window& w) { return w.taps() * ceil_div(w.stored_in_c, 32); }

template <std::size_t WorkBytes>
struct conv_bits {
  using variant = conv_bits_form;

  // A table and the words of positions it is made of; planes.
  static constexpr int table_and_rows = table_words + 32;
  static constexpr int fixed_words(variant v, const window& w) {
    return table_and_rows + (v == variant::shifted ? plane_words(w, ceil_div(w.stored_in_c, 32)) : 0);
  }
  // Sets of four output channels whose counts fit beside that: all, or some that fill words.
  [[gnu::always_inline]] static constexpr int block(variant v, const window& w) {
    const int room = static_cast<int>(WorkBytes / 4) - fixed_words(v, w);
    const int most = room / chunk_plan{w}.state_words();
    const int all = quads_of(w.out.c);
    return most >= all ? all : most >= 8 ? most / 8 * 8 : 0;
  }
  static constexpr bool shifts(const window& w) {
    return w.stride_h == 1 && w.stride_w == 1 && w.out.w == w.in.w && w.pad_left < w.kernel_w;
  }

  // Instructions, counted and rounded (benchmarks/results/helium_ideas.md).
  static constexpr std::int64_t planes_cost(variant v, const window& w) {
    const chunk_plan p{w};
    const int groups = ceil_div(w.out.positions(), 32);
    const int blocks = ceil_div(quads_of(w.out.c), block(v, w));
    const std::int64_t table = v == variant::shifted ? (p.slots == 1 ? 450 : 700) : 950 + 300 * (p.slots - 1);
    const std::int64_t input = v == variant::shifted ? 350 * p.tap_words * position_words(w) : 0;
    return groups * (p.chunks * (quads_of(w.out.c) * std::int64_t{145} + blocks * table) +
                     quads_of(w.out.c) * (20 * p.planes)) +
           input;
  }
  static constexpr std::int64_t words_cost(const window& w) {
    const std::int64_t words = patch_words(w);
    return w.out.positions() * (10 * words + quads_of(w.out.c) * (60 + 8 * words));
  }
  static constexpr std::int64_t cost(variant v, const window& w) {
    if (v == variant::words) return words_cost(w);
    if (v == variant::shifted && !shifts(w)) return INT64_MAX;
    const bool fits = 32 * chunk_plan{w}.chunks < 65536 && block(v, w) > 0;
    return fits ? planes_cost(v, w) : INT64_MAX;
  }
  [[gnu::always_inline]] static constexpr variant variant_of(const kernel_op& op) {
    const window w = for_stored_channels(op).geometry;
    const std::int64_t shifted = cost(variant::shifted, w);
    const std::int64_t gathered = cost(variant::gathered, w);
    const variant best = shifted <= gathered ? variant::shifted : variant::gathered;
    return cost(best, w) < words_cost(w) ? best : variant::words;
  }

  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && s.in == kind::bits && s.weights == kind::bits && !s.grouped &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) { return static_cast<int>(variant_of(op)); }
  static constexpr reckoning reckoned(const kernel_op& op) { return {cost(variant_of(op), op.geometry)}; }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    const window& w = op.geometry;
    const int words = variant_of(op) == variant::words ? patch_words(w) : chunk_plan{w}.chunks;
    return canonical_layout(op).kernel() + static_cast<std::size_t>(words * 4 * quads_of(w.stored_out_c));
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    const window& w = op.geometry;
    const variant v = variant_of(op);
    if (v == variant::words) return 16 * static_cast<std::size_t>(patch_words(w));
    return 4 * static_cast<std::size_t>(fixed_words(v, w) + block(v, w) * chunk_plan{w}.state_words());
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    const window& w = op.geometry;
    const std::size_t begin = canonical_layout(op).kernel();
    for (std::size_t i = 0; i < weight_words(op); ++i) packed[i] = i < begin ? canonical[i] : 0u;
    const std::uint32_t* from = canonical + begin;
    std::uint32_t* to = packed + begin;
    const int words = patch_words(w);
    if (variant_of(op) == variant::words) {
      for (int o = 0; o < w.stored_out_c; ++o)
        for (int k = 0; k < words; ++k)
          to[(o / 4 * words + k) * 4 + o % 4] = from[o * words + k] ^ (k % 2 ? from[o * words + k - 1] : 0u);
      return;
    }
    const chunk_plan p{w};
    for (int chunk = 0; chunk < p.chunks; ++chunk)
      for (int o = 0; o < w.stored_out_c; ++o) {
        std::uint32_t word = 0;
        if (p.slots == 1) word = from[o * words + chunk];
        for (int i = 0; p.slots > 1 && i < p.slots && chunk * p.slots + i < w.taps(); ++i)
          word |= from[o * words + chunk * p.slots + i] << (i * w.stored_in_c);
        for (int distance = 1; distance < 32; distance *= 2) word ^= word << distance;
        to[chunk * 4 * quads_of(w.stored_out_c) + o] = word;
      }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::helium

#endif
