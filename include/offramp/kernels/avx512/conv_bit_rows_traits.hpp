// Convolutions of signs plane by plane (x86/bit_rows.hpp) in vectors of 512 positions, of 256 where those hold the
// rest.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BIT_ROWS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BIT_ROWS_TRAITS_HPP

#include <offramp/kernels/avx512/conv_bits_costs.hpp>
#include <offramp/kernels/portable/traits.hpp>
#include <offramp/kernels/x86/bit_rows.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct conv_bit_rows {
  [[gnu::always_inline]] static constexpr int stride(const window& w) {
    return bit_rows::plane_stride(w, ceil_div(bit_rows::plane_bits(w), 256) * 256);
  }
  // Blocks of a chunk, at most 8: tables of 24 KiB, 16 where all vectors are short.
  [[gnu::always_inline]] static constexpr int chunk(const window& w) { return bit_rows::plane_bits(w) > 256 ? 6 : 8; }

  // Bytes of the parts of working memory, which begins at a cache line.
  [[gnu::always_inline]] static constexpr std::size_t planes_bytes(const window& w) {
    return static_cast<std::size_t>(w.in.c * w.kernel_w) * static_cast<std::size_t>(stride(w));
  }
  [[gnu::always_inline]] static constexpr std::size_t table_bytes(const window& w) {
    return static_cast<std::size_t>(bit_rows::blocks_of(w.depth(), chunk(w), 0)) * bit_rows::block_codes * 8 * 64;
  }
  [[gnu::always_inline]] static constexpr std::size_t counts_bytes(const window& w) {
    return static_cast<std::size_t>(w.out.c) * static_cast<std::size_t>(bit_rows::planes_for(w.depth()) - 1) * 64;
  }

  static constexpr bool runs(const op_signature& s) { return bit_rows::is_conv(s); }
  static constexpr layout reads(const kernel_op& op) { return prefers_bit_rows(op) ? layout::bit_rows : layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::bit_rows; }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    return bit_rows::takes(op.geometry) ? bit_rows::packed(op).end : canonical_layout(op).total();
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    const window& w = op.geometry;
    return bit_rows::takes(w)
               ? planes_bytes(w) + table_bytes(w) + counts_bytes(w) + bit_rows::early_end_bytes(w, chunk(w)) + 64
               : 0;
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* to) {
    bit_rows::pack<bit_rows::pair_codes>(op, stride(op.geometry), chunk(op.geometry), canonical, to);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
