// Float convolution, ungrouped: numbers of any kind times floats. Weights in blocks of two vectors of output channels,
// minimal filtering for windows of 3x3 (float_packing.hpp says when), copied rows where there is padding
// (float_window.hpp).
#ifndef OFFRAMP_KERNELS_AVX2_CONV_FLOAT_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_FLOAT_TRAITS_HPP

#include <offramp/kernels/avx2/float_packing.hpp>
#include <offramp/kernels/avx2/float_window.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// For vectors of `Lanes` floats.
template <int Lanes>
struct conv_float_in_lanes {
  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && !s.grouped && s.weights == kind::f32 &&
           (s.in == kind::f32 || s.in == kind::u8 || s.in == kind::i8 || s.in == kind::i16) &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) { return filters_minimally(op) ? 1 : 0; }
  static constexpr std::size_t weight_words(const kernel_op& op) { return packed_float_words<Lanes>(op); }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    const std::size_t bytes = filters_minimally(op) ? 4 * filter_work<Lanes>{op}.floats() : row_copy_bytes(op);
    return bytes == 0 ? 0 : bytes + 64;  // begins at a cache line
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    pack_floats<Lanes>(op, canonical, packed);
  }
};

struct conv_float : conv_float_in_lanes<8> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
