// The loops of pointwise_traits.hpp.
#ifndef OFFRAMP_KERNELS_NEON_POINTWISE_HPP
#define OFFRAMP_KERNELS_NEON_POINTWISE_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/kernels/neon/output.hpp>
#include <offramp/kernels/neon/pointwise_traits.hpp>
#include <offramp/kernels/neon/vectors.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/pointwise.hpp>
#include <offramp/kernels/runs.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace neon {

// 4 * V numbers as accumulators, their zero point taken away.
template <op_signature S, int V>
[[gnu::always_inline]] inline void load_accumulators(const storage_t<S.in>* from, std::int32_t zero,
                                                     block_of_sums<S, 1, V>& acc) {
#pragma GCC unroll 4
  for (int v = 0; v < V; v += 2) {
    if constexpr (S.in == kind::f32) {
      acc[0][v] = vld1q_f32(from + 4 * v);
      acc[0][v + 1] = vld1q_f32(from + 4 * v + 4);
    } else {
      int16x8_t half;
      if constexpr (S.in == kind::u8)
        half = vreinterpretq_s16_u16(vsubl_u8(vld1_u8(from + 4 * v), vdup_n_u8(static_cast<std::uint8_t>(zero))));
      else if constexpr (S.in == kind::i8)
        half = vsubl_s8(vld1_s8(from + 4 * v), vdup_n_s8(static_cast<std::int8_t>(zero)));
      else
        half = vld1q_s16(from + 4 * v);  // no zero point
      acc[0][v] = vmovl_s16(vget_low_s16(half));
      acc[0][v + 1] = vmovl_s16(vget_high_s16(half));
    }
  }
}

template <op_signature S, class Geometry>
inline void apply_pointwise(Geometry g, const arguments& a) {
  const window w = g();
  const auto zero = static_cast<std::int32_t>(a.weights[0]);
  const auto block = [&]<int V>(const storage_t<S.in>* from, int position, int first) __attribute__((always_inline)) {
    block_of_sums<S, 1, V> acc;
    const int n = w.out.c - first;
    storage_t<S.in> some[4 * V];
    load_accumulators<S, V>(n < 4 * V ? detail::whole(from, n, 4 * V, some) : from, zero, acc);
    store_sums<S, 1, V>(a.weights, w, a.out, position, first, n, acc);
  };
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      const int position = oy * w.out.w + ox;
      const auto* from =
          static_cast<const storage_t<S.in>*>(a.in) + (oy * w.stride_h * w.in.w + ox * w.stride_w) * w.in.c;
      int c = 0;
      for (; c + 32 <= w.out.c; c += 32) block.template operator()<8>(from + c, position, c);
      for (; c + 8 < w.out.c; c += 16) block.template operator()<4>(from + c, position, c);
      if (c < w.out.c) block.template operator()<2>(from + c, position, c);
    }
}

}  // namespace neon

template <>
struct code<neon::pointwise> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    const window w = g();
    if (w.in.c == w.out.c)
      neon::apply_pointwise<S>(g, a);
    else  // channels repeat
      portable::pointwise<S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
