// Numbers to numbers of 8 or 16 bits, one by one: which ones.
#ifndef OFFRAMP_KERNELS_CORTEX_M_RESCALE_TRAITS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_RESCALE_TRAITS_HPP

#include <offramp/kernels/cortex_m/mean_pool_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

struct rescale : parameters_alone {
  static constexpr bool runs(const op_signature& s) {
    const bool scaled = (s.out == kind::i8 || s.out == kind::i16) && !s.two_slopes;
    return s.what == op_kind::pointwise && is_short(s.in) && scaled && plain_layouts(s);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
