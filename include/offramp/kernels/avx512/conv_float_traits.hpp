// Float convolution on AVX-512: as on AVX2, in vectors of 16 channels.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_FLOAT_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_FLOAT_TRAITS_HPP

#include <offramp/kernels/avx2/conv_float_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct conv_float : avx2::conv_float_in_lanes<16> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
