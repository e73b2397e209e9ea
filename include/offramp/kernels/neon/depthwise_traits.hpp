// Depthwise convolution of bytes times int8, and of floats: every output channel reads one input channel, so channels
// run side by side. The input is copied with its padding where windows reach into it; a tile of positions shares the
// weights of a tap. Packed weights: tap by tap all channels, in whole blocks of 16. Other groups, and channels read by
// several outputs, are the portable path's, in its own layout.
#ifndef OFFRAMP_KERNELS_NEON_DEPTHWISE_TRAITS_HPP
#define OFFRAMP_KERNELS_NEON_DEPTHWISE_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/neon/runs_of_taps.hpp>
#include <offramp/kernels/portable/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::neon {

struct depthwise {
  static constexpr int block_channels = 8;

  // Taps stand apart in the input, so that its rows are not made longer.
  [[gnu::always_inline]] static constexpr bool copies(const window& w) {
    return w.pad_top != 0 || w.pad_left != 0 || (w.out.h - 1) * w.stride_h + w.kernel_h > w.in.h ||
           (w.out.w - 1) * w.stride_w + w.kernel_w > w.in.w || w.in.c % block_channels != 0;
  }
  [[gnu::always_inline]] static constexpr int number_bytes(const op_signature& s) { return bit_width(s.in) / 8; }
  [[gnu::always_inline]] static constexpr int channels(int c) { return ceil_div(c, block_channels) * block_channels; }
  [[gnu::always_inline]] static constexpr int rows(const window& w) {
    return copies(w) ? (w.out.h - 1) * w.stride_h + w.kernel_h : w.in.h;
  }
  [[gnu::always_inline]] static constexpr int columns(const window& w) {
    return copies(w) ? (w.out.w - 1) * w.stride_w + w.kernel_w : w.in.w;
  }
  [[gnu::always_inline]] static constexpr bool by_channel(const kernel_op& op) {
    return portable::by_channel(op) && op.geometry.out.c == op.geometry.groups;
  }

  static constexpr bool runs(const op_signature& s) {
    const bool bytes = (s.in == kind::u8 || s.in == kind::i8) && s.weights == kind::i8;
    return s.what == op_kind::conv && s.grouped && (bytes || (s.in == kind::f32 && s.weights == kind::f32)) &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) { return by_channel(op) ? 0 : 1; }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    if (!by_channel(op)) return portable::packed_words(op);
    const auto numbers = static_cast<std::size_t>(op.geometry.taps() * channels(op.geometry.stored_out_c));
    return packed_begin(op) + numbers * static_cast<std::size_t>(number_bytes(op.signature)) / 4;
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    if (!by_channel(op)) return traits<path::portable>::scratch_bytes(op);
    const window& w = op.geometry;
    if (!copies(w)) return 0;
    const int numbers = rows(w) * columns(w) * channels(w.in.c);
    return static_cast<std::size_t>(numbers * number_bytes(op.signature)) + 16;
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    if (!by_channel(op)) return portable::pack(op, canonical, packed);
    pack_parameters(op, canonical, packed);
    for (std::size_t i = packed_begin(op); i < weight_words(op); ++i) packed[i] = 0;
    const std::uint32_t* from = canonical + canonical_layout(op).kernel();
    std::uint32_t* to = packed + packed_begin(op);
    const window& w = op.geometry;
    for (int o = 0; o < w.stored_out_c; ++o)
      for (int t = 0; t < w.taps(); ++t) {
        const int i = o * w.taps() + t;
        const int at = t * channels(w.stored_out_c) + o;
        if (op.signature.weights == kind::f32)
          to[at] = from[i];
        else
          to[at / 4] |= (from[i / 4] >> (8 * (i % 4)) & 0xffu) << (8 * (at % 4));
      }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon

#endif
