// The loops of NEON with dot products.
#ifndef OFFRAMP_KERNELS_NEON_DOTPROD_CODE_HPP
#define OFFRAMP_KERNELS_NEON_DOTPROD_CODE_HPP

#include <offramp/kernels/neon/code.hpp>
#include <offramp/kernels/neon_dotprod/conv_integer.hpp>
#include <offramp/kernels/neon_dotprod/traits.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::neon_dotprod> : traits<path::neon_dotprod>::code_of {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
