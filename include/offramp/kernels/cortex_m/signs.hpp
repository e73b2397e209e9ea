// Signs of numbers, in turn into the word that they become. Layers share one body of code. What repeats channels or
// leaves out positions is the parent's.
#ifndef OFFRAMP_KERNELS_CORTEX_M_SIGNS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_SIGNS_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/cortex_m/signs_traits.hpp>
#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/pointwise.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace cortex_m {

// Does every number become a bit, in turn?
constexpr bool is_in_turn(const window& w) { return w.in == w.out && w.stride_h == 1 && w.stride_w == 1; }

// Unit: channels are a multiple of it: 32, 4 or 1.
template <op_signature S, int Unit>
[[gnu::noinline]] inline void store_signs_in_turn(const arguments& a, int positions, int channels,
                                                  int stored_channels) {
  const std::uint32_t* const thresholds = a.weights + weight_layout::header_words;
  const std::int32_t zero = S.in == kind::i16 ? 0 : static_cast<std::int32_t>(a.weights[0]);
  const auto* from = static_cast<const storage_t<S.in>*>(a.in);
  auto* to = static_cast<std::uint32_t*>(a.out);
  for (; positions > 0; --positions) {
    const std::uint32_t* threshold = thresholds;
    const std::uint32_t* flips = thresholds + stored_channels;
    for (int left = channels; left > 0; left -= 32) {
      std::uint32_t bits = 0;
      if constexpr (Unit > 1) {
        // Four at a time enter at the top.
        const int groups = Unit == 32 || left >= 32 ? 8 : left / 4;
        for (int i = groups; i > 0; --i, from += 4, threshold += 4) {
          bits >>= 4;
#pragma GCC unroll 4
          for (int j = 0; j < 4; ++j)
            if (from[j] - zero < static_cast<std::int32_t>(threshold[j])) bits |= 1u << (28 + j);
        }
        if constexpr (Unit < 32) bits >>= 32 - 4 * groups;
        *to++ = bits ^ (*flips++ & low_bits(Unit == 32 ? 32 : left));
      } else {
        const std::uint32_t end = left < 32 ? 1u << left : 0u;
        for (std::uint32_t bit = 1; bit != end; bit <<= 1) {
          if (*from++ - zero < static_cast<std::int32_t>(*threshold++)) bits |= bit;
        }
        *to++ = (bits ^ *flips++) & (end - 1u);
      }
    }
  }
}

}  // namespace cortex_m

template <>
struct code<cortex_m::signs> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    const auto in_turn = [&](const window& w) __attribute__((always_inline)) {
      const auto store = [&]<int Unit>() __attribute__((always_inline)) {
        cortex_m::store_signs_in_turn<S, Unit>(a, w.out.positions(), w.out.c, w.stored_out_c);
      };
      if (w.out.c % 32 == 0)
        store.template operator()<32>();
      else if (w.out.c % 4 == 0)
        store.template operator()<4>();
      else
        store.template operator()<1>();
    };
    if constexpr (Geometry::is_static) {
      constexpr window w = Geometry{}();
      if constexpr (cortex_m::is_in_turn(w))
        in_turn(w);
      else
        portable::pointwise<S>(g, a);
    } else {
      const window w = g();
      if (cortex_m::is_in_turn(w))
        in_turn(w);
      else
        portable::pointwise<S>(g, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
