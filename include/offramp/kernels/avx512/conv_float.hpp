// Float convolution the direct way: register tiles of positions x channels (float_tile.hpp) over runs of neighbouring
// numbers (avx2/float_window.hpp), a block of channels after the other, so that its weights stay in L2. 3x3 windows
// mostly go another way (minimal_filtering.hpp).
#ifndef OFFRAMP_KERNELS_AVX512_CONV_FLOAT_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_FLOAT_HPP

#include <offramp/kernels/avx2/float_packing.hpp>
#include <offramp/kernels/avx2/float_window.hpp>
#include <offramp/kernels/avx512/conv_float_traits.hpp>
#include <offramp/kernels/avx512/float_tile.hpp>
#include <offramp/kernels/avx512/minimal_filtering.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx512 {

// One row of outputs, V vectors of channels from `channel` on.
template <op_signature S, int V>
struct float_row {
  const window& w;       // with longer rows
  const float* x;        // first position of the first window's first row of taps inside the input
  int in_row;            // floats from row to row
  const float* weights;  // of that row of taps
  int width;             // lanes from a row of weights to the next
  int rows;              // of taps inside the input
  void* out;
  int position;  // of the row's first output
  int channel;
  output_lanes16 lanes[V];

  template <int P>
  OFFRAMP_INLINE OFFRAMP_AVX512 void run(int ox) const {
    const int step = w.stride_w * w.in.c;
    const bool gaps = w.stored_in_c != w.in.c;
    const int runs = gaps ? w.kernel_w : 1;
    const int n = gaps ? w.in.c : w.kernel_w * w.in.c;
    float_tile<P, V> tile;
    tile.clear();
    for (int ky = 0; ky < rows; ++ky) {
      const float* from = x + ky * in_row + ox * step;
      const float* weight = weights + ky * w.kernel_w * w.stored_in_c * width;
      for (int kx = 0; kx < runs; ++kx)
        tile.add_run(from + kx * n, step, weight + kx * w.stored_in_c * width, width, n);
    }
    tile.gather_sets();
    // What is added to is read before anything is stored: see load_stream16.
    __m512i added[V][P];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v)
#pragma GCC unroll 16
      for (int p = 0; p < P; ++p) added[v][p] = load_added16<S>(w, out, position + ox + p, channel + 16 * v, here(v));
#pragma GCC unroll 16
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v)
        store_added16<S>(lanes[v], w, out, position + ox + p, channel + 16 * v, here(v),
                         _mm512_castps_si512(tile.sum[0][v][p]), added[v][p]);
  }

 private:
  // Channels of vector v.
  [[nodiscard]] OFFRAMP_INLINE int here(int v) const {
    const int left = w.out.c - channel - 16 * v;
    return left < 16 ? left : 16;
  }
};

template <op_signature S, class Geometry, int V>
OFFRAMP_INLINE OFFRAMP_AVX512 void convolve_block(Geometry g, const arguments& a, const float* x, int in_row,
                                                  int channel) {
  const window w = with_long_rows(g());
  constexpr int columns = [] {
    if constexpr (Geometry::is_static)
      return with_long_rows(Geometry{}()).out.w;
    else
      return 0;
  }();
  const parameters<S> params{a.weights, w};
  const int width = avx2::block_width<16>(w.stored_out_c, channel);
  const auto* weights = reinterpret_cast<const float*>(a.weights + packed_begin({S, g()})) +
                        channel * w.kernel_h * w.kernel_w * w.stored_in_c;
  float_row<S, V> row{w, x, in_row, weights, width, 0, a.out, 0, channel, {}};
#pragma GCC unroll 2
  for (int v = 0; v < V; ++v) {
    const int left = w.out.c - channel - 16 * v;
    row.lanes[v] = load_output_lanes16(params, channel + 16 * v, left < 16 ? left : 16);
  }
  for (int oy = 0; oy < w.out.h; ++oy) {
    const int top = oy * w.stride_h - w.pad_top;
    const int skipped = top < 0 ? -top : 0;
    row.rows = (w.in.h - top < w.kernel_h ? w.in.h - top : w.kernel_h) - skipped;
    row.x = x + (row.rows > 0 ? top + skipped : 0) * in_row;
    row.weights = weights + (row.rows > 0 ? skipped : 0) * w.kernel_w * w.stored_in_c * width;
    row.position = oy * w.out.w;
    over_positions<most_positions<V>, columns>(0, w.out.w, row);
  }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX512 inline void convolve_floats(Geometry g, const arguments& a) {
  const window w = with_long_rows(g());
  const parameters<S> params{a.weights, w};
  const auto* x = static_cast<const float*>(a.in);
  if (avx2::copies_rows({S, w})) {
    float* copy = avx2::cache_line(a.scratch);
    avx2::copy_rows<S.in>(a.in, w, params.in_zero(), copy);
    x = copy;
  }
  const int in_row = avx2::row_positions(w) * w.in.c;
  int channel = 0;
  for (; channel + 16 < w.out.c; channel += 32) convolve_block<S, Geometry, 2>(g, a, x, in_row, channel);
  if (channel < w.out.c) convolve_block<S, Geometry, 1>(g, a, x, in_row, channel);
}

}  // namespace avx512

template <>
struct code<avx512::conv_float> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      if constexpr (avx2::filters_minimally({S, Geometry{}()}))
        avx512::filter_minimally<S>(g, a);
      else
        avx512::convolve_floats<S>(g, a);
    } else if (avx2::filters_minimally({S, g()})) {
      avx512::filter_minimally<S>(g, a);
    } else {
      avx512::convolve_floats<S>(g, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
