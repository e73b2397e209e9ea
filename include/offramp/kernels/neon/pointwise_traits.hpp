// Output stages that follow no convolution: numbers become accumulators, up to 32 channels of a position at a time, and
// go through the output stage. Weights are canonical, with room behind them to read parameters in whole vectors.
#ifndef OFFRAMP_KERNELS_NEON_POINTWISE_TRAITS_HPP
#define OFFRAMP_KERNELS_NEON_POINTWISE_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::neon {

struct pointwise {
  static constexpr bool runs(const op_signature& s) {
    const bool reads = s.in == kind::u8 || s.in == kind::i8 || s.in == kind::i16 || s.in == kind::f32;
    return s.what == op_kind::pointwise && reads && s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) { return canonical_layout(op).total() + 32; }
  static constexpr std::size_t scratch_bytes(const kernel_op&) { return 0; }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    const std::size_t words = canonical_layout(op).total();
    for (std::size_t i = 0; i < weight_words(op); ++i) packed[i] = i < words ? canonical[i] : 0;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon

#endif
