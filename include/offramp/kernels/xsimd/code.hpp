// The loops on vectors of xsimd.
#ifndef OFFRAMP_KERNELS_XSIMD_CODE_HPP
#define OFFRAMP_KERNELS_XSIMD_CODE_HPP

#include <offramp/kernels/xsimd/conv_float.hpp>
#include <offramp/kernels/xsimd/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::xsimd> : traits<path::xsimd>::code_of {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
