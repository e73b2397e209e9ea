// The loops of NEON.
#ifndef OFFRAMP_KERNELS_NEON_CODE_HPP
#define OFFRAMP_KERNELS_NEON_CODE_HPP

#include <offramp/kernels/neon/conv_bits.hpp>
#include <offramp/kernels/neon/conv_float.hpp>
#include <offramp/kernels/neon/conv_integer.hpp>
#include <offramp/kernels/neon/cpu.hpp>
#include <offramp/kernels/neon/depthwise.hpp>
#include <offramp/kernels/neon/pointwise.hpp>
#include <offramp/kernels/neon/traits.hpp>
#include <offramp/kernels/neon/vectors.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::neon> : traits<path::neon>::code_of {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
