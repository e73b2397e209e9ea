// The portable path's loops, chosen by signature.
#ifndef OFFRAMP_KERNELS_PORTABLE_CODE_HPP
#define OFFRAMP_KERNELS_PORTABLE_CODE_HPP

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/conv_bits.hpp>
#include <offramp/kernels/portable/conv_float.hpp>
#include <offramp/kernels/portable/conv_grouped.hpp>
#include <offramp/kernels/portable/conv_integer.hpp>
#include <offramp/kernels/portable/copy.hpp>
#include <offramp/kernels/portable/pointwise.hpp>
#include <offramp/kernels/portable/pool.hpp>
#include <offramp/kernels/portable/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::portable> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    static_assert(traits<path::portable>::runs(S));
    static_assert(S.in_layout == layout::nhwc && S.out_layout == layout::nhwc);
    if constexpr (S.what == op_kind::max_pool)
      portable::max_pool<S>(g, a);
    else if constexpr (S.what == op_kind::avg_pool)
      portable::avg_pool<S>(g, a);
    else if constexpr (S.what == op_kind::mixed_pool)
      portable::mixed_pool<S>(g, a);
    else if constexpr (S.what == op_kind::pointwise)
      portable::pointwise<S>(g, a);
    else if constexpr (S.what == op_kind::copy)
      portable::copy<S>(g, a);
    else if constexpr (S.grouped)
      portable::conv_grouped<S>(g, a);
    else if constexpr (S.weights == kind::f32)
      portable::conv_float<S>(g, a);
    else if constexpr (S.in == kind::bits && S.weights == kind::bits)
      portable::conv_bits<S>(g, a);
    else
      portable::conv_integer<S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
