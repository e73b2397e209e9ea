// The portable path's choices.
#ifndef OFFRAMP_KERNELS_PORTABLE_TRAITS_HPP
#define OFFRAMP_KERNELS_PORTABLE_TRAITS_HPP

#include <offramp/kernels/reference/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::portable> : traits<path::reference> {
  static constexpr bool runs(const op_signature&) { return false; }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
