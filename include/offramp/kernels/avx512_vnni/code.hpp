// The loops of AVX-512 with VNNI.
#ifndef OFFRAMP_KERNELS_AVX512_VNNI_CODE_HPP
#define OFFRAMP_KERNELS_AVX512_VNNI_CODE_HPP

#include <offramp/kernels/avx512_vnni/conv_integer.hpp>
#include <offramp/kernels/avx512_vnni/traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::avx512_vnni> : traits<path::avx512_vnni>::code_of {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
