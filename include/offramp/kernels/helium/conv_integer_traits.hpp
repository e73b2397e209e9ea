// Convolutions and dense layers of int8 weights with bytes or signs, and of signs with bytes. Weights of four output
// channels stand side by side, sixteen of each in turn: bytes, or bits (1: -1); before them the sum of each channel's
// weights, which takes the zero point out of its sums.
#ifndef OFFRAMP_KERNELS_HELIUM_CONV_INTEGER_TRAITS_HPP
#define OFFRAMP_KERNELS_HELIUM_CONV_INTEGER_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/helium/byte_windows.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::helium {

// Products of one output, in steps of sixteen; channels in fours.
[[gnu::always_inline]] constexpr int steps_of(const window& w) { return ceil_div(w.taps() * w.stored_in_c, 16); }
[[gnu::always_inline]] constexpr int filled_channels(const window& w) { return ceil_div(w.stored_out_c, 4) * 4; }

// Are windows runs of the input as it is?
[[gnu::always_inline]] constexpr bool reads_in_place(const kernel_op& op) {
  const window& w = op.geometry;
  if (op.signature.in != kind::i8 || w.in.c != w.stored_in_c || !stays_inside(w)) return false;
  const bool whole = w.in.h == w.kernel_h && w.in.w == w.kernel_w;
  return w.taps() * w.in.c % 16 == 0 && (w.taps() == 1 || whole);
}

// Words of four channels' weights.
[[gnu::always_inline]] constexpr int words_of_four(const kernel_op& op) {
  return steps_of(op.geometry) * (op.signature.weights == kind::bits ? 2 : 16);
}

struct conv_integer {
  static constexpr bool runs(const op_signature& s) {
    if (s.what != op_kind::conv || s.grouped || s.in_layout != layout::nhwc || s.out_layout != layout::nhwc)
      return false;
    const bool bytes = s.in == kind::u8 || s.in == kind::i8;
    return (s.weights == kind::i8 && (bytes || s.in == kind::bits)) || (s.weights == kind::bits && bytes);
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    const auto channels = static_cast<std::size_t>(filled_channels(op.geometry));
    return canonical_layout(op).kernel() + channels + channels / 4 * static_cast<std::size_t>(words_of_four(op));
  }
  // Two windows; then room for what copies write behind the end.
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    if (reads_in_place(op)) return 0;
    return 2 * 16 * static_cast<std::size_t>(steps_of(op.geometry)) + slack_bytes;
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    const window& w = op.geometry;
    const std::size_t begin = canonical_layout(op).kernel();
    for (std::size_t i = 0; i < weight_words(op); ++i) packed[i] = i < begin ? canonical[i] : 0u;
    const std::uint32_t* from = canonical + begin;
    std::uint32_t* sums = packed + begin;
    std::uint32_t* to = sums + filled_channels(w);
    const int depth = w.taps() * w.stored_in_c;
    const int tap_words = ceil_div(w.stored_in_c, 32);
    for (int c = 0; c < w.stored_out_c; ++c)
      for (int k = 0; k < depth; ++k) {
        const int place = (c / 4 * steps_of(w) + k / 16) * 4 + c % 4;  // of sixteen weights
        if (op.signature.weights == kind::bits) {
          const std::uint32_t* tap = from + (c * w.taps() + k / w.stored_in_c) * tap_words;
          const std::uint32_t bit = get_bit(tap, k % w.stored_in_c) ? 1 : 0;
          to[place / 2] |= bit << (16 * (place % 2) + k % 16);
          sums[c] += 1u - 2u * bit;
        } else {
          const int i = c * depth + k;
          const std::uint32_t byte = from[i / 4] >> (8 * (i % 4)) & 0xffu;
          to[4 * place + k % 16 / 4] |= byte << (8 * (k % 4));
          sums[c] += (byte ^ 0x80u) - 0x80u;
        }
      }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::helium

#endif
