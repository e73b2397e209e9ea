// The portable path's choices: canonical NHWC in and out, kernels packed in tiles, one gathered patch of scratch.
#ifndef OFFRAMP_KERNELS_PORTABLE_TRAITS_HPP
#define OFFRAMP_KERNELS_PORTABLE_TRAITS_HPP

#include <offramp/kernels/portable/packing.hpp>
#include <offramp/kernels/portable/patch.hpp>
#include <offramp/kernels/portable/reckoned.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/reference/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::portable> {
  // The rest (convert, floats times integer weights, i32 activations, users' ops) is the reference's.
  static constexpr bool runs(const op_signature& s) {
    switch (s.what) {
      case op_kind::conv:
        if (s.in == kind::i32 || s.weights == kind::none) return false;
        return s.in != kind::f32 || s.weights == kind::f32;
      case op_kind::pointwise:
      case op_kind::avg_pool:
      case op_kind::max_pool:
      case op_kind::mixed_pool:
      case op_kind::copy: return true;
      case op_kind::convert:
      case op_kind::user: break;
    }
    return false;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) { return portable::packed_words(op); }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    return op.signature.what != op_kind::conv || portable::reads_in_place(op) ? 0 : portable::patch_bytes(op);
  }
  static constexpr int variant(const kernel_op& op) { return portable::loops_of(op); }
  static constexpr reckoning reckoned(const kernel_op& op) { return {portable::reckoned(op)}; }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    portable::pack(op, canonical, packed);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
