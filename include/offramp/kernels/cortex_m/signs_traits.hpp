// Signs of numbers, by thresholds: which ones.
#ifndef OFFRAMP_KERNELS_CORTEX_M_SIGNS_TRAITS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_SIGNS_TRAITS_HPP

#include <offramp/kernels/cortex_m/mean_pool_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

struct signs : parameters_alone {
  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::pointwise && is_short(s.in) && s.out == kind::bits && plain_layouts(s);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
