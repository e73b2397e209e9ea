// The reference path: canonical layouts and weights, no scratch but what a user's op wants.
#ifndef OFFRAMP_KERNELS_REFERENCE_TRAITS_HPP
#define OFFRAMP_KERNELS_REFERENCE_TRAITS_HPP

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::reference> {
  static constexpr bool runs(const op_signature&) { return true; }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  // Only `convert` has a choice of output layout.
  static constexpr bool writes(const kernel_op& op, layout l) {
    return op.signature.what == op_kind::convert || l == layout::nhwc;
  }
  static constexpr std::size_t weight_words(const kernel_op& op) { return canonical_layout(op).total(); }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    return op.signature.what == op_kind::user ? op.signature.user->scratch_bytes(op.geometry.in) : 0;
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    const std::size_t n = weight_words(op);
    for (std::size_t i = 0; i < n; ++i) packed[i] = canonical[i];
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
