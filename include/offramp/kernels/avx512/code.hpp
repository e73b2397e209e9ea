// The loops of AVX-512 F, BW, VL, DQ.
#ifndef OFFRAMP_KERNELS_AVX512_CODE_HPP
#define OFFRAMP_KERNELS_AVX512_CODE_HPP

#include <offramp/kernels/avx512/conv_bit_rows.hpp>
#include <offramp/kernels/avx512/conv_bits.hpp>
#include <offramp/kernels/avx512/conv_float.hpp>
#include <offramp/kernels/avx512/conv_integer.hpp>
#include <offramp/kernels/avx512/depthwise.hpp>
#include <offramp/kernels/avx512/pointwise.hpp>
#include <offramp/kernels/avx512/pointwise_bits.hpp>
#include <offramp/kernels/avx512/pool.hpp>
#include <offramp/kernels/avx512/traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::avx512> : traits<path::avx512>::code_of {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
