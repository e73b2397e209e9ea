// Output stages that follow no convolution, from bits, on AVX-512: packed as on AVX2.
#ifndef OFFRAMP_KERNELS_AVX512_POINTWISE_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_POINTWISE_BITS_TRAITS_HPP

#include <offramp/kernels/avx2/pointwise_bits_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct pointwise_bits : avx2::pointwise_bits {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
