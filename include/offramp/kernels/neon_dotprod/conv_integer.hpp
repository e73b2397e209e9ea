// The loops of conv_integer_traits.hpp: a tile of P positions x 4 * V output channels in registers. A vector of 16
// numbers of a position serves four steps, a lane each; a vector of weights serves all positions.
#ifndef OFFRAMP_KERNELS_NEON_DOTPROD_CONV_INTEGER_HPP
#define OFFRAMP_KERNELS_NEON_DOTPROD_CONV_INTEGER_HPP

#include <cstdint>

#include <offramp/kernels/neon/byte_blocks.hpp>
#include <offramp/kernels/neon/output.hpp>
#include <offramp/kernels/neon_dotprod/conv_integer_traits.hpp>
#include <offramp/kernels/neon_dotprod/target.hpp>
#include <offramp/kernels/path.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace neon_dotprod {

template <int P, int V>
struct dot_tile {
  int32x4_t sum[P][V];

  template <int I>
  [[gnu::always_inline]] OFFRAMP_DOTPROD void add_lane(const int8x16_t (&numbers)[P], const unsigned char* weights) {
#pragma GCC unroll 2
    for (int v = 0; v < V; v += 2) {  // two loads together become one instruction
      const int8x16_t by = vreinterpretq_s8_u8(neon::load_bytes(weights + 16 * v));
      const int8x16_t next = vreinterpretq_s8_u8(neon::load_bytes(weights + 16 * v + 16));
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) add_products<I>(sum[p][v], by, numbers[p]);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) add_products<I>(sum[p][v + 1], next, numbers[p]);
    }
  }
  [[gnu::always_inline]] OFFRAMP_DOTPROD void add_lanes(const int8x16_t (&numbers)[P], const unsigned char* weights) {
    add_lane<0>(numbers, weights);
    add_lane<1>(numbers, weights + 16 * V);
    add_lane<2>(numbers, weights + 32 * V);
    add_lane<3>(numbers, weights + 48 * V);
  }
  [[gnu::always_inline]] OFFRAMP_DOTPROD static void load(const unsigned char* x, int step, int8x16_t (&numbers)[P]) {
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) numbers[p] = vreinterpretq_s8_u8(neon::load_bytes(x + p * step));
  }

  // `words` neighbouring words of every position, `step` bytes apart, times their weights.
  [[gnu::always_inline]] OFFRAMP_DOTPROD const unsigned char* add_run(const unsigned char* x, int step,
                                                                      const unsigned char* weights, int words) {
    constexpr int width = 16 * V;  // bytes of a word's weights
    int k = 0;
    int8x16_t numbers[P];
    int8x16_t more[P];
#pragma GCC unroll 1
    for (; k + 8 <= words; k += 8, x += 32, weights += 8 * width) {
      neon::forget_origin(x);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) {
        numbers[p] = vreinterpretq_s8_u8(neon::load_bytes(x + p * step));
        more[p] = vreinterpretq_s8_u8(neon::load_bytes(x + p * step + 16));
      }
      add_lanes(numbers, weights);
      add_lanes(more, weights + 4 * width);
    }
    if (k + 4 <= words) {
      load(x, step, numbers);
      add_lanes(numbers, weights);
      k += 4, x += 16, weights += 4 * width;
    }
    const int left = words - k;
    if (left > 0) {  // the input is copied then, and there is something to read behind it
      load(x, step, numbers);
      add_lane<0>(numbers, weights);
      if (left > 1) add_lane<1>(numbers, weights + width);
      if (left > 2) add_lane<2>(numbers, weights + 2 * width);
    }
    return weights + left * width;
  }
};

struct dot_tiles {
  template <int P, int V, op_signature S, class Geometry>
  [[gnu::always_inline]] OFFRAMP_DOTPROD static void tile(const neon::byte_block<conv_integer, S, Geometry>& b, int oy,
                                                          int ox) {
    const neon::runs_of_taps& r = b.plan();
    const int step = r.w.stride_w * r.position;
    const unsigned char* x = b.input + oy * r.w.stride_h * r.row() + ox * step;
    const unsigned char* weights = b.weights;
    dot_tile<P, V> dots;
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const int32x4_t begin = vld1q_s32(b.base + 4 * v);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) dots.sum[p][v] = begin;
    }
#pragma GCC unroll 1
    for (int ky = 0; ky < r.w.kernel_h; ++ky, x += r.row()) {
      if (r.words == r.stored_words && r.runs == 1) {
        weights = dots.add_run(x, step, weights, r.words);
        continue;
      }
      const unsigned char* from = x;
#pragma GCC unroll 1
      for (int run = 0; run < r.runs; ++run, from += r.position, weights += 16 * V * r.stored_words)
        dots.add_run(from, step, weights, r.words);
    }
    neon::store_sums<S, P, V, neon::takes_biased<S>>(b.a.weights, r.w, b.a.out, oy * r.w.out.w + ox, b.first,
                                                     b.template channels_left<4 * V>(), dots.sum);
  }

  template <int V, op_signature S, class Geometry>
  OFFRAMP_DOTPROD OFFRAMP_NEON_AS_WRITTEN static void positions(
      const neon::byte_block<conv_integer, S, Geometry>& block) {
    constexpr int most = neon::vector_registers == 32 ? 4 : V == 4 ? 2 : 4;
    neon::take_all_registers();
    const neon::byte_block<conv_integer, S, Geometry> b = block;  // a copy that nothing stored can change
    const window& w = b.plan().w;
    for (int oy = 0; oy < w.out.h; ++oy) {
      int ox = 0;
      for (; ox + most <= w.out.w; ox += most) tile<most, V>(b, oy, ox);
      for (; ox < w.out.w; ++ox) tile<1, V>(b, oy, ox);
    }
  }
};

}  // namespace neon_dotprod

template <>
struct code<neon_dotprod::conv_integer> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    neon::convolve_bytes<neon_dotprod::conv_integer, neon_dotprod::dot_tiles, S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
