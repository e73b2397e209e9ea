// Output stages that follow no convolution, on AVX-512: packed as on AVX2.
#ifndef OFFRAMP_KERNELS_AVX512_POINTWISE_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_POINTWISE_TRAITS_HPP

#include <offramp/kernels/avx2/pointwise_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct pointwise : avx2::pointwise {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
