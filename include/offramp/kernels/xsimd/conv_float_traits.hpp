// Float convolution, ungrouped: weights packed as the portable path does, patches of several positions gathered at
// once.
#ifndef OFFRAMP_KERNELS_XSIMD_CONV_FLOAT_TRAITS_HPP
#define OFFRAMP_KERNELS_XSIMD_CONV_FLOAT_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/portable/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::xsimd {

struct conv_float {
  static constexpr int positions = 6;  // gathered at once, at most

  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && !s.grouped && s.weights == kind::f32 && traits<path::portable>::runs(s) &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) { return portable::packed_words(op); }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    return portable::reads_in_place(op) ? 0 : positions * portable::patch_bytes(op);
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    portable::pack(op, canonical, packed);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::xsimd

#endif
