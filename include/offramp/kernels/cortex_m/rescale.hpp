// Numbers to numbers of 8 or 16 bits, one by one: a channel at all positions, so that its parameters stay in registers.
// What repeats channels or leaves out positions is the parent's.
#ifndef OFFRAMP_KERNELS_CORTEX_M_RESCALE_HPP
#define OFFRAMP_KERNELS_CORTEX_M_RESCALE_HPP

#include <cstdint>

#include <offramp/kernels/cortex_m/rescale_traits.hpp>
#include <offramp/kernels/cortex_m/scaled_sums.hpp>
#include <offramp/kernels/cortex_m/signs.hpp>
#include <offramp/kernels/cortex_m/target.hpp>
#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/pointwise.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace cortex_m {

template <op_signature S>
OFFRAMP_CORTEX_M void rescale_in_turn(const arguments& a, int positions, int channels, int stored) {
  constexpr int fraction = accumulator_fraction_bits(S);
  const auto header = [&](int i) __attribute__((always_inline)) { return static_cast<std::int32_t>(a.weights[i]); };
  const std::int32_t zero = header(0), rounding = 1 + 2 * header(1), low = header(2), high = header(3);
  const std::uint32_t* bias = a.weights + weight_layout::header_words;
  const auto* in = static_cast<const storage_t<S.in>*>(a.in);
  auto* out = static_cast<storage_t<S.out>*>(a.out);
  for (int c = 0; c < channels; ++c, ++bias) {
    const auto* from = in + c;
    auto* to = out + c;
    const auto put = [&](std::int32_t q) __attribute__((always_inline)) {
      if constexpr (S.add) q = saturate<stored_bits<S>, 0>(q + *to);
      *to = static_cast<storage_t<S.out>>(q);
      from += channels;
      to += channels;
    };
    const auto own = static_cast<std::int32_t>(*bias);
    const auto multiplier = static_cast<std::int32_t>(bias[stored]);
    const std::uint32_t right = right_shift(static_cast<std::int32_t>(bias[2 * stored]));
    if (right < 32 && has_room(own)) {
      const std::int32_t begin = own * (1 << room_above) - zero * (1 << (fraction + room_above));
      for (int p = positions; p > 0; --p) {
        const std::int32_t sum8 = *from * (1 << (fraction + room_above)) + begin;
        put(clamp(((high_product(sum8, multiplier) >> right) + rounding) >> 1, low, high));
      }
    } else {
      for (int p = positions; p > 0; --p)
        put(finish_number(a.weights, (*from - zero) * (1 << fraction) + own, bias, stored));
    }
  }
}

}  // namespace cortex_m

template <>
struct code<cortex_m::rescale> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      constexpr window w = Geometry{}();
      if constexpr (cortex_m::is_in_turn(w))
        cortex_m::rescale_in_turn<S>(a, w.out.positions(), w.out.c, w.stored_out_c);
      else
        portable::pointwise<S>(g, a);
    } else {
      const window w = g();
      if (cortex_m::is_in_turn(w))
        cortex_m::rescale_in_turn<S>(a, w.out.positions(), w.out.c, w.stored_out_c);
      else
        portable::pointwise<S>(g, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
