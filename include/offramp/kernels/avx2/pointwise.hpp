// To be written.
#ifndef OFFRAMP_KERNELS_AVX2_POINTWISE_HPP
#define OFFRAMP_KERNELS_AVX2_POINTWISE_HPP

#include <offramp/kernels/avx2/pointwise_traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
#include <immintrin.h>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<avx2::pointwise> {
  template <op_signature S, class Geometry>
  static void run(Geometry, const arguments&) {}
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
