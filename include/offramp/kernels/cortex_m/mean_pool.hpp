// Means of integers, channel by channel: a sum stays in a register over all taps, and no array holds a tile of sums.
// Layers share one body of code; what sets them apart are distances between elements, which it is handed.
#ifndef OFFRAMP_KERNELS_CORTEX_M_MEAN_POOL_HPP
#define OFFRAMP_KERNELS_CORTEX_M_MEAN_POOL_HPP

#include <cstdint>

#include <offramp/kernels/cortex_m/mean_pool_traits.hpp>
#include <offramp/kernels/cortex_m/target.hpp>
#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/path.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace cortex_m {

// Counts and, in elements of the input, distances.
struct pool_steps {
  int out_h, out_w, out_c;
  int in_c;
  int kernel_h, kernel_w;
  int after_tap_row;  // from behind a row of taps to the next one
  int next_column;    // of the output
  int after_row;      // from behind a row of the output to the next one

  constexpr explicit pool_steps(const window& w)
      : out_h{w.out.h}, out_w{w.out.w}, out_c{w.out.c}, in_c{w.in.c}, kernel_h{w.kernel_h}, kernel_w{w.kernel_w},
        after_tap_row{(w.in.w - w.kernel_w) * w.in.c},
        next_column{w.stride_w * w.in.c}, after_row{(w.stride_h * w.in.w - w.out.w * w.stride_w) * w.in.c} {}
};
template <window W>
inline constexpr pool_steps pool_steps_of{W};

template <op_signature S>
OFFRAMP_CORTEX_M void add_up_and_scale(const pool_steps& steps, const arguments& a) {
  const parameters<S> params{a.weights, window{}};
  const std::int32_t begin = -steps.kernel_h * steps.kernel_w * params.in_zero();
  const auto* corner = static_cast<const storage_t<S.in>*>(a.in);
  auto* out = static_cast<storage_t<S.out>*>(a.out);
  for (int rows = steps.out_h; rows > 0; --rows, corner += steps.after_row)
    for (int columns = steps.out_w; columns > 0; --columns, corner += steps.next_column)
      for (int c = 0, from_c = 0; c < steps.out_c; ++c, ++from_c) {
        if (from_c == steps.in_c) from_c = 0;  // channels repeat
        const auto* from = corner + from_c;
        std::int32_t sum = begin;
        for (int ky = steps.kernel_h; ky > 0; --ky, from += steps.after_tap_row)
          for (int kx = steps.kernel_w; kx > 0; --kx, from += steps.in_c) sum += *from;
        *out = finish<S>(params, 0, sum, S.add ? *out : storage_t<S.out>{});
        ++out;
      }
}

}  // namespace cortex_m

template <>
struct code<cortex_m::mean_pool> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static)
      cortex_m::add_up_and_scale<S>(cortex_m::pool_steps_of<Geometry{}()>, a);
    else
      cortex_m::add_up_and_scale<S>(cortex_m::pool_steps{g()}, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
