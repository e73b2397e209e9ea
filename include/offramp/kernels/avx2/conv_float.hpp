// To be written.
#ifndef OFFRAMP_KERNELS_AVX2_CONV_FLOAT_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_FLOAT_HPP

#include <offramp/kernels/avx2/conv_float_traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
#include <immintrin.h>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<avx2::conv_float> {
  template <op_signature S, class Geometry>
  static void run(Geometry, const arguments&) {}
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
