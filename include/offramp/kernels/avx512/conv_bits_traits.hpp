// Bits times bits on AVX-512, channels innermost: columns of output channels where those are many and positions few
// (conv_bits_columns_traits.hpp), AVX2's tables where many positions share them, else a word at a time (word_plan.hpp),
// by cost (conv_bits_costs.hpp). Depthwise convolutions stay with the portable loops. Where planes in rows are faster,
// those are asked for.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BITS_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx512/conv_bits_costs.hpp>
#include <offramp/kernels/avx512/word_plan.hpp>
#include <offramp/kernels/portable/traits.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct conv_bits {
  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && s.in == kind::bits && s.weights == kind::bits && s.in_layout == layout::nhwc &&
           s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op& op) { return prefers_bit_rows(op) ? layout::bit_rows : layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) { return static_cast<int>(choose_conv_bits(op).variant); }
  static constexpr reckoning reckoned(const kernel_op& op) {
    switch (choose_conv_bits(op).variant) {
      case conv_bits_variant::columns: return {columns_cost(op.geometry)};
      case conv_bits_variant::tables: return {avx2::tables_cost(op.geometry)};
      case conv_bits_variant::words: return {words_cost(op.geometry)};
      default: return {};
    }
  }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    switch (choose_conv_bits(op).variant) {
      case conv_bits_variant::portable: return portable::packed_words(op);
      case conv_bits_variant::columns: return conv_bits_columns::weight_words(op);
      case conv_bits_variant::tables: return avx2::conv_bits::weight_words(op);
      default: return word_weight_words(plan_words(op), op);
    }
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    switch (choose_conv_bits(op).variant) {
      case conv_bits_variant::portable: return traits<path::portable>::scratch_bytes(op);
      case conv_bits_variant::columns: return conv_bits_columns::scratch_bytes(op);
      case conv_bits_variant::tables: return avx2::conv_bits::scratch_bytes(op);
      default: return scratch_words(plan_words(op), op.geometry).total;
    }
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    switch (choose_conv_bits(op).variant) {
      case conv_bits_variant::portable: return portable::pack(op, canonical, packed);
      case conv_bits_variant::columns: return conv_bits_columns::pack(op, canonical, packed);
      case conv_bits_variant::tables: return avx2::conv_bits::pack(op, canonical, packed);
      default: break;
    }
    pack_parameters(op, canonical, packed);
    pack_words(op, canonical, packed);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
