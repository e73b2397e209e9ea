// The loops of conv_bits_traits.hpp: a block of output channels after the other, whose weights stay in the first cache,
// over all positions, two at a time.
#ifndef OFFRAMP_KERNELS_NEON_CONV_BITS_HPP
#define OFFRAMP_KERNELS_NEON_CONV_BITS_HPP

#include <cstdint>

#include <offramp/kernels/neon/bit_tile.hpp>
#include <offramp/kernels/neon/conv_bits_traits.hpp>
#include <offramp/kernels/neon/input_copy.hpp>
#include <offramp/kernels/neon/output.hpp>
#include <offramp/kernels/neon/vectors.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/code.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace neon {

// acc = depth - 2 count is below t where count is at least (depth - t) / 2 rounded down, plus 1. All counts lie below
// 65535.
inline void thresholds_of_counts(const std::uint32_t* thresholds, int depth, int n, std::uint16_t* to) {
  const int32x4_t all = vdupq_n_s32(depth);
  const int32x4_t one = vdupq_n_s32(1);
  for (int c = 0; c < n; c += 4) {
    const int32x4_t room = vqsubq_s32(all, vreinterpretq_s32_u32(vld1q_u32(thresholds + c)));
    vst1_u16(to + c, vqmovun_s32(vqaddq_s32(vshrq_n_s32(room, 1), one)));
  }
}

template <op_signature S, class Geometry>
struct bit_convolution {
  using plan_type = plan_of<conv_bits, S, Geometry>;

  const plan_type& plan;
  const arguments& a;
  const unsigned char* input;
  const std::uint16_t* thresholds;

  // Do counts of a whole window fit bytes?
  [[gnu::always_inline]] static constexpr bool is_short(const runs_of_taps& r) {
    return !r.narrow && r.all_words() <= bit_tile<1, 2>::most_words;
  }

  // P positions of row oy from ox on, channels [first, first + 4 * V).
  template <int P, int V, bool Short>
  [[gnu::always_inline]] void tile(const plan_type& planned, int oy, int ox, const std::uint32_t* weights, int width,
                                   int first) const {
    const runs_of_taps& r = planned();
    const window& w = r.w;
    const int step = w.stride_w * r.position;
    const unsigned char* x = input + oy * w.stride_h * r.row() + ox * step;
    const int row = r.row();
    bit_tile<P, V> bits;
    bits.clear();
    uint16x8_t sum[P][V / 2];
    if constexpr (Short) {
#pragma GCC unroll 1
      for (int ky = 0; ky < w.kernel_h; ++ky, x += row)
        weights = bits.add_run(x, step, weights, width, r.words, r.copies);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p)
#pragma GCC unroll 4
        for (int v = 0; v < V / 2; ++v) sum[p][v] = bits.counts(p, v);
    } else {
      constexpr int piece = bit_tile<P, V>::most_words / 4 * 4;
      std::uint16_t counts[P * 4 * V];
      std::uint16_t* sums = counts;
      forget_origin(sums);  // kept in memory, so that registers are left to the loops
#pragma GCC unroll 8
      for (int i = 0; i < P * V / 2; ++i) vst1q_u16(sums + 8 * i, vdupq_n_u16(0));
      int room = bit_tile<P, V>::most_words;
      const auto make_room = [&](int n) __attribute__((always_inline)) {
        if (n > room) {
          bits.add_to(sums);
          bits.clear();
          room = bit_tile<P, V>::most_words;
        }
        room -= n;
      };
      const int whole = r.narrow ? r.words - 1 : r.words;
#pragma GCC unroll 1
      for (int ky = 0; ky < w.kernel_h; ++ky, x += row) {
        const unsigned char* from = x;
#pragma GCC unroll 1
        for (int run = 0; run < r.runs; ++run, from += r.position) {
          const std::uint32_t* at = weights;
          for (int k = 0; k < whole; k += piece) {
            const int n = whole - k < piece ? whole - k : piece;
            make_room(n);
            at = bits.add_run(from + 4 * k, step, at, width, n, r.copies);
          }
          if (r.narrow) {
            make_room(1);
            bits.add_masked(from + 4 * whole, step, at, low_bits(w.in.c - 32 * whole));
          }
          weights += r.stored_words * width;
        }
      }
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p)
#pragma GCC unroll 4
        for (int v = 0; v < V / 2; ++v) sum[p][v] = vaddq_u16(vld1q_u16(sums + 4 * V * p + 8 * v), bits.counts(p, v));
    }
    const int n = w.out.c - first;
    const int position = oy * w.out.w + ox;
    if constexpr (S.out == kind::bits) {
      uint16x8_t masks[P][V / 2];
#pragma GCC unroll 4
      for (int v = 0; v < V / 2; ++v)
#pragma GCC unroll 4
        for (int p = 0; p < P; ++p) masks[p][v] = vcgeq_u16(sum[p][v], vld1q_u16(thresholds + first + 8 * v));
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) store_bits<V>(a.weights, w, a.out, position + p, first, n, bits_of<V>(masks[p]));
    } else {
      block_of_sums<S, P, V> acc;
      const int32x4_t depth = vdupq_n_s32(w.depth());
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p)
#pragma GCC unroll 4
        for (int v = 0; v < V / 2; ++v) {
          acc[p][2 * v] = vsubq_s32(depth, vreinterpretq_s32_u32(vshll_n_u16(vget_low_u16(sum[p][v]), 1)));
          acc[p][2 * v + 1] = vsubq_s32(depth, vreinterpretq_s32_u32(vshll_n_u16(vget_high_u16(sum[p][v]), 1)));
        }
      store_sums<S, P, V>(a.weights, w, a.out, position, first, n, acc);
    }
  }

  // Functions of their own, lest gcc lose itself in one of all sizes. Width: of the block, 0 if it is not known.
  template <int V, int Width, bool Short>
  [[gnu::noinline]] OFFRAMP_NEON_AS_WRITTEN void positions(const std::uint32_t* weights, int block_width,
                                                           int first) const {
    take_all_registers();
    const plan_type planned = plan;  // a copy that nothing stored can change
    const window& w = planned().w;
    const int width = Width > 0 ? Width : block_width;
    for (int oy = 0; oy < w.out.h; ++oy) {
      int ox = 0;
      for (; ox + 2 <= w.out.w; ox += 2) tile<2, V, Short>(planned, oy, ox, weights, width, first);
      for (; ox < w.out.w; ++ox) tile<1, V, Short>(planned, oy, ox, weights, width, first);
    }
  }
  template <int V, int Width>
  [[gnu::always_inline]] void channels(const std::uint32_t* weights, int width, int first) const {
    if constexpr (Geometry::is_static) {
      positions<V, Width, is_short(conv_bits::plan({S, Geometry{}()}))>(weights, width, first);
    } else {
      if constexpr (Width > 0)
        if (is_short(plan())) return positions<V, Width, true>(weights, width, first);
      positions<V, Width, false>(weights, width, first);
    }
  }

  [[gnu::always_inline]] void run(const std::uint32_t* weights) const {
    constexpr int most = vector_registers == 32 ? 8 : 4;  // vectors of channels
    constexpr bool only_whole_blocks = [] {
      if constexpr (Geometry::is_static)
        return Geometry{}().out.c % 32 == 0;
      else
        return false;
    }();
    const runs_of_taps& r = plan();
    const int channels_out = r.w.out.c;
    for (int first = 0; first < channels_out; first += conv_bits::block_channels) {
      const std::uint32_t* block = weights + first * r.stored_depth();
      const int width = conv_bits::block_width(r.w.stored_out_c, first);
      for (int c = 0; c < width && first + c < channels_out;) {
        const int left = channels_out - first - c;
        if (only_whole_blocks || (width == 32 && left > 2 * most)) {
          channels<most, 32>(block + c, 32, first + c);
          c += 4 * most;
        } else if (width - c >= 16 && left > 8) {
          channels<4, 0>(block + c, width, first + c);
          c += 16;
        } else {
          channels<2, 0>(block + c, width, first + c);
          c += 8;
        }
      }
    }
  }
};

template <op_signature S, class Geometry>
inline void convolve_bits(Geometry g, const arguments& a) {
  const kernel_op op{S, g()};
  const plan_of<conv_bits, S, Geometry> plan{g};
  const runs_of_taps& r = plan();
  auto* scratch = static_cast<unsigned char*>(a.scratch);
  auto* thresholds = reinterpret_cast<std::uint16_t*>(scratch);
  if constexpr (S.out == kind::bits) thresholds_of_counts(a.weights + 4, r.w.depth(), r.w.out.c, thresholds);
  const unsigned char* input = copied_words(r, a.in, scratch + conv_bits::threshold_bytes(op));
  bit_convolution<S, Geometry>{plan, a, input, thresholds}.run(a.weights + packed_begin(op));
}

}  // namespace neon

template <>
struct code<neon::conv_bits> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if (neon::conv_bits::fits({S, g()}))
      neon::convolve_bits<S>(g, a);
    else
      code<path::portable>::run<S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
