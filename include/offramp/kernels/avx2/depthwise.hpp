// Depthwise convolution, as on AVX-512 (kernels/avx512/depthwise.hpp), in vectors of 8 channels, two of them to a
// strip.
#ifndef OFFRAMP_KERNELS_AVX2_DEPTHWISE_HPP
#define OFFRAMP_KERNELS_AVX2_DEPTHWISE_HPP

#include <offramp/kernels/avx2/depthwise_traits.hpp>
#include <offramp/kernels/avx2/float_tile.hpp>
#include <offramp/kernels/avx2/numbers.hpp>
#include <offramp/kernels/avx2/output.hpp>
#include <offramp/kernels/portable/conv_grouped.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx2 {

// A strip of V vectors of output channels from `channel` on, the last of n channels.
template <op_signature S, class Geometry, int V>
struct channel_strip {
  static constexpr int step = 8 * V;  // floats from column to column of the ring
  static constexpr int static_columns = [] {
    if constexpr (Geometry::is_static)
      return Geometry{}().out.w;
    else
      return 0;
  }();

  Geometry g;
  const arguments& a;
  float* ring;
  int channel;
  int n;

  // From strip to strip: of the channels before `end`, rings lie `apart` floats from each other.
  OFFRAMP_INLINE void begin(float* first_ring, int first_channel, int end) {
    ring = first_ring;
    channel = first_channel;
    n = end - channel - 8 * (V - 1) < 8 ? end - channel - 8 * (V - 1) : 8;
  }
  OFFRAMP_INLINE void next(int apart, int end) { begin(ring + apart, channel + 8 * V, end); }

  OFFRAMP_INLINE OFFRAMP_AVX2 void clear_padding() const {
    const window w = g();
    for (int i = 0; i < ring_rows(w); ++i) {
      float* row = ring + i * ring_columns(w) * step;
      fill_run(row, 0.0f, w.pad_left * step);
      fill_run(row + (w.pad_left + w.in.w) * step, 0.0f, padding_right(w) * step);
    }
  }

  // Row y of the input to its place in the ring.
  OFFRAMP_INLINE OFFRAMP_AVX2 void copy_row(int y) const {
    const window w = g();
    const parameters<S> params{a.weights, w};
    const int repeats = channel_repeats(w);
    const int zero = S.in == kind::f32 ? 0 : params.in_zero();
    const auto* from = static_cast<const storage_t<S.in>*>(a.in) + y * w.in.w * w.in.c;
    float* to = ring + (y % ring_rows(w) * ring_columns(w) + w.pad_left) * step;
    if (repeats > 1) {
      for (int x = 0; x < w.in.w; ++x, from += w.in.c, to += step)
        for (int i = 0; i < 8 * (V - 1) + n; ++i)
          to[i] = static_cast<float>(from[(channel + i) / repeats]) - static_cast<float>(zero);
      return;
    }
    for (int x = 0; x < w.in.w; ++x, from += w.in.c, to += step)
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v)
        _mm256_store_ps(to + 8 * v, load_floats8<S.in>(from + channel + 8 * v, v + 1 < V ? 8 : n, zero));
  }

  // Row oy of the output; its first row of taps inside the input is `tap`, and there are `rows` of them.
  OFFRAMP_INLINE OFFRAMP_AVX2 void compute_row(int oy, int tap, int rows, const output_lanes8* lanes) const {
    const row_tile tile{*this, oy, tap, rows, lanes};
    over_positions<6, static_columns>(0, g().out.w, tile);
  }

  // Some neighbouring outputs of a row.
  struct row_tile {
    const channel_strip& strip;
    int oy;
    int tap;
    int rows;
    const output_lanes8* lanes;

    template <int P>
    OFFRAMP_INLINE OFFRAMP_AVX2 void run(int ox) const {
      const window w = strip.g();
      const int weight_row = channel_row<8>(w);
      const auto* weights = reinterpret_cast<const float*>(strip.a.weights + packed_begin({S, w})) + strip.channel +
                            tap * w.kernel_w * weight_row;
      const float* ring = strip.ring + ox * w.stride_w * step;
      int slot = (oy * w.stride_h - w.pad_top + tap) % ring_rows(w);
      __m256 sum[V][P];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v)
#pragma GCC unroll 6
        for (int p = 0; p < P; ++p) sum[v][p] = _mm256_setzero_ps();
      for (int ky = 0; ky < rows; ++ky) {
        const float* from = ring + slot * ring_columns(w) * step;
        for (int kx = 0; kx < w.kernel_w; ++kx, from += step, weights += weight_row)
#pragma GCC unroll 2
          for (int v = 0; v < V; ++v) {
            const __m256 by = _mm256_loadu_ps(weights + 8 * v);
#pragma GCC unroll 6
            for (int p = 0; p < P; ++p)
              sum[v][p] = _mm256_fmadd_ps(_mm256_load_ps(from + (p * w.stride_w * step + 8 * v)), by, sum[v][p]);
          }
        slot = slot + 1 == ring_rows(w) ? 0 : slot + 1;
      }
#pragma GCC unroll 6
      for (int p = 0; p < P; ++p) store_position(oy * w.out.w + ox + p, p, sum);
    }

    template <int P>
    OFFRAMP_INLINE OFFRAMP_AVX2 void store_position(int at, int p, const __m256 (&sum)[V][P]) const {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v)
        store_lanes8<S>(lanes[v], strip.g(), strip.a.out, at, strip.channel + 8 * v, v + 1 < V ? 8 : strip.n,
                        accumulator(sum[v][p]));
    }
    static OFFRAMP_INLINE OFFRAMP_AVX2 __m256i accumulator(__m256 sum) {
      return S.float_accumulator() ? _mm256_castps_si256(sum) : _mm256_cvtps_epi32(sum);
    }
  };
};

// Channels [channel, end) in Strips strips of V vectors at most, side by side through the image.
template <op_signature S, int V, int Strips, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX2 void convolve_strips(Geometry g, const arguments& a, float* ring, int channel, int end) {
  const window w = g();
  const parameters<S> params{a.weights, w};
  const int apart = ring_floats(w, 8 * V);
  channel_strip<S, Geometry, V> each{g, a, ring, channel, 8};
  output_lanes8 lanes[Strips][V];
  int strips = 0;
  for (each.begin(ring, channel, end); each.channel < end; each.next(apart, end), ++strips) {
    each.clear_padding();
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v)
      lanes[strips][v] = load_output_lanes8(params, each.channel + 8 * v, v + 1 < V ? 8 : each.n);
  }
  int copied = 0;
  for (int oy = 0; oy < w.out.h; ++oy) {
    const int top = oy * w.stride_h - w.pad_top;
    const int from = top < 0 ? 0 : top;
    const int to = top + w.kernel_h < w.in.h ? top + w.kernel_h : w.in.h;
    if (copied < from) copied = from;
    for (; copied < to; ++copied)
      for (each.begin(ring, channel, end); each.channel < end; each.next(apart, end)) each.copy_row(copied);
    each.begin(ring, channel, end);
    for (int i = 0; i < strips; ++i, each.next(apart, end))
      each.compute_row(oy, from - top, to > from ? to - from : 0, lanes[i]);
  }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX2 inline void convolve_by_channel(Geometry g, const arguments& a) {
  const window w = g();
  float* ring = cache_line(a.scratch);
  const int last = w.out.c % 16;
  const int pairs = last > 0 && last <= 8 ? w.out.c - last : w.out.c;  // channels in strips of two vectors
  const int together = channels_together(w);
  for (int channel = 0; channel < pairs; channel += together)
    convolve_strips<S, 2, most_strips>(g, a, ring, channel, channel + together < pairs ? channel + together : pairs);
  if (pairs < w.out.c) convolve_strips<S, 1, 1>(g, a, ring, pairs, w.out.c);
}

}  // namespace avx2

template <>
struct code<avx2::depthwise> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      if constexpr (avx2::runs_by_channel({S, Geometry{}()}))
        avx2::convolve_by_channel<S>(g, a);
      else
        portable::conv_grouped<S>(g, a);
    } else if (avx2::runs_by_channel({S, g()})) {
      avx2::convolve_by_channel<S>(g, a);
    } else {
      portable::conv_grouped<S>(g, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
