// The kernels of AVX-512 F, BW, VL, DQ.
#ifndef OFFRAMP_KERNELS_AVX512_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_TRAITS_HPP

#include <offramp/kernels/avx512/conv_bit_rows_traits.hpp>
#include <offramp/kernels/avx512/conv_bits_traits.hpp>
#include <offramp/kernels/avx512/conv_float_traits.hpp>
#include <offramp/kernels/avx512/conv_integer_traits.hpp>
#include <offramp/kernels/avx512/depthwise_traits.hpp>
#include <offramp/kernels/avx512/pointwise_bits_traits.hpp>
#include <offramp/kernels/avx512/pointwise_traits.hpp>
#include <offramp/kernels/avx512/pool_traits.hpp>
#include <offramp/kernels/kernel_set.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::avx512>
    : kernel_set<avx512::conv_bit_rows, avx512::conv_bits, avx512::conv_integer, avx512::conv_float, avx512::depthwise,
                 avx512::pointwise, avx512::pool, avx512::pointwise_bits> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
