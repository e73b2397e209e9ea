// The kernels that dot products add to those of NEON.
#ifndef OFFRAMP_KERNELS_NEON_DOTPROD_TRAITS_HPP
#define OFFRAMP_KERNELS_NEON_DOTPROD_TRAITS_HPP

#include <offramp/kernels/kernel_set.hpp>
#include <offramp/kernels/neon/traits.hpp>
#include <offramp/kernels/neon_dotprod/conv_integer_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::neon_dotprod> : kernel_set<neon_dotprod::conv_integer> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
