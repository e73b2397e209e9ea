// The kernels of AVX2 with FMA and BMI2.
#ifndef OFFRAMP_KERNELS_AVX2_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_TRAITS_HPP

#include <offramp/kernels/avx2/conv_bit_rows_traits.hpp>
#include <offramp/kernels/avx2/conv_bits_traits.hpp>
#include <offramp/kernels/avx2/conv_float_traits.hpp>
#include <offramp/kernels/avx2/conv_integer_traits.hpp>
#include <offramp/kernels/avx2/convert_bits_traits.hpp>
#include <offramp/kernels/avx2/depthwise_traits.hpp>
#include <offramp/kernels/avx2/pointwise_bits_traits.hpp>
#include <offramp/kernels/avx2/pointwise_traits.hpp>
#include <offramp/kernels/avx2/pool_bit_rows_traits.hpp>
#include <offramp/kernels/avx2/pool_traits.hpp>
#include <offramp/kernels/kernel_set.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::avx2>
    : kernel_set<avx2::conv_bit_rows, avx2::convert_bits, avx2::conv_bits, avx2::conv_integer, avx2::conv_float,
                 avx2::depthwise, avx2::pointwise, avx2::pool_bit_rows, avx2::pool, avx2::pointwise_bits> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
