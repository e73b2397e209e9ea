// To be written.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BIT_ROWS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BIT_ROWS_HPP

#include <offramp/kernels/avx512/conv_bit_rows_traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
#include <immintrin.h>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<avx512::conv_bit_rows> {
  template <op_signature S, class Geometry>
  static void run(Geometry, const arguments&) {}
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
