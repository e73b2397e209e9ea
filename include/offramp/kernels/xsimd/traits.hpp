// The kernels on vectors of xsimd.
#ifndef OFFRAMP_KERNELS_XSIMD_TRAITS_HPP
#define OFFRAMP_KERNELS_XSIMD_TRAITS_HPP

#include <offramp/kernels/kernel_set.hpp>
#include <offramp/kernels/xsimd/conv_float_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::xsimd> : kernel_set<xsimd::conv_float> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
