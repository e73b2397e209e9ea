// To be written.
#ifndef OFFRAMP_KERNELS_AMX_CONV_INTEGER_HPP
#define OFFRAMP_KERNELS_AMX_CONV_INTEGER_HPP

#include <offramp/kernels/amx/conv_integer_traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
#include <immintrin.h>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<amx::conv_integer> {
  template <op_signature S, class Geometry>
  static void run(Geometry, const arguments&) {}
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
