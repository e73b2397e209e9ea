// Bytes, or signs made bytes, times int8 or signs. Unsigned bytes count 128 lower, with their zero point: sum((x -
// zero) w) = sum(x w) - zero sum(w), and the sums of weights, packed beside them, are where accumulators begin. Signs
// are bytes +1 and -1 in the packed weights.
//
// A vector of NEON takes 16 neighbouring products of one output channel (smull, smlal, then sadalp into 32 bits: two
// products of bytes fit 16 bits but for twice -128 * -128, and weights are within +-127); one of dot products takes 4
// products of 4 channels. Packed weights, `Together` numbers at a time: blocks of `Block` output channels (the last
// holds what is left, in `Least`), in a block [kernel_h][run][step][channel][number].
#ifndef OFFRAMP_KERNELS_NEON_CONV_INTEGER_TRAITS_HPP
#define OFFRAMP_KERNELS_NEON_CONV_INTEGER_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/neon/runs_of_taps.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::neon {

template <int Together, int Block, int Least>
struct byte_convolution {
  static constexpr int together = Together;
  static constexpr int block_channels = Block;

  [[gnu::always_inline]] static constexpr runs_of_taps plan(const kernel_op& op) {
    return {op.geometry, number::byte, Together, op.signature.in == kind::i8};
  }
  // Channels of the block that begins with channel `first`.
  [[gnu::always_inline]] static constexpr int block_width(int stored_out_c, int first) {
    const int left = stored_out_c - first;
    return left >= Block ? Block : ceil_div(left, Least) * Least;
  }
  [[gnu::always_inline]] static constexpr std::size_t padded_channels(int channels) {
    return round_up(static_cast<std::size_t>(channels), Block);
  }
  // Sums of weights, one word a stored channel, and behind them the weights: words from the op's beginning.
  [[gnu::always_inline]] static constexpr std::size_t sums_begin(const kernel_op& op) { return packed_begin(op); }
  [[gnu::always_inline]] static constexpr std::size_t weights_begin(const kernel_op& op) {
    return packed_begin(op) + padded_channels(op.geometry.stored_out_c);
  }
  // Where accumulators of active channels begin, in scratch; behind them a mask of the numbers of active channels,
  // if not all are, then the copied input.
  [[gnu::always_inline]] static constexpr std::size_t base_bytes(const kernel_op& op) {
    return 4 * padded_channels(op.geometry.out.c);
  }
  [[gnu::always_inline]] static constexpr std::size_t mask_bytes(const kernel_op& op) {
    const runs_of_taps r = plan(op);
    return r.narrow ? round_up(static_cast<std::size_t>(r.w.kernel_w * r.position) + 16, 16) : 0;
  }

  static constexpr bool runs(const op_signature& s) {
    const bool bytes = s.in == kind::u8 || s.in == kind::i8;
    const bool mixed =
        (bytes && (s.weights == kind::i8 || s.weights == kind::bits)) || (s.in == kind::bits && s.weights == kind::i8);
    return s.what == op_kind::conv && !s.grouped && mixed && s.in_layout == layout::nhwc &&
           s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    return weights_begin(op) + round_up(static_cast<std::size_t>(op.geometry.stored_out_c), Least) *
                                   static_cast<std::size_t>(plan(op).stored_depth());
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    return base_bytes(op) + mask_bytes(op) + plan(op).copy_bytes();
  }

  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    pack_parameters(op, canonical, packed);
    for (std::size_t i = packed_begin(op); i < weight_words(op); ++i) packed[i] = 0;
    const std::uint32_t* from = canonical + canonical_layout(op).kernel();
    std::uint32_t* sums = packed + sums_begin(op);
    std::uint32_t* to = packed + weights_begin(op);
    const window& w = op.geometry;
    // Of merged rows of taps a run is all of them; runs of single taps fill whole steps, so that they lie as in a row.
    const window merged = plan(op).w;
    const int row = merged.kernel_w * w.stored_in_c;
    const int row_steps = ceil_div(row, Together);
    const int all_steps = merged.kernel_h * row_steps;
    const int sign_words = ceil_div(w.stored_in_c, 32);
    for (int o = 0; o < w.stored_out_c; ++o) {
      const int first = o / Block * Block;
      const int width = block_width(w.stored_out_c, first);
      std::int32_t sum = 0;
      for (int i = 0; i < w.taps() * w.stored_in_c; ++i) {
        const int in_kernel = o * w.taps() * w.stored_in_c + i;
        std::uint32_t byte = 0;
        if (op.signature.weights == kind::bits)
          byte = get_bit(from + (o * w.taps() + i / w.stored_in_c) * sign_words, i % w.stored_in_c) ? 0xffu : 0x01u;
        else
          byte = from[in_kernel / 4] >> (8 * (in_kernel % 4)) & 0xffu;
        sum += static_cast<std::int32_t>(byte ^ 0x80u) - 0x80;
        const int step = i / row * row_steps + i % row / Together;
        const int at = (first * all_steps + step * width + o - first) * Together + i % row % Together;
        to[at / 4] |= byte << (8 * (at % 4));
      }
      sums[o] = static_cast<std::uint32_t>(sum);
    }
  }
};

struct conv_integer : byte_convolution<16, 8, 8> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon

#endif
