// Floats, or numbers turned into floats, times floats: a block of output channels side by side for several positions,
// so that a weight that is loaded meets all of them. Sums run in the order of the patch, by fused multiply-adds where
// the architecture has them, so the last bits differ from the reference's.
#ifndef OFFRAMP_KERNELS_XSIMD_CONV_FLOAT_HPP
#define OFFRAMP_KERNELS_XSIMD_CONV_FLOAT_HPP

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include <offramp/kernels/portable/output_tile.hpp>
#include <offramp/kernels/portable/patch.hpp>
#include <offramp/kernels/xsimd/conv_float_traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::xsimd {

using floats = ::xsimd::batch<float>;
inline constexpr int lanes = static_cast<int>(floats::size);

// Twelve sums hide the latency of an addition and leave room for what they are made of.
inline constexpr int together = lanes >= 16 ? 2 : lanes >= 4 ? 4 : 1;  // vectors of output channels
inline constexpr int at_once = together == 2 ? 6 : 3;                  // positions
static_assert(at_once <= conv_float::positions && together * lanes <= portable::tile_channels);

// Sums of the columns [0, V * lanes) of a tile for P patches; sums of a position stand tile_channels apart.
template <int V, int P>
[[gnu::always_inline]] inline void multiply_block(const float* const* patch, const float* column, int width, int depth,
                                                  float* sums) {
  floats acc[P][V];
  for (int p = 0; p < P; ++p)
    for (int v = 0; v < V; ++v) acc[p][v] = floats(0.0f);
  for (int k = 0; k < depth; ++k, column += width) {
    floats x[P];
    for (int p = 0; p < P; ++p) x[p] = floats(patch[p][k]);
    for (int v = 0; v < V; ++v) {
      const floats w = floats::load_unaligned(column + v * lanes);
      for (int p = 0; p < P; ++p) acc[p][v] = ::xsimd::fma(x[p], w, acc[p][v]);
    }
  }
  for (int p = 0; p < P; ++p)
    for (int v = 0; v < V; ++v) acc[p][v].store_unaligned(sums + p * portable::tile_channels + v * lanes);
}

// The first n columns of a tile for P patches.
template <int P>
[[gnu::always_inline]] inline void multiply_tile(const float* const* patch, const float* tile, int width, int n,
                                                 int depth, float* sums) {
  int j = 0;
  for (; j + together * lanes <= n; j += together * lanes)
    multiply_block<together, P>(patch, tile + j, width, depth, sums + j);
  for (; j + lanes <= n; j += lanes) multiply_block<1, P>(patch, tile + j, width, depth, sums + j);
  for (; j < n; ++j)
    for (int p = 0; p < P; ++p) {
      float sum = 0;
      for (int k = 0; k < depth; ++k) sum += patch[p][k] * tile[k * width + j];
      sums[p * portable::tile_channels + j] = sum;
    }
}

// All output channels of P neighbouring positions of a row.
template <op_signature S, int P>
[[gnu::always_inline]] inline void convolve_positions(const parameters<S>& params, const kernel_op& op,
                                                      const arguments& a, int oy, int ox) {
  const window& w = op.geometry;
  const int depth = portable::stored_depth(op);
  const auto* kernel = reinterpret_cast<const float*>(a.weights + canonical_layout(op).kernel());
  const std::int32_t zero = S.in == kind::u8 || S.in == kind::i8 ? params.in_zero() : 0;
  const float* patch[P];
  for (int p = 0; p < P; ++p) {
    if (portable::reads_in_place(op)) {
      patch[p] = static_cast<const float*>(a.in) + (oy * w.stride_h * w.in.w + (ox + p) * w.stride_w) * w.in.c;
    } else {
      float* gathered = static_cast<float*>(a.scratch) + p * depth;
      portable::gather_numbers<S.in>(a.in, w, zero, w.stored_in_c, oy, ox + p, gathered);
      patch[p] = gathered;
    }
  }
  for (int first = 0; first < w.out.c; first += portable::tile_channels) {
    float sums[P * portable::tile_channels];
    const int n = portable::tile_width(w.out.c, first);
    multiply_tile<P>(patch, kernel + first * depth, portable::tile_width(w.stored_out_c, first), n, depth, sums);
    for (int p = 0; p < P; ++p)
      portable::store_tile(params, w, a.out, oy * w.out.w + ox + p, first, n, sums + p * portable::tile_channels);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::xsimd

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<xsimd::conv_float> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    const kernel_op op{S, g()};
    const window& w = op.geometry;
    const parameters<S> params{a.weights, w};
    for (int oy = 0; oy < w.out.h; ++oy) {
      int ox = 0;
      for (; ox + xsimd::at_once <= w.out.w; ox += xsimd::at_once)
        xsimd::convolve_positions<S, xsimd::at_once>(params, op, a, oy, ox);
      for (; ox < w.out.w; ++ox) xsimd::convolve_positions<S, 1>(params, op, a, oy, ox);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
