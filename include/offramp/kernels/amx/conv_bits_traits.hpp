// To be written.
#ifndef OFFRAMP_KERNELS_AMX_CONV_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_AMX_CONV_BITS_TRAITS_HPP

#include <offramp/kernels/portable/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::amx {

struct conv_bits {
  static constexpr bool runs(const op_signature&) { return false; }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) { return canonical_layout(op).total(); }
  static constexpr std::size_t scratch_bytes(const kernel_op&) { return 0; }
  static constexpr void pack(const kernel_op&, const std::uint32_t*, std::uint32_t*) {}
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::amx

#endif
