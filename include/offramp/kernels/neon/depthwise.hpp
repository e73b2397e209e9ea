// The loops of depthwise_traits.hpp: 8 channels of P positions, sums in registers over the window. Bytes less their
// zero point have 16 bits, and a multiply-add of those goes into 32.
#ifndef OFFRAMP_KERNELS_NEON_DEPTHWISE_HPP
#define OFFRAMP_KERNELS_NEON_DEPTHWISE_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/kernels/neon/depthwise_traits.hpp>
#include <offramp/kernels/neon/input_copy.hpp>
#include <offramp/kernels/neon/output.hpp>
#include <offramp/kernels/neon/vectors.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/conv_grouped.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace neon {

namespace detail {

// 8 numbers without their zero point, 8 weights.
template <class T>
[[gnu::always_inline]] inline int16x8_t less_zero(const T* from, uint8x8_t zero) {
  if constexpr (std::is_same_v<T, std::uint8_t>)
    return vreinterpretq_s16_u16(vsubl_u8(vld1_u8(from), zero));
  else
    return vsubl_s8(vld1_s8(from), vreinterpret_s8_u8(zero));
}
[[gnu::always_inline]] inline int16x8_t widened(const std::int8_t* from) { return vmovl_s8(vld1_s8(from)); }

}  // namespace detail

template <op_signature S, class Geometry>
struct channel_convolution {
  using element = storage_t<S.in>;
  using weight = storage_t<S.weights>;

  Geometry g;
  const arguments& a;
  const element* input;
  const weight* weights;
  uint8x8_t zero;

  // P positions of row oy from ox on, channels [first, first + 8).
  template <int P>
  [[gnu::always_inline]] void tile(int oy, int ox, int first) const {
    const window w = g();
    const int position = depthwise::channels(w.in.c);
    const int row = depthwise::columns(w) * position;
    const int step = w.stride_w * position;
    const element* x = input + oy * w.stride_h * row + ox * step + first;
    const weight* by = weights + first;
    const int tap = depthwise::channels(w.stored_out_c);
    block_of_sums<S, P, 2> sum;
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) sum[p][0] = sum[p][1] = sums_of<S>{};
#pragma GCC unroll 1
    for (int ky = 0; ky < w.kernel_h; ++ky, x += row) {
      const element* from = x;
#pragma GCC unroll 1
      for (int kx = 0; kx < w.kernel_w; ++kx, from += position, by += tap) {
        forget_origin(from);
        if constexpr (S.weights == kind::f32) {
          const float32x4_t low = vld1q_f32(by);
          const float32x4_t high = vld1q_f32(by + 4);
#pragma GCC unroll 4
          for (int p = 0; p < P; ++p) {
            sum[p][0] = multiply_add(sum[p][0], low, vld1q_f32(from + p * step));
            sum[p][1] = multiply_add(sum[p][1], high, vld1q_f32(from + p * step + 4));
          }
        } else {
          const int16x8_t wide = detail::widened(by);
#pragma GCC unroll 4
          for (int p = 0; p < P; ++p) {
            const int16x8_t v = detail::less_zero(from + p * step, zero);
            sum[p][0] = vmlal_s16(sum[p][0], vget_low_s16(wide), vget_low_s16(v));
            sum[p][1] = vmlal_s16(sum[p][1], vget_high_s16(wide), vget_high_s16(v));
          }
        }
      }
    }
    store_sums<S, P, 2>(a.weights, w, a.out, oy * w.out.w + ox, first, w.out.c - first, sum);
  }

  [[gnu::always_inline]] void run() const {
    const window w = g();
    for (int first = 0; first < w.out.c; first += depthwise::block_channels)
      for (int oy = 0; oy < w.out.h; ++oy) {
        int ox = 0;
        for (; ox + 4 <= w.out.w; ox += 4) tile<4>(oy, ox, first);
        for (; ox < w.out.w; ++ox) tile<1>(oy, ox, first);
      }
  }
};

template <op_signature S, class Geometry>
OFFRAMP_NEON_AS_WRITTEN inline void convolve_by_channel(Geometry g, const arguments& a) {
  using element = storage_t<S.in>;
  const window w = g();
  const std::uint8_t zero = S.in == kind::f32 ? 0 : static_cast<std::uint8_t>(a.weights[0]);
  const void* input = a.in;
  if (depthwise::copies(w)) {
    const int from_position = w.in.c * static_cast<int>(sizeof(element));
    const int position = depthwise::channels(w.in.c) * static_cast<int>(sizeof(element));
    const auto* from = static_cast<const unsigned char*>(a.in);
    auto* to = static_cast<unsigned char*>(a.scratch);
    for (int y = -w.pad_top; y < depthwise::rows(w) - w.pad_top; ++y)
      for (int x = -w.pad_left; x < depthwise::columns(w) - w.pad_left; ++x, to += position) {
        if (y < 0 || y >= w.in.h || x < 0 || x >= w.in.w)
          fill_bytes(to, zero, position);
        else
          copy_bytes(to, from + (y * w.in.w + x) * from_position, 0, from_position);
      }
    input = a.scratch;
  }
  const auto* weights = reinterpret_cast<const storage_t<S.weights>*>(a.weights + packed_begin({S, w}));
  channel_convolution<S, Geometry>{g, a, static_cast<const element*>(input), weights, vdup_n_u8(zero)}.run();
}

}  // namespace neon

template <>
struct code<neon::depthwise> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      if constexpr (neon::depthwise::by_channel({S, Geometry{}()}))
        neon::convolve_by_channel<S>(g, a);
      else
        portable::conv_grouped<S>(g, a);
    } else if (neon::depthwise::by_channel({S, g()})) {
      neon::convolve_by_channel<S>(g, a);
    } else {
      portable::conv_grouped<S>(g, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
