// The loops of conv_integer_traits.hpp without dot products: a tile of P positions x 4 output channels, its sums in
// registers over the whole window, 16 products to an accumulator a step.
#ifndef OFFRAMP_KERNELS_NEON_CONV_INTEGER_HPP
#define OFFRAMP_KERNELS_NEON_CONV_INTEGER_HPP

#include <cstdint>

#include <offramp/kernels/neon/byte_blocks.hpp>
#include <offramp/kernels/neon/conv_integer_traits.hpp>
#include <offramp/kernels/neon/output.hpp>
#include <offramp/kernels/neon/vectors.hpp>
#include <offramp/kernels/path.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace neon {

template <int P>
struct byte_tile {
  int32x4_t sum[P][4];

  [[gnu::always_inline]] void clear() {
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) sum[p][c] = vdupq_n_s32(0);
  }
  // `words` neighbouring words of every position, `step` bytes apart, times the weights of 4 of 8 channels.
  [[gnu::always_inline]] const unsigned char* add_run(const unsigned char* x, int step, const unsigned char* weights,
                                                      int words) {
#pragma GCC unroll 1
    for (int k = 0; k < words; k += 4, x += 16, weights += 128) {
      forget_origin(x);
      int8x16_t numbers[P];
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) numbers[p] = vreinterpretq_s8_u8(load_bytes(x + p * step));
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        const int8x16_t by = vreinterpretq_s8_u8(load_bytes(weights + 16 * c));
#pragma GCC unroll 4
        for (int p = 0; p < P; ++p) sum[p][c] = vpadalq_s16(sum[p][c], multiply_halves(numbers[p], by));
      }
    }
    return weights;
  }
  // A whole window; rows of the input are `row` bytes apart.
  [[gnu::always_inline]] void add_window(const runs_of_taps& r, const unsigned char* x, int step,
                                         const unsigned char* weights) {
#pragma GCC unroll 1
    for (int ky = 0; ky < r.w.kernel_h; ++ky, x += r.row()) {
      if (r.words == r.stored_words && r.runs == 1) {
        weights = add_run(x, step, weights, r.words);
        continue;
      }
      const unsigned char* from = x;
#pragma GCC unroll 1
      for (int run = 0; run < r.runs; ++run, from += r.position, weights += 32 * r.stored_words)
        add_run(from, step, weights, r.words);
    }
  }
  // Of position p, a channel a lane.
  [[gnu::always_inline]] int32x4_t channels(int p) const {
    return add_neighbours(add_neighbours(sum[p][0], sum[p][1]), add_neighbours(sum[p][2], sum[p][3]));
  }
};

struct byte_tiles {
  static constexpr int most = vector_registers == 32 ? 4 : 2;  // positions

  template <int P, op_signature S, class Geometry>
  [[gnu::always_inline]] static void tile(const byte_block<conv_integer, S, Geometry>& b, int oy, int ox) {
    const runs_of_taps& r = b.plan();
    const int step = r.w.stride_w * r.position;
    const unsigned char* x = b.input + oy * r.w.stride_h * r.row() + ox * step;
    int32x4_t acc[P][2];
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      byte_tile<P> sums;
      sums.clear();
      sums.add_window(r, x, step, b.weights + 64 * half);
      const int32x4_t begin = vld1q_s32(b.base + 4 * half);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) acc[p][half] = vaddq_s32(begin, sums.channels(p));
    }
    store_sums<S, P, 2, takes_biased<S>>(b.a.weights, r.w, b.a.out, oy * r.w.out.w + ox, b.first,
                                         b.template channels_left<8>(), acc);
  }

  template <int V, op_signature S, class Geometry>
  OFFRAMP_NEON_AS_WRITTEN static void positions(const byte_block<conv_integer, S, Geometry>& block) {
    static_assert(V == 2);
    const byte_block<conv_integer, S, Geometry> b = block;  // a copy that nothing stored can change
    const window& w = b.plan().w;
    for (int oy = 0; oy < w.out.h; ++oy) {
      int ox = 0;
      for (; ox + most <= w.out.w; ox += most) tile<most>(b, oy, ox);
      for (; ox < w.out.w; ++ox) tile<1>(b, oy, ox);
    }
  }
};

}  // namespace neon

template <>
struct code<neon::conv_integer> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    neon::convolve_bytes<neon::conv_integer, neon::byte_tiles, S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
