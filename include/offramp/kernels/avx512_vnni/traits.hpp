// The kernels of AVX-512 with VNNI.
#ifndef OFFRAMP_KERNELS_AVX512_VNNI_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_VNNI_TRAITS_HPP

#include <offramp/kernels/avx512_vnni/conv_integer_traits.hpp>
#include <offramp/kernels/kernel_set.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::avx512_vnni> : kernel_set<avx512_vnni::conv_integer> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
