// Convolutions of signs plane by plane (x86/bit_rows.hpp) in vectors of 512 positions, of 256 where those hold the
// rest.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BIT_ROWS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BIT_ROWS_TRAITS_HPP

#include <offramp/kernels/avx512/conv_bits_costs.hpp>
#include <offramp/kernels/avx512/pair_weights.hpp>
#include <offramp/kernels/portable/traits.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/x86/bit_rows.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct conv_bit_rows {
  [[gnu::always_inline]] static constexpr int stride(const window& w) {
    return bit_rows::plane_stride(w, ceil_div(bit_rows::plane_bits(w), 256) * 256);
  }
  // Blocks of a chunk, at most 8: tables of 24 KiB, 16 where all vectors are short.
  [[gnu::always_inline]] static constexpr int chunk(const window& w) { return bit_rows::plane_bits(w) > 256 ? 6 : 8; }

  // May even and odd output rows share tables? A vector holds the even rows, another one the odd ones, there are no
  // more, and tables of all products of two rows of the window fit the first cache.
  static constexpr int pair_taps = 144;
  [[gnu::always_inline]] static constexpr bool pairs_rows(const window& w) {
    return w.kernel_h == 3 && w.kernel_w == 3 && w.pad_top == 1 && w.pad_left == 1 && row_bits(w.in.w) == 32 &&
           w.in.h > 16 && w.in.h <= 32 && w.out.h == w.in.h && w.out.w <= w.in.w &&
           bit_rows::stored_depth(w) <= pair_taps;
  }
  // Sums that end early go the other way, whose codes are always there.
  [[gnu::always_inline]] static constexpr bool shares_rows(const window& w) {
    return pairs_rows(w) && !bit_rows::ends_early(w);
  }
  // Words of the weights of either, behind all other packed weights.
  [[gnu::always_inline]] static constexpr std::size_t pair_words(const window& w) {
    return pairs_rows(w) ? pair_weights::total(w) : 0;
  }

  // Bytes of the parts of working memory, which begins at a cache line.
  [[gnu::always_inline]] static constexpr std::size_t planes_bytes(const window& w) {
    return static_cast<std::size_t>(w.in.c * w.kernel_w) * static_cast<std::size_t>(stride(w));
  }
  [[gnu::always_inline]] static constexpr std::size_t table_bytes(const window& w) {
    const int pairs = shares_rows(w) ? 2 * pair_weights::blocks(w) * bit_rows::block_codes + 1  // and one of parities
                                     : bit_rows::blocks_of(w.depth(), chunk(w), 0) * bit_rows::block_codes;
    return static_cast<std::size_t>(pairs) * 8 * 64;
  }
  [[gnu::always_inline]] static constexpr std::size_t counts_bytes(const window& w) {
    return static_cast<std::size_t>(w.out.c) * static_cast<std::size_t>(bit_rows::planes_for(w.depth()) - 1) * 64;
  }

  static constexpr bool runs(const op_signature& s) { return bit_rows::is_conv(s); }
  static constexpr layout reads(const kernel_op& op) { return prefers_bit_rows(op) ? layout::bit_rows : layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::bit_rows; }
  static constexpr int form(const kernel_op& op) {
    return !bit_rows::takes(op.geometry) ? 0 : shares_rows(op.geometry) ? 2 : 1;
  }
  static constexpr reckoning reckoned(const kernel_op& op) {
    return bit_rows::reckoned(op.geometry, ceil_div(bit_rows::plane_bits(op.geometry), 512));
  }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    return bit_rows::takes(op.geometry) ? bit_rows::packed(op).end + pair_words(op.geometry)
                                        : canonical_layout(op).total();
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    const window& w = op.geometry;
    if (!bit_rows::takes(w)) return 0;
    if (shares_rows(w)) return table_bytes(w) + static_cast<std::size_t>(w.out.c * row_plane_words(w.out)) * 4 + 64;
    return planes_bytes(w) + table_bytes(w) + counts_bytes(w) + bit_rows::early_end_bytes(w, chunk(w)) + 64;
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* to) {
    bit_rows::pack<bit_rows::pair_codes>(op, stride(op.geometry), chunk(op.geometry), canonical, to);
    if (bit_rows::takes(op.geometry) && pairs_rows(op.geometry))
      pair_weights::pack(op, canonical, to + bit_rows::packed(op).end);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
