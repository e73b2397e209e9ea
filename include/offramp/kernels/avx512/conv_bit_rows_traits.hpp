// Convolutions of signs plane by plane (x86/bit_rows.hpp) in vectors of 512 positions, of 256 where those hold the
// rest.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BIT_ROWS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BIT_ROWS_TRAITS_HPP

#include <offramp/kernels/avx512/conv_bits_costs.hpp>
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

  // May even and odd output rows share a table? Windows of three rows at an even row 2k and at 2k + 1 have two rows in
  // common: two thirds of all products are paired there, once for both, the others follow. So a vector holds the even
  // rows, another one the odd ones, there are no more, and a table of all products fits the first cache.
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
  // Tap i of that order (odd: of odd output rows) in the order of weights: channel, row, column.
  static constexpr int pair_tap(const window& w, bool odd, int i) {
    const int shared = 6 * w.stored_in_c;
    if (i >= shared) return (i - shared) / 3 * 9 + (odd ? 6 : 0) + (i - shared) % 3;
    return i / 6 * 9 + (i % 2 + (odd ? 0 : 1)) * 3 + i / 2 % 3;
  }
  // Words of the codes of either, behind all other packed weights.
  [[gnu::always_inline]] static constexpr std::size_t pair_words(const window& w) {
    if (!pairs_rows(w)) return 0;
    return round_up(static_cast<std::size_t>(w.stored_out_c * bit_rows::block_count(bit_rows::stored_depth(w)) *
                                             bit_rows::block_codes / 2),
                    16);
  }

  // Bytes of the parts of working memory, which begins at a cache line.
  [[gnu::always_inline]] static constexpr std::size_t planes_bytes(const window& w) {
    return static_cast<std::size_t>(w.in.c * w.kernel_w) * static_cast<std::size_t>(stride(w));
  }
  [[gnu::always_inline]] static constexpr std::size_t table_bytes(const window& w) {
    const int blocks = shares_rows(w) ? bit_rows::block_count(w.depth()) : bit_rows::blocks_of(w.depth(), chunk(w), 0);
    return static_cast<std::size_t>(blocks) * bit_rows::block_codes * 8 * 64;
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
    if (bit_rows::takes(op.geometry) && pairs_rows(op.geometry)) pack_pairs(op, canonical, to);
  }

 private:
  static constexpr void pack_pairs(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* to) {
    const window& w = op.geometry;
    const std::uint32_t* const kernel = canonical + canonical_layout(op).kernel();
    const int depth = bit_rows::stored_depth(w), bytes = bit_rows::block_count(depth) * bit_rows::block_codes;
    to += bit_rows::packed(op).end;
    for (std::size_t i = 0; i < pair_words(w); ++i) to[i] = 0;
    for (int o = 0; o < 2 * w.stored_out_c; ++o) {
      const bool odd = o >= w.stored_out_c;
      unsigned parity = 0;
      for (int i = 0; 2 * i < depth; ++i) {
        unsigned weights = 0;
        for (int t = 0; t < 2 && 2 * i + t < depth; ++t)
          weights |= bit_rows::tap_weight(kernel, w, o % w.stored_out_c, pair_tap(w, odd, 2 * i + t)) << t;
        const int byte = o * bytes + i;
        to[byte / 4] |= 8 * bit_rows::pair_codes::code(0, parity, weights) << (8 * (byte % 4));
        parity ^= (weights & 1) ^ (weights >> 1);
      }
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
