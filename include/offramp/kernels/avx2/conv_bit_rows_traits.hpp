// Convolutions of signs plane by plane (x86/bit_rows.hpp) in vectors of 256 positions. Without three-input logic an
// adder costs five operations; so the tables do a step more. They hold, for four taps, what the two carries c, d add up
// to: c ^ d and c & d, of 16 and 32 planes, and meeting the plane of twos takes three operations instead of five:
//     twos + c + d = (twos ^ (c ^ d)) + 2 ((c & d) | (twos & (c ^ d))).
#ifndef OFFRAMP_KERNELS_AVX2_CONV_BIT_ROWS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_BIT_ROWS_TRAITS_HPP

#include <offramp/kernels/avx2/conv_bits_costs.hpp>
#include <offramp/kernels/portable/traits.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/x86/bit_rows.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// Four taps: c ^ d, which stays the same if the parity and all weights are complemented, then c & d.
struct quad_codes {
  static constexpr int taps = 4;
  static constexpr unsigned code(int which, unsigned parity, unsigned weights) {
    unsigned n = 0;
    for (int t = 0; t < 4; ++t) n = 2 * n + (weights >> t & 1);
    return which == 1 ? 16 * parity + n : parity != 0 ? 15 - n : n;
  }
  static constexpr unsigned parity(const std::uint8_t* run) { return run[1] / 128u; }
  static constexpr unsigned weights(const std::uint8_t* run) {
    unsigned w = 0;
    for (int t = 0; t < 4; ++t) w |= (run[1] / 8u >> (3 - t) & 1) << t;
    return w;
  }
};
inline constexpr int quad_planes = 16 + 32;

struct conv_bit_rows {
  [[gnu::always_inline]] static constexpr int stride(const window& w) {
    return bit_rows::plane_stride(w, ceil_div(bit_rows::plane_bits(w), 256) * 256);
  }
  // Blocks of a chunk: a table of 24 KiB.
  static constexpr int chunk = 4;

  // Bytes of the parts of working memory, which begins at a cache line.
  [[gnu::always_inline]] static constexpr std::size_t planes_bytes(const window& w) {
    return static_cast<std::size_t>(w.in.c * w.kernel_w) * static_cast<std::size_t>(stride(w));
  }
  [[gnu::always_inline]] static constexpr std::size_t table_bytes(const window& w) {
    return static_cast<std::size_t>(bit_rows::blocks_of(w.depth(), chunk, 0)) * 4 * quad_planes * 32;
  }
  [[gnu::always_inline]] static constexpr std::size_t counts_bytes(const window& w) {
    return static_cast<std::size_t>(w.out.c) * static_cast<std::size_t>(bit_rows::planes_for(w.depth()) - 1) * 32;
  }

  static constexpr bool runs(const op_signature& s) { return bit_rows::is_conv(s); }
  static constexpr layout reads(const kernel_op& op) { return prefers_bit_rows(op) ? layout::bit_rows : layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::bit_rows; }
  static constexpr reckoning reckoned(const kernel_op& op) {
    return bit_rows::reckoned(op.geometry, ceil_div(bit_rows::plane_bits(op.geometry), 256));
  }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    return bit_rows::takes(op.geometry) ? bit_rows::packed(op).end : canonical_layout(op).total();
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    const window& w = op.geometry;
    return bit_rows::takes(w)
               ? planes_bytes(w) + table_bytes(w) + counts_bytes(w) + bit_rows::early_end_bytes(w, chunk) + 64
               : 0;
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* to) {
    bit_rows::pack<quad_codes>(op, stride(op.geometry), chunk, canonical, to);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
