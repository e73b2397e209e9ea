// The kernels of NEON.
#ifndef OFFRAMP_KERNELS_NEON_TRAITS_HPP
#define OFFRAMP_KERNELS_NEON_TRAITS_HPP

#include <offramp/kernels/kernel_set.hpp>
#include <offramp/kernels/neon/conv_bits_traits.hpp>
#include <offramp/kernels/neon/conv_float_traits.hpp>
#include <offramp/kernels/neon/conv_integer_traits.hpp>
#include <offramp/kernels/neon/depthwise_traits.hpp>
#include <offramp/kernels/neon/pointwise_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::neon>
    : kernel_set<neon::conv_bits, neon::conv_integer, neon::conv_float, neon::depthwise, neon::pointwise> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
