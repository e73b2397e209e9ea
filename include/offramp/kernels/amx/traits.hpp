// The kernels of AMX-INT8.
#ifndef OFFRAMP_KERNELS_AMX_TRAITS_HPP
#define OFFRAMP_KERNELS_AMX_TRAITS_HPP

#include <offramp/kernels/amx/conv_bits_traits.hpp>
#include <offramp/kernels/amx/conv_integer_traits.hpp>
#include <offramp/kernels/kernel_set.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::amx> : kernel_set<amx::conv_bits, amx::conv_integer> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
