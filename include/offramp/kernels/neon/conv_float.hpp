// The loops of conv_float_traits.hpp: a tile of P positions x 4 * V output channels in registers over the whole window.
#ifndef OFFRAMP_KERNELS_NEON_CONV_FLOAT_HPP
#define OFFRAMP_KERNELS_NEON_CONV_FLOAT_HPP

#include <cstdint>

#include <offramp/kernels/neon/conv_float_traits.hpp>
#include <offramp/kernels/neon/input_copy.hpp>
#include <offramp/kernels/neon/output.hpp>
#include <offramp/kernels/neon/vectors.hpp>
#include <offramp/kernels/path.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace neon {

template <int P, int V>
struct float_tile {
  float32x4_t sum[P][V];

  [[gnu::always_inline]] void clear() {
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[p][v] = vdupq_n_f32(0);
  }
  // Number I of four of every position times its weights.
  template <int I>
  [[gnu::always_inline]] void add_lane(const float32x4_t (&numbers)[P], const float* weights) {
#pragma GCC unroll 2
    for (int v = 0; v < V; v += 2) {  // two loads together become one instruction
      const float32x4_t by = vld1q_f32(weights + 4 * v);
      const float32x4_t next = vld1q_f32(weights + 4 * v + 4);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) sum[p][v] = multiply_add_lane<I>(sum[p][v], by, numbers[p]);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) sum[p][v + 1] = multiply_add_lane<I>(sum[p][v + 1], next, numbers[p]);
    }
  }
  // n neighbouring numbers of every position, `step` floats apart, times their weights.
  [[gnu::always_inline]] const float* add_run(const float* x, int step, const float* weights, int n) {
    constexpr int width = 4 * V;
    float32x4_t numbers[P];
    int k = 0;
#pragma GCC unroll 1
    for (; k + 4 <= n; k += 4, x += 4, weights += 4 * width) {
      forget_origin(x);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) numbers[p] = vld1q_f32(x + p * step);
      add_lane<0>(numbers, weights);
      add_lane<1>(numbers, weights + width);
      add_lane<2>(numbers, weights + 2 * width);
      add_lane<3>(numbers, weights + 3 * width);
    }
#pragma GCC unroll 1
    for (; k < n; ++k, ++x, weights += width) {
      forget_origin(x);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) numbers[p] = vld1q_dup_f32(x + p * step);
      add_lane<0>(numbers, weights);
    }
    return weights;
  }
};

template <op_signature S, class Geometry>
struct float_convolution {
  using plan_type = plan_of<conv_float, S, Geometry>;

  const plan_type& plan;
  const arguments& a;
  const float* input;

  template <int P, int V>
  [[gnu::always_inline]] void tile(const plan_type& planned, int oy, int ox, const float* weights, int first) const {
    const runs_of_taps& r = planned();
    const int position = r.position / 4;
    const int step = r.w.stride_w * position;
    const int row = r.row() / 4;
    const float* x = input + oy * r.w.stride_h * row + ox * step;
    float_tile<P, V> sums;
    sums.clear();
#pragma GCC unroll 1
    for (int ky = 0; ky < r.w.kernel_h; ++ky, x += row) {
      if (r.words == r.stored_words && r.runs == 1) {
        weights = sums.add_run(x, step, weights, r.words);
        continue;
      }
      const float* from = x;
#pragma GCC unroll 1
      for (int run = 0; run < r.runs; ++run, from += position, weights += 4 * V * r.stored_words)
        sums.add_run(from, step, weights, r.words);
    }
    store_sums<S, P, V>(a.weights, r.w, a.out, oy * r.w.out.w + ox, first, r.w.out.c - first, sums.sum);
  }

  template <int V>
  [[gnu::noinline]] OFFRAMP_NEON_AS_WRITTEN void channels(const float* weights, int first) const {
    constexpr int most = vector_registers == 32 || V == 2 ? 4 : 2;
    take_all_registers();
    const plan_type planned = plan;  // a copy that nothing stored can change
    const window& w = planned().w;
    for (int oy = 0; oy < w.out.h; ++oy) {
      int ox = 0;
      for (; ox + most <= w.out.w; ox += most) tile<most, V>(planned, oy, ox, weights, first);
      for (; ox < w.out.w; ++ox) tile<1, V>(planned, oy, ox, weights, first);
    }
  }
};

template <op_signature S, class Geometry>
inline void convolve_floats(Geometry g, const arguments& a) {
  const plan_of<conv_float, S, Geometry> plan{g};
  const runs_of_taps& r = plan();
  const auto* weights = reinterpret_cast<const float*>(a.weights + packed_begin({S, g()}));
  const unsigned char* input = copied_words(r, a.in, static_cast<unsigned char*>(a.scratch));
  const float_convolution<S, Geometry> all{plan, a, reinterpret_cast<const float*>(input)};
  for (int first = 0; first < r.w.out.c; first += conv_float::block_channels) {
    const float* block = weights + first * r.stored_depth();
    if (conv_float::block_width(r.w.stored_out_c, first) == 16)
      all.template channels<4>(block, first);
    else
      all.template channels<2>(block, first);
  }
}

}  // namespace neon

template <>
struct code<neon::conv_float> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    neon::convolve_floats<S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
