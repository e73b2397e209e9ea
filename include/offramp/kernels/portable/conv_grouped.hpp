// Grouped convolutions: output channels read the channels of their group alone, whose patch is gathered once a position
// and then met with the same rows and tiles as in a plain convolution. A group of one channel (depthwise) goes another
// way (depthwise.hpp).
#ifndef OFFRAMP_KERNELS_PORTABLE_CONV_GROUPED_HPP
#define OFFRAMP_KERNELS_PORTABLE_CONV_GROUPED_HPP

#include <cstdint>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/conv_bits.hpp>
#include <offramp/kernels/portable/conv_integer.hpp>
#include <offramp/kernels/portable/depthwise.hpp>
#include <offramp/kernels/portable/lanes.hpp>
#include <offramp/kernels/portable/output_tile.hpp>
#include <offramp/kernels/portable/packing.hpp>
#include <offramp/kernels/portable/patch.hpp>
#include <offramp/kernels/runs.hpp>
#include <offramp/kernels/stored_bytes.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

// acc[j] for n neighbouring output channels of one group, from channel o; in a tile for those kernels that have tiles.
// `total` is the sum of the patch, for rows of signs.
template <op_signature S>
[[gnu::always_inline]] inline void convolve_group(const kernel_op& op, const void* patch, const std::uint32_t* kernel,
                                                  int o, int n, std::int32_t total, accumulator_t<S>* acc) {
  const int depth = stored_depth(op);
  if constexpr (S.weights == kind::f32 || (S.weights == kind::bits && S.in == kind::bits)) {
    const int channels = tiled_channels(op);
    const int first = o % channels / tile_channels * tile_channels;
    const int width = tile_width(channels, first);
    const std::uint32_t* tile = kernel + (o / channels * channels + first) * depth + o % channels - first;
    if constexpr (S.weights == kind::f32) {
      const auto* x = static_cast<const float*>(patch);
      const int whole = n / lanes * lanes;
      for (int j = 0; j < whole; j += lanes)
        store_lanes(acc + j, multiply_columns<float_lanes>(x, tile + j, width, depth));
      for (int j = whole; j < n; ++j) acc[j] = multiply_columns<float>(x, tile + j, width, depth);
    } else {
      count_tile(static_cast<const std::uint32_t*>(patch), tile, width, depth, n, acc);
      for (int j = 0; j < n; ++j) acc[j] = op.geometry.depth() - 2 * acc[j];
    }
  } else {
    const auto* x = static_cast<const std::int16_t*>(patch);
    if (form_of(op) == form::sign_rows)
      for (int j = 0; j < n; ++j) {
        const std::uint32_t* row = kernel + (o + j) * depth;
        if constexpr (lanes > 1 && S.in != kind::i16)
          acc[j] = total - 2 * sum_lanes_where_set<half_lanes>(x, row, depth);
        else
          acc[j] = total - 2 * sum_where_set(x, row, depth);
      }
    else
      multiply_rows(x, 0, bytes_in(kernel) + o * depth, depth, n, acc);
  }
}

template <op_signature S, class Geometry>
inline void conv_groups(Geometry g, const arguments& a) {
  const window w = g();
  const kernel_op op{S, w};
  const parameters<S> params{a.weights, w};
  const std::uint32_t* kernel = a.weights + canonical_layout(op).kernel();
  const int depth = stored_depth(op);
  const int channels = w.out.c / w.groups;
  const bool signs = form_of(op) == form::sign_rows;
  const std::int32_t zero = S.in == kind::u8 || S.in == kind::i8 ? params.in_zero() : 0;
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      int gathered = -1;
      std::int32_t total = 0;
      for (int first = 0; first < w.out.c; first += tile_channels) {
        accumulator_t<S> acc[tile_channels];
        const int n = tile_width(w.out.c, first);
        fill_run(acc, accumulator_t<S>{0}, n);  // compilers do not see that the runs below fill it
        for (int o = first; o < first + n;) {
          const int group = o / channels;
          const int inside = o - group * channels;
          // To the end of the group, of its tile, and of the output's tile, whichever comes first.
          int run = tile_channels - inside % tile_channels;
          if (run > channels - inside) run = channels - inside;
          if (run > first + n - o) run = first + n - o;
          if (group != gathered) {
            gathered = group;
            if constexpr (S.in == kind::bits && S.weights == kind::bits) {
              gather_group_words(static_cast<const std::uint32_t*>(a.in), w, group * w.group_in_c(), w.group_in_c(), oy,
                                 ox, static_cast<std::uint32_t*>(a.scratch));
            } else if constexpr (S.weights == kind::f32) {
              gather_numbers<S.in, true>(a.in, w, zero, w.stored_group_in_c(), oy, ox, static_cast<float*>(a.scratch),
                                         group);
            } else {
              auto* patch = static_cast<std::int16_t*>(a.scratch);
              const int tap_stride = signs ? 32 * ceil_div(w.stored_group_in_c(), 32) : w.stored_group_in_c();
              gather_numbers<S.in, true>(a.in, w, zero, tap_stride, oy, ox, patch, group);
              total = 0;
              if (signs)
                for (int k = 0; k < 32 * depth; ++k) total += patch[k];
            }
          }
          convolve_group<S>(op, a.scratch, kernel, o, run, total, acc + (o - first));
          o += run;
        }
        store_tile(params, w, a.out, oy * w.out.w + ox, first, n, acc);
      }
    }
}

template <op_signature S, class Geometry>
inline void conv_grouped(Geometry g, const arguments& a) {
  if constexpr (Geometry::is_static) {
    if constexpr (by_channel({S, Geometry{}()}))
      depthwise<S>(g, a);
    else
      conv_groups<S>(g, a);
  } else if (by_channel({S, g()})) {
    depthwise<S>(g, a);
  } else {
    conv_groups<S>(g, a);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
