// Depthwise convolution: channels side by side in lanes, a tile of neighbouring positions in registers over all taps,
// so that a vector of weights is read once for all of them. Bytes have become floats (avx2/depthwise_traits.hpp says
// why that is exact). Where four vectors of channels become bytes together, a tile is four vectors wide.
#ifndef OFFRAMP_KERNELS_AVX512_DEPTHWISE_HPP
#define OFFRAMP_KERNELS_AVX512_DEPTHWISE_HPP

#include <offramp/kernels/avx512/depthwise_traits.hpp>
#include <offramp/kernels/avx512/float_tile.hpp>
#include <offramp/kernels/avx512/numbers.hpp>
#include <offramp/kernels/avx512/output.hpp>
#include <offramp/kernels/portable/conv_grouped.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx512 {

// A strip of V vectors of output channels from `channel` on, the last of n channels.
template <op_signature S, class Geometry, int V>
struct channel_strip {
  static constexpr int step = 16 * V;  // floats from column to column of the ring
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
    n = end - channel - 16 * (V - 1) < 16 ? end - channel - 16 * (V - 1) : 16;
  }
  OFFRAMP_INLINE void next(int apart, int end) { begin(ring + apart, channel + 16 * V, end); }

  OFFRAMP_INLINE OFFRAMP_AVX512 void clear_padding() const {
    const window w = g();
    for (int i = 0; i < avx2::ring_rows(w); ++i) {
      float* row = ring + i * avx2::ring_columns(w) * step;
      fill_run(row, 0.0f, w.pad_left * step);
      fill_run(row + (w.pad_left + w.in.w) * step, 0.0f, avx2::padding_right(w) * step);
    }
  }

  // Row y of the input to its place in the ring.
  OFFRAMP_INLINE OFFRAMP_AVX512 void copy_row(int y) const {
    const window w = g();
    const parameters<S> params{a.weights, w};
    const int repeats = avx2::channel_repeats(w);
    const int zero = S.in == kind::f32 ? 0 : params.in_zero();
    const auto* from = static_cast<const storage_t<S.in>*>(a.in) + y * w.in.w * w.in.c;
    float* to = ring + (y % avx2::ring_rows(w) * avx2::ring_columns(w) + w.pad_left) * step;
    if (repeats > 1) {
      for (int x = 0; x < w.in.w; ++x, from += w.in.c, to += step)
        for (int i = 0; i < 16 * (V - 1) + n; ++i)
          to[i] = static_cast<float>(from[(channel + i) / repeats]) - static_cast<float>(zero);
      return;
    }
    for (int x = 0; x < w.in.w; ++x, from += w.in.c, to += step)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v)
        _mm512_store_ps(to + 16 * v, load_floats16<S.in>(from + channel + 16 * v, v + 1 < V ? 16 : n, zero));
  }

  // Row oy of the output; its first row of taps inside the input is `tap`, and there are `rows` of them.
  OFFRAMP_INLINE OFFRAMP_AVX512 void compute_row(int oy, int tap, int rows, const output_lanes16* lanes) const {
    const row_tile tile{*this, oy, tap, rows, lanes};
    over_positions<V == 4 ? 6 : 14, static_columns>(0, g().out.w, tile);
  }

  // Some neighbouring outputs of a row.
  struct row_tile {
    const channel_strip& strip;
    int oy;
    int tap;
    int rows;
    const output_lanes16* lanes;

    template <int P>
    OFFRAMP_INLINE OFFRAMP_AVX512 void run(int ox) const {
      const window w = strip.g();
      const int weight_row = avx2::channel_row<16>(w);
      const auto* weights = reinterpret_cast<const float*>(strip.a.weights + packed_begin({S, w})) + strip.channel +
                            tap * w.kernel_w * weight_row;
      const float* ring = strip.ring + ox * w.stride_w * step;
      int slot = (oy * w.stride_h - w.pad_top + tap) % avx2::ring_rows(w);
      __m512 sum[V][P];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v)
#pragma GCC unroll 16
        for (int p = 0; p < P; ++p) sum[v][p] = _mm512_setzero_ps();
      for (int ky = 0; ky < rows; ++ky) {
        const float* from = ring + slot * avx2::ring_columns(w) * step;
        for (int kx = 0; kx < w.kernel_w; ++kx, from += step, weights += weight_row)
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) {
            const __m512 by = _mm512_loadu_ps(weights + 16 * v);
#pragma GCC unroll 16
            for (int p = 0; p < P; ++p)
              sum[v][p] = _mm512_fmadd_ps(_mm512_load_ps(from + (p * w.stride_w * step + 16 * v)), by, sum[v][p]);
          }
        slot = slot + 1 == avx2::ring_rows(w) ? 0 : slot + 1;
      }
#pragma GCC unroll 16
      for (int p = 0; p < P; ++p) store_position(oy * w.out.w + ox + p, p, sum);
    }

    template <int P>
    OFFRAMP_INLINE OFFRAMP_AVX512 void store_position(int at, int p, const __m512 (&sum)[V][P]) const {
      const window w = strip.g();
      if constexpr (V == 4) {
        const __m512i bytes = output_bytes64(lanes[0], scaled_lanes16<S>(lanes[0], accumulator(sum[0][p])),
                                             scaled_lanes16<S>(lanes[1], accumulator(sum[1][p])),
                                             scaled_lanes16<S>(lanes[2], accumulator(sum[2][p])),
                                             scaled_lanes16<S>(lanes[3], accumulator(sum[3][p])));
        _mm512_storeu_si512(static_cast<std::int8_t*>(strip.a.out) + at * w.out.c + strip.channel, bytes);
      } else {
        store_lanes16<S>(lanes[0], w, strip.a.out, at, strip.channel, strip.n, accumulator(sum[0][p]));
      }
    }
    static OFFRAMP_INLINE OFFRAMP_AVX512 __m512i accumulator(__m512 sum) {
      return S.float_accumulator() ? _mm512_castps_si512(sum) : _mm512_cvtps_epi32(sum);
    }
  };
};

// Channels [channel, end) in Strips strips of V vectors at most, side by side through the image.
template <op_signature S, int V, int Strips, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX512 void convolve_strips(Geometry g, const arguments& a, float* ring, int channel, int end) {
  const window w = g();
  const parameters<S> params{a.weights, w};
  const int apart = avx2::ring_floats(w, 16 * V);
  channel_strip<S, Geometry, V> each{g, a, ring, channel, 16};
  output_lanes16 lanes[Strips][V];
  int strips = 0;
  for (each.begin(ring, channel, end); each.channel < end; each.next(apart, end), ++strips) {
    each.clear_padding();
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v)
      lanes[strips][v] = load_output_lanes16(params, each.channel + 16 * v, v + 1 < V ? 16 : each.n);
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
OFFRAMP_AVX512 inline void convolve_by_channel(Geometry g, const arguments& a) {
  const window w = g();
  float* ring = avx2::cache_line(a.scratch);
  int channel = 0;
  if constexpr (stores_quads<S>)
    for (; channel + 64 <= w.out.c; channel += 64) convolve_strips<S, 4, 1>(g, a, ring, channel, channel + 64);
  const int together = avx2::channels_together(w);
  for (; channel < w.out.c; channel += together)
    convolve_strips<S, 1, avx2::most_strips>(g, a, ring, channel,
                                             channel + together < w.out.c ? channel + together : w.out.c);
}

}  // namespace avx512

template <>
struct code<avx512::depthwise> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      if constexpr (avx2::runs_by_channel({S, Geometry{}()}))
        avx512::convolve_by_channel<S>(g, a);
      else
        portable::conv_grouped<S>(g, a);
    } else if (avx2::runs_by_channel({S, g()})) {
      avx512::convolve_by_channel<S>(g, a);
    } else {
      portable::conv_grouped<S>(g, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
