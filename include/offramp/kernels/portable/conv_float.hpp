// Floats, or numbers turned into floats, times floats. Sums run over channels side by side and in four parts, so the
// last bits differ from the reference's order of summation.
#ifndef OFFRAMP_KERNELS_PORTABLE_CONV_FLOAT_HPP
#define OFFRAMP_KERNELS_PORTABLE_CONV_FLOAT_HPP

#include <cstdint>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/lanes.hpp>
#include <offramp/kernels/portable/output_tile.hpp>
#include <offramp/kernels/portable/packing.hpp>
#include <offramp/kernels/portable/patch.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

template <op_signature S, class Geometry>
inline void conv_float(Geometry g, const arguments& a) {
  const window w = g();
  const kernel_op op{S, w};
  const parameters<S> params{a.weights, w};
  const std::uint32_t* kernel = a.weights + canonical_layout(op).kernel();
  auto* gathered = static_cast<float*>(a.scratch);
  const int depth = stored_depth(op);
  const bool in_place = reads_in_place(op);
  const std::int32_t zero = S.in == kind::u8 || S.in == kind::i8 ? params.in_zero() : 0;
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      const float* patch = gathered;
      if (in_place)
        patch = static_cast<const float*>(a.in) + (oy * w.stride_h * w.in.w + ox * w.stride_w) * w.in.c;
      else
        gather_numbers<S.in>(a.in, w, zero, w.stored_in_c, oy, ox, gathered);
      for (int first = 0; first < w.out.c; first += tile_channels) {
        float acc[tile_channels];
        const std::uint32_t* tile = kernel + first * depth;
        const int width = tile_width(w.stored_out_c, first);
        const int n = tile_width(w.out.c, first);
        const int whole = n / lanes * lanes;
        for (int j = 0; j < whole; j += lanes)
          store_lanes(acc + j, multiply_columns<float_lanes>(patch, tile + j, width, depth));
        for (int j = whole; j < n; ++j) acc[j] = multiply_columns<float>(patch, tile + j, width, depth);
        store_tile(params, w, a.out, oy * w.out.w + ox, first, n, acc);
      }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
