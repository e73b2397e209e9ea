// The loops of AVX2 with FMA and BMI2.
#ifndef OFFRAMP_KERNELS_AVX2_CODE_HPP
#define OFFRAMP_KERNELS_AVX2_CODE_HPP

#include <offramp/kernels/avx2/conv_bit_rows.hpp>
#include <offramp/kernels/avx2/conv_bits.hpp>
#include <offramp/kernels/avx2/conv_float.hpp>
#include <offramp/kernels/avx2/conv_integer.hpp>
#include <offramp/kernels/avx2/convert_bits.hpp>
#include <offramp/kernels/avx2/depthwise.hpp>
#include <offramp/kernels/avx2/pointwise.hpp>
#include <offramp/kernels/avx2/pointwise_bits.hpp>
#include <offramp/kernels/avx2/pool.hpp>
#include <offramp/kernels/avx2/pool_bit_rows.hpp>
#include <offramp/kernels/avx2/traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::avx2> : traits<path::avx2>::code_of {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
