// Floats times floats: a lane belongs to an output channel, and a lane of four numbers of the input meets them all.
// Packed weights: blocks of 16 output channels (the last holds what is left, in eights); in a block the weights of
// number k of a window for all its channels, then those of number k+1. Sums run in the reference's order, but each
// product is rounded with its sum.
#ifndef OFFRAMP_KERNELS_NEON_CONV_FLOAT_TRAITS_HPP
#define OFFRAMP_KERNELS_NEON_CONV_FLOAT_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/neon/runs_of_taps.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::neon {

struct conv_float {
  static constexpr int block_channels = 16;

  [[gnu::always_inline]] static constexpr runs_of_taps plan(const kernel_op& op) {
    return {op.geometry, number::real, 4, true};
  }
  [[gnu::always_inline]] static constexpr int block_width(int stored_out_c, int first) {
    const int left = stored_out_c - first;
    return left >= block_channels ? block_channels : ceil_div(left, 8) * 8;
  }

  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && !s.grouped && s.in == kind::f32 && s.weights == kind::f32 &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    return packed_begin(op) + round_up(static_cast<std::size_t>(op.geometry.stored_out_c), 8) *
                                  static_cast<std::size_t>(plan(op).stored_depth());
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) { return plan(op).copy_bytes(); }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    pack_parameters(op, canonical, packed);
    for (std::size_t i = packed_begin(op); i < weight_words(op); ++i) packed[i] = 0;
    const std::uint32_t* from = canonical + canonical_layout(op).kernel();
    std::uint32_t* to = packed + packed_begin(op);
    const int depth = plan(op).stored_depth();
    const int channels = op.geometry.stored_out_c;
    for (int o = 0; o < channels; ++o) {
      const int first = o / block_channels * block_channels;
      const int width = block_width(channels, first);
      for (int k = 0; k < depth; ++k) to[first * depth + k * width + o - first] = from[o * depth + k];
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon

#endif
