// The loops of AVX-512 with VNNI, VPOPCNTDQ and BITALG.
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_CODE_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_CODE_HPP

#include <offramp/kernels/avx512_popcnt/conv_bits.hpp>
#include <offramp/kernels/avx512_popcnt/traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::avx512_popcnt> : traits<path::avx512_popcnt>::code_of {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
