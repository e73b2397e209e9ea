// The portable path's loops.
#ifndef OFFRAMP_KERNELS_PORTABLE_CODE_HPP
#define OFFRAMP_KERNELS_PORTABLE_CODE_HPP

#include <offramp/kernels/path.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::portable> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
