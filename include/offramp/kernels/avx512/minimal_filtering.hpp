// 3x3 windows in fewer products: F(2x2, 3x3) of Lavin and Gray (2016, "Fast algorithms for convolutional neural
// networks", section 4.1). Tiles of 2x2 outputs read 4x4 inputs d; Y = A'[(G g G') * (B' d B)]A, the inner product per
// place summed over channels as a matrix product in register tiles (float_tile.hpp). The weights' part, G g G', was
// done when they were packed (avx2/float_packing.hpp, which also cuts the work into pieces that stay in L2).
#ifndef OFFRAMP_KERNELS_AVX512_MINIMAL_FILTERING_HPP
#define OFFRAMP_KERNELS_AVX512_MINIMAL_FILTERING_HPP

#include <offramp/kernels/avx2/float_packing.hpp>
#include <offramp/kernels/avx2/float_window.hpp>
#include <offramp/kernels/avx512/float_tile.hpp>
#include <offramp/kernels/avx512/output.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

// Four numbers d: (d0 - d2, d1 + d2, d2 - d1, d1 - d3).
OFFRAMP_INLINE OFFRAMP_AVX512 void expand_inputs(__m512& d0, __m512& d1, __m512& d2, __m512& d3) {
  const __m512 t0 = _mm512_sub_ps(d0, d2);
  const __m512 t1 = _mm512_add_ps(d1, d2);
  const __m512 t2 = _mm512_sub_ps(d2, d1);
  d3 = _mm512_sub_ps(d1, d3);
  d0 = t0;
  d1 = t1;
  d2 = t2;
}

// One tile of inputs, all channels, to its 16 places, `place` floats apart. `top`, `left`: its corner, maybe outside.
template <bool Inside>
OFFRAMP_INLINE OFFRAMP_AVX512 void transform_tile(const float* in, const window& w, int top, int left, float* to,
                                                  int place) {
  const float* from[4][4];
  __mmask16 within[4][4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const int y = top + i;
      const int x = left + j;
      const bool inside = Inside || (y >= 0 && y < w.in.h && x >= 0 && x < w.in.w);
      from[i][j] = in + (inside ? (y * w.in.w + x) * w.in.c : 0);
      within[i][j] = inside ? 0xffff : 0;
    }
  for (int c = 0; c < w.in.c; c += 16) {
    const int left_over = w.in.c - c;
    const __mmask16 lanes = first_lanes16(left_over < 16 ? left_over : 16);
    __m512 d[4][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        if (Inside && w.in.c % 16 == 0)
          d[i][j] = _mm512_loadu_ps(from[i][j] + c);
        else
          d[i][j] = _mm512_maskz_loadu_ps(lanes & within[i][j], from[i][j] + c);
      }
      expand_inputs(d[0][j], d[1][j], d[2][j], d[3][j]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      expand_inputs(d[i][0], d[i][1], d[i][2], d[i][3]);
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) _mm512_store_ps(to + (4 * i + j) * place + c, d[i][j]);
    }
  }
}

// The products of some tiles with one block of channels, place by place, and what becomes of them.
template <op_signature S, int V>
struct filter_block {
  const window& w;
  const float* x;        // transformed inputs of the tiles from `begin` on, one place
  const float* weights;  // of that place
  float* products;       // of that place
  int begin;
  int row;  // floats from tile to tile
  int width;
  bool streams;  // do weights come from beyond L2?
  void* out;
  int channel;
  output_lanes16 lanes[V];

  // At one place. Weights that come from afar are fetched while the place before is worked on, by its first tiles.
  template <int P>
  OFFRAMP_INLINE OFFRAMP_AVX512 void run(int first) const {
    const int n = w.in.c;
    const int lines = (first - begin) / P * n;
    const bool fetches = streams && lines * 16 < n * width;
    float_tile<P, V> tile;
    tile.clear();
    tile.add_run(x + (first - begin) * row, row, weights, width, n,
                 fetches ? weights + w.stored_in_c * width + lines * 16 : nullptr);
    tile.gather_sets();
#pragma GCC unroll 16
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) _mm512_store_ps(products + ((first - begin + p) * V + v) * 16, tile.sum[0][v][p]);
  }

  // All places are done: `m` is the first one, others are `apart` floats away.
  OFFRAMP_INLINE OFFRAMP_AVX512 void finish(const float* m, int apart, int end) const {
    const int across = ceil_div(w.out.w, 2);
    int y = begin / across * 2;
    int x0 = begin % across * 2;
    for (int t = begin; t < end; ++t, m += V * 16) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) finish_tile(m + v * 16, apart, y, x0, channel + 16 * v, lanes[v]);
      x0 += 2;
      if (x0 >= w.out.w) x0 = 0, y += 2;
    }
  }

  // A' m A with A' = (1 1 1 0; 0 1 -1 -1), and the four outputs, those of them that exist.
  OFFRAMP_INLINE OFFRAMP_AVX512 void finish_tile(const float* m, int apart, int y, int x0, int first,
                                                 const output_lanes16& to) const {
    __m512 upper[4];
    __m512 lower[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const __m512 m1 = _mm512_load_ps(m + (4 + j) * apart);
      const __m512 m2 = _mm512_load_ps(m + (8 + j) * apart);
      upper[j] = _mm512_add_ps(_mm512_load_ps(m + j * apart), _mm512_add_ps(m1, m2));
      lower[j] = _mm512_sub_ps(_mm512_sub_ps(m1, m2), _mm512_load_ps(m + (12 + j) * apart));
    }
    const int left = w.out.c - first;
    const int n = left < 16 ? left : 16;
    const int p = y * w.out.w + x0;
    const bool right = x0 + 1 < w.out.w, below = y + 1 < w.out.h;
    // What is added to is read before its neighbours are stored: see load_stream16.
    const auto there = [&](int at, bool is) OFFRAMP_AVX512 {
      return S.add && is ? load_added16<S>(w, out, at, first, n) : _mm512_setzero_si512();
    };
    const auto put = [&](int at, __m512 sum, __m512i added) OFFRAMP_AVX512 {
      store_added16<S>(to, w, out, at, first, n, _mm512_castps_si512(sum), added);
    };
    const __m512i added[] = {there(p, true), there(p + 1, right), there(p + w.out.w, below),
                             there(p + w.out.w + 1, right && below)};
    put(p, left_sum(upper), added[0]);
    if (right) put(p + 1, right_sum(upper), added[1]);
    if (!below) return;
    put(p + w.out.w, left_sum(lower), added[2]);
    if (right) put(p + w.out.w + 1, right_sum(lower), added[3]);
  }
  static OFFRAMP_INLINE OFFRAMP_AVX512 __m512 left_sum(const __m512 (&s)[4]) {
    return _mm512_add_ps(s[0], _mm512_add_ps(s[1], s[2]));
  }
  static OFFRAMP_INLINE OFFRAMP_AVX512 __m512 right_sum(const __m512 (&s)[4]) {
    return _mm512_sub_ps(_mm512_sub_ps(s[1], s[2]), s[3]);
  }
};

template <op_signature S, class Geometry, int V>
OFFRAMP_INLINE OFFRAMP_AVX512 void filter_channels(Geometry g, const arguments& a, const avx2::filter_work<16>& work,
                                                   float* transformed, int begin, int end, int channel) {
  const window w = g();
  constexpr int tiles = [] {
    if constexpr (Geometry::is_static)
      return avx2::filter_tiles(Geometry{}());
    else
      return 0;
  }();
  const parameters<S> params{a.weights, w};
  const auto* weights =
      reinterpret_cast<const float*>(a.weights + packed_begin({S, w})) + channel * avx2::filter_places * w.stored_in_c;
  const int width = avx2::block_width<16>(w.stored_out_c, channel);
  float* products = transformed + avx2::filter_places * work.place;
  const int apart = work.tiles * V * 16;
  filter_block<S, V> block{w, transformed, weights, products, begin, work.row, width, work.streams, a.out, channel, {}};
#pragma GCC unroll 2
  for (int v = 0; v < V; ++v) {
    const int left = w.out.c - channel - 16 * v;
    block.lanes[v] = load_output_lanes16(params, channel + 16 * v, left < 16 ? left : 16);
  }
  for (int t = 0; t < avx2::filter_places; ++t) {
    over_positions<avx2::filter_work<16>::most_positions, tiles>(begin, end, block);
    block.x += work.place;
    block.weights += w.stored_in_c * width;
    block.products += apart;
  }
  block.finish(products, apart, end);
}

template <op_signature S, class Geometry>
OFFRAMP_AVX512 inline void filter_minimally(Geometry g, const arguments& a) {
  const window w = g();
  const avx2::filter_work<16> work = avx2::filter_work_of<S, 16>(g);
  const auto* in = static_cast<const float*>(a.in);
  float* transformed = avx2::cache_line(a.scratch);
  const int across = ceil_div(w.out.w, 2);
  for (int b = 0; b < work.blocks; b += work.blocks_together) {
    const int end_b = b + work.blocks_together < work.blocks ? b + work.blocks_together : work.blocks;
    const int begin = avx2::tile_begin(avx2::filter_tiles(w), work.most_positions, b);
    const int end = avx2::tile_begin(avx2::filter_tiles(w), work.most_positions, end_b);
    for (int t = begin; t < end; ++t) {
      const int top = t / across * 2 - w.pad_top;
      const int left = t % across * 2 - w.pad_left;
      float* to = transformed + (t - begin) * work.row;
      if (top >= 0 && left >= 0 && top + 4 <= w.in.h && left + 4 <= w.in.w)
        transform_tile<true>(in, w, top, left, to, work.place);
      else
        transform_tile<false>(in, w, top, left, to, work.place);
    }
    int channel = 0;
    for (; channel + 16 < w.out.c; channel += 32)
      filter_channels<S, Geometry, 2>(g, a, work, transformed, begin, end, channel);
    if (channel < w.out.c) filter_channels<S, Geometry, 1>(g, a, work, transformed, begin, end, channel);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512
#endif

#endif
