// Signs times signs: dot = n - 2 * popcount(a xor b) (Courbariaux et al. 2016, arXiv:1602.02830), with the vector's own
// count of bits in bytes. A 32-bit lane belongs to an output channel, for which a word of the input is repeated in all
// lanes: sums need no gathering of lanes but that of four bytes, and 3 instructions do 128 products.
//
// Packed weights: blocks of 32 output channels (the last holds what is left, in eights); in a block word k of all its
// channels, then word k+1. Counts of a whole window have 16 bits; wider windows are left to the portable loops.
#ifndef OFFRAMP_KERNELS_NEON_CONV_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_NEON_CONV_BITS_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/neon/runs_of_taps.hpp>
#include <offramp/kernels/portable/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::neon {

struct conv_bits {
  static constexpr int block_channels = 32;

  [[gnu::always_inline]] static constexpr runs_of_taps plan(const kernel_op& op) {
    return {op.geometry, number::sign, 4, true};
  }
  // Columns of the block that begins with channel `first`.
  [[gnu::always_inline]] static constexpr int block_width(int stored_out_c, int first) {
    const int left = stored_out_c - first;
    return left >= block_channels ? block_channels : ceil_div(left, 8) * 8;
  }
  [[gnu::always_inline]] static constexpr bool fits(const kernel_op& op) {
    return std::int64_t{op.geometry.taps()} * op.geometry.stored_in_c < 65535;
  }
  // Thresholds as counts.
  [[gnu::always_inline]] static constexpr std::size_t threshold_bytes(const kernel_op& op) {
    return op.signature.out == kind::bits ? 2 * round_up(static_cast<std::size_t>(op.geometry.out.c), 32) : 0;
  }

  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && !s.grouped && s.in == kind::bits && s.weights == kind::bits &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) { return fits(op) ? 0 : 1; }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    if (!fits(op)) return traits<path::portable>::weight_words(op);
    return packed_begin(op) + round_up(static_cast<std::size_t>(op.geometry.stored_out_c), 8) *
                                  static_cast<std::size_t>(plan(op).stored_depth());
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    return fits(op) ? threshold_bytes(op) + plan(op).copy_bytes() : traits<path::portable>::scratch_bytes(op);
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    if (!fits(op)) return traits<path::portable>::pack(op, canonical, packed);
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
