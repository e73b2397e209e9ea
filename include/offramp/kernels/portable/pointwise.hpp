// Output stages that follow no convolution: batch norm, relu, sign and change of kind, number by number.
#ifndef OFFRAMP_KERNELS_PORTABLE_POINTWISE_HPP
#define OFFRAMP_KERNELS_PORTABLE_POINTWISE_HPP

#include <cstdint>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/output_tile.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

template <op_signature S, class Geometry>
inline void pointwise(Geometry g, const arguments& a) {
  const window w = g();
  const parameters<S> params{a.weights, w};
  const std::int32_t zero = S.in == kind::f32 ? 0 : params.in_zero();
  const int run = S.in == kind::bits ? ceil_div(w.in.c, 32) : w.in.c;  // words or numbers of a position
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      const auto* from = static_cast<const storage_t<S.in>*>(a.in) + (oy * w.stride_h * w.in.w + ox * w.stride_w) * run;
      for (int first = 0; first < w.out.c; first += tile_channels) {
        accumulator_t<S> acc[tile_channels];
        const int n = tile_width(w.out.c, first);
        for (int j = 0; j < n; ++j) {
          const int c = w.out.c == w.in.c ? first + j : (first + j) % w.in.c;
          if constexpr (S.in == kind::bits)
            acc[j] = 1 - 2 * static_cast<std::int32_t>(from[c / 32] >> (c % 32) & 1);
          else
            acc[j] = static_cast<accumulator_t<S>>(from[c]);
        }
        if constexpr (S.in != kind::f32)
          for (int j = 0; j < n; ++j) acc[j] -= zero;
        store_tile(params, w, a.out, oy * w.out.w + ox, first, n, acc);
      }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
