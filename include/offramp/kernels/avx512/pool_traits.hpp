// Pooling on AVX-512: what AVX2 runs.
#ifndef OFFRAMP_KERNELS_AVX512_POOL_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_POOL_TRAITS_HPP

#include <offramp/kernels/avx2/pool_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct pool : avx2::pool {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
