// Bits times bits on AVX-512: a word at a time (word_plan.hpp). Depthwise convolutions stay with the portable loops.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BITS_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx512/word_plan.hpp>
#include <offramp/kernels/portable/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

// The kernel begins with the next multiple of 16 words, a line of the cache where ops begin with one.
constexpr std::size_t kernel_begin(const kernel_op& op) { return (canonical_layout(op).kernel() + 15) / 16 * 16; }

struct conv_bits {
  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && s.in == kind::bits && s.weights == kind::bits && s.in_layout == layout::nhwc &&
           s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    if (portable::by_channel(op)) return portable::packed_words(op);
    return kernel_begin(op) + word_kernel_words(plan_words(op));
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    if (portable::by_channel(op)) return traits<path::portable>::scratch_bytes(op);
    return scratch_words(plan_words(op), op.geometry).total;
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    if (portable::by_channel(op)) return portable::pack(op, canonical, packed);
    const std::size_t parameters = canonical_layout(op).kernel();
    for (std::size_t i = 0; i < kernel_begin(op); ++i) packed[i] = i < parameters ? canonical[i] : 0;
    pack_words(plan_words(op), canonical + parameters, packed + kernel_begin(op));
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
