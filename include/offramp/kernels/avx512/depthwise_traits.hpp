// Depthwise convolution on AVX-512: as on AVX2, in vectors of 16 channels.
#ifndef OFFRAMP_KERNELS_AVX512_DEPTHWISE_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_DEPTHWISE_TRAITS_HPP

#include <offramp/kernels/avx2/depthwise_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct depthwise : avx2::depthwise_in_lanes<16> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
