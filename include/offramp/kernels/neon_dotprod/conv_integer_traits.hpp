// Bytes times int8 or signs with dot products: an instruction adds 4 products to each of 4 output channels. Packing and
// the rest are those of plain NEON (neon/conv_integer_traits.hpp), 4 numbers together.
#ifndef OFFRAMP_KERNELS_NEON_DOTPROD_CONV_INTEGER_TRAITS_HPP
#define OFFRAMP_KERNELS_NEON_DOTPROD_CONV_INTEGER_TRAITS_HPP

#include <offramp/kernels/neon/conv_integer_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::neon_dotprod {

struct conv_integer : neon::byte_convolution<4, 16, 8> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon_dotprod

#endif
