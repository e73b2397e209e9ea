// The loops of AMX-INT8.
#ifndef OFFRAMP_KERNELS_AMX_CODE_HPP
#define OFFRAMP_KERNELS_AMX_CODE_HPP

#include <offramp/kernels/amx/conv_bits.hpp>
#include <offramp/kernels/amx/conv_integer.hpp>
#include <offramp/kernels/amx/traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::amx> : traits<path::amx>::code_of {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
