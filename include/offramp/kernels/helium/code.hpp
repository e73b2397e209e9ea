// The loops of Helium.
#ifndef OFFRAMP_KERNELS_HELIUM_CODE_HPP
#define OFFRAMP_KERNELS_HELIUM_CODE_HPP

#include <offramp/kernels/helium/conv_bits.hpp>
#include <offramp/kernels/helium/conv_integer.hpp>
#include <offramp/kernels/helium/depthwise.hpp>
#include <offramp/kernels/helium/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::helium> : traits<path::helium>::code_of {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
