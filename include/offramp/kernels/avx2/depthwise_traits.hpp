// Convolutions in groups: numbers of 8 bits times int8, and floats. Those of one input channel a group (depthwise) run
// channels side by side as floats, in which sums of at most 512 products of bytes are exact (512 * 255 * 128 < 2^24).
// Channels are cut into strips; as many rows of a strip as a window has stand in scratch as floats, with their padding,
// in a ring, and strips whose rings fit L1 together go through the image side by side. Channels that several outputs
// read are repeated there. Weights become floats too, tap by tap all channels. Other groups are the portable path's
// (portable/conv_grouped.hpp), in its own layout.
#ifndef OFFRAMP_KERNELS_AVX2_DEPTHWISE_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_DEPTHWISE_TRAITS_HPP

#include <offramp/kernels/avx2/float_packing.hpp>
#include <offramp/kernels/avx2/float_window.hpp>
#include <offramp/kernels/portable/traits.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

[[gnu::always_inline]] constexpr bool runs_by_channel(const kernel_op& op) {
  return portable::by_channel(op) && (op.signature.weights == kind::f32 || op.geometry.taps() <= 512);
}

// Outputs that read one channel.
[[gnu::always_inline]] constexpr int channel_repeats(const window& w) { return w.out.c / w.groups; }

// Rows and columns of the ring.
[[gnu::always_inline]] constexpr int ring_rows(const window& w) { return w.kernel_h < w.in.h ? w.kernel_h : w.in.h; }
[[gnu::always_inline]] constexpr int ring_columns(const window& w) { return row_positions(w); }

// Floats of the ring of `channels` channels.
[[gnu::always_inline]] constexpr int ring_floats(const window& w, int channels) {
  return ring_rows(w) * ring_columns(w) * channels;
}
// Channels whose rings share L1, in strips of 16: two of them at least, to read whole pairs of cache lines, and not
// more than `most_strips`.
inline constexpr int most_strips = 16;
[[gnu::always_inline]] constexpr int channels_together(const window& w) {
  const int fit = (1 << 15) / 4 / ring_floats(w, 16);
  const int strips = fit < 2 ? 2 : fit > most_strips ? most_strips : fit;
  const int all = ceil_div(w.out.c, 16);
  return 16 * (strips < all ? strips : all);
}

// Lanes from tap to tap of the weights.
template <int Lanes>
[[gnu::always_inline]] constexpr int channel_row(const window& w) {
  return ceil_div(w.stored_out_c, Lanes) * Lanes;
}

// For vectors of `Lanes` channels.
template <int Lanes>
struct depthwise_in_lanes {
  static constexpr bool runs(const op_signature& s) {
    const bool bytes = (s.in == kind::u8 || s.in == kind::i8) && s.weights == kind::i8;
    return s.what == op_kind::conv && s.grouped && (bytes || (s.in == kind::f32 && s.weights == kind::f32)) &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  // Strips of four vectors, whose bytes leave together.
  static constexpr int quads(const kernel_op& op) {
    const op_signature& s = op.signature;
    const bool joins = Lanes == 16 && s.out == kind::i8 && !s.add && !s.float_accumulator();
    return joins && runs_by_channel(op) ? op.geometry.out.c / 64 : 0;
  }
  static constexpr int form(const kernel_op& op) { return quads(op) > 0 ? 1 : 0; }
  // Multiply-adds, of which a tile of positions has no fewer at a tap than their latency is; tiles; numbers that become
  // floats, in vectors.
  static constexpr reckoning reckoned(const kernel_op& op) {
    if (!runs_by_channel(op)) return traits<path::portable>::reckoned(op);
    const window& w = op.geometry;
    constexpr int latency = 4;
    const std::int64_t vectors = ceil_div(w.out.c, Lanes), fours = quads(op), singles = vectors - 4 * fours;
    std::int64_t rows = 0;  // of taps inside the input
    for (int y = -w.pad_top; y < w.out.h * w.stride_h - w.pad_top; y += w.stride_h) {
      const int begin = y > 0 ? y : 0, end = y + w.kernel_h < w.in.h ? y + w.kernel_h : w.in.h;
      rows += end > begin ? end - begin : 0;
    }
    std::int64_t products = 0, tiles = 0;  // of a tap of a row of outputs
    const auto add_strips = [&](std::int64_t strips, int v, int most_positions) {
      const int n = ceil_div(w.out.w, most_positions);
      for (int i = 0; i < n; ++i) {
        const int products_of_tile = (w.out.w / n + (i < w.out.w % n ? 1 : 0)) * v;
        products += strips * (products_of_tile > latency ? products_of_tile : latency);
      }
      tiles += strips * n;
    };
    add_strips(fours, 4, 6);
    add_strips(singles, 1, Lanes == 16 ? 14 : 6);
    return {.loops = products * rows * w.kernel_w,
            .turns = tiles * w.out.h,
            .moved = vectors * w.in.h * w.in.w,
            .stored = vectors * Lanes * w.out.positions()};
  }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    if (!runs_by_channel(op)) return portable::packed_words(op);
    const window& w = op.geometry;
    return packed_begin(op) + round_up(static_cast<std::size_t>(w.taps() * channel_row<Lanes>(w)), 16);
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    if (!runs_by_channel(op)) return traits<path::portable>::scratch_bytes(op);
    const window& w = op.geometry;
    const int strips = channels_together(w);
    const int quad = Lanes == 16 && w.out.c >= 64 ? 64 : 0;  // a strip of four vectors
    return 64 + 4 * static_cast<std::size_t>(ring_floats(w, strips > quad ? strips : quad));
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    if (!runs_by_channel(op)) return portable::pack(op, canonical, packed);
    const weight_layout l = canonical_layout(op);
    const window& w = op.geometry;
    for (std::size_t i = 0; i < weight_words(op); ++i) packed[i] = i < l.kernel() ? canonical[i] : 0;
    const std::uint32_t* from = canonical + l.kernel();
    std::uint32_t* to = packed + packed_begin(op);
    for (int o = 0; o < w.stored_out_c; ++o)
      for (int t = 0; t < w.taps(); ++t) {
        const int i = o * w.taps() + t;
        std::uint32_t word = op.signature.weights == kind::f32 ? from[i] : 0;
        if (op.signature.weights == kind::i8) {
          const std::uint32_t byte = from[i / 4] >> (8 * (i % 4)) & 0xffu;
          const int value = static_cast<int>(byte ^ 0x80u) - 0x80;
          word = __builtin_bit_cast(std::uint32_t, static_cast<float>(value));
        }
        to[t * channel_row<Lanes>(w) + o] = word;
      }
  }
};

struct depthwise : depthwise_in_lanes<8> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
