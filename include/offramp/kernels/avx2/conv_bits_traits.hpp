// Signs times signs on AVX2, channels innermost. Two variants, chosen by cost (conv_bits_costs.hpp): sums looked up in
// tables (conv_bits_tables_traits.hpp), which many positions share, and words (conv_bits_words_traits.hpp) for few
// positions or few output channels. Groups that begin within a word are left to the portable loops.
#ifndef OFFRAMP_KERNELS_AVX2_CONV_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_BITS_TRAITS_HPP

#include <offramp/kernels/avx2/conv_bits_costs.hpp>
#include <offramp/kernels/avx2/conv_bits_tables_traits.hpp>
#include <offramp/kernels/avx2/conv_bits_words_traits.hpp>
#include <offramp/kernels/portable/traits.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/x86/short_scales.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

struct conv_bits {
  enum class variant : std::uint8_t { tables, words, portable };

  // Counts of tables have 16 bits; their outputs of a group begin at a word.
  static constexpr bool fits_tables(const kernel_op& op) {
    const window& w = op.geometry;
    if (std::int64_t{w.taps()} * w.group_in_c() >= 65535) return false;
    if (w.groups == 1) return true;
    return w.group_in_c() % 32 == 0 && (op.signature.out != kind::bits || w.out.c / w.groups % 32 == 0);
  }
  // Words have no inactive channels within them; their outputs of a group begin at a byte.
  static constexpr bool fits_words(const kernel_op& op) {
    const window& w = op.geometry;
    if (w.stored_group_in_c() != w.group_in_c()) return false;
    if (w.groups == 1) return true;
    return w.group_in_c() % 32 == 0 && (op.signature.out != kind::bits || w.out.c / w.groups % 8 == 0);
  }
  static constexpr variant variant_of(const kernel_op& op) {
    const bool words = fits_words(op);
    if (fits_tables(op))
      return words && words_cost(op.geometry) < tables_cost(op.geometry) ? variant::words : variant::tables;
    return words ? variant::words : variant::portable;
  }

  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && s.in == kind::bits && s.weights == kind::bits && s.in_layout == layout::nhwc &&
           s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op& op) { return prefers_bit_rows(op) ? layout::bit_rows : layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) { return static_cast<int>(variant_of(op)); }
  static constexpr reckoning reckoned(const kernel_op& op) {
    switch (variant_of(op)) {
      case variant::tables: return {tables_cost(op.geometry)};
      case variant::words: return {words_cost(op.geometry)};
      default: return {};
    }
  }
  // Of the variants' own; scales of 16-bit streams follow.
  static constexpr std::size_t kernel_words(const kernel_op& op) {
    return variant_of(op) == variant::tables ? conv_bits_tables::kernel_words(op.geometry)
                                             : conv_bits_words::kernel_words(op.geometry);
  }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    if (variant_of(op) == variant::portable) return traits<path::portable>::weight_words(op);
    return packed_begin(op) + kernel_words(op) + short_scales::words(op);
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    switch (variant_of(op)) {
      case variant::tables: return conv_bits_tables::scratch_bytes(op.geometry);
      case variant::words: return conv_bits_words::scratch_bytes(op.geometry);
      default: return traits<path::portable>::scratch_bytes(op);
    }
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    const variant v = variant_of(op);
    if (v == variant::portable) {
      traits<path::portable>::pack(op, canonical, packed);
      return;
    }
    pack_parameters(op, canonical, packed);
    const std::uint32_t* from = canonical + canonical_layout(op).kernel();
    std::uint32_t* to = packed + packed_begin(op);
    if (v == variant::tables)
      conv_bits_tables::pack(op.geometry, from, to);
    else
      conv_bits_words::pack(op.geometry, from, to);
    short_scales::pack(op, short_scales::spare_bits(op), canonical, to + kernel_words(op));
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
