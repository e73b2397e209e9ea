// The kernels of AVX-512 with VNNI, VPOPCNTDQ and BITALG.
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_TRAITS_HPP

#include <offramp/kernels/avx512_popcnt/conv_bits_traits.hpp>
#include <offramp/kernels/kernel_set.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::avx512_popcnt> : kernel_set<avx512_popcnt::conv_bits> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
