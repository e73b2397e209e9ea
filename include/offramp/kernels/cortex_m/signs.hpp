// Signs of numbers, bit by bit into the word that they become. Layers share one body of code. What repeats channels or
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

template <op_signature S>
[[gnu::noinline]] inline void store_signs_in_turn(const arguments& a, int positions, int channels,
                                                  int stored_channels) {
  const std::uint32_t* const thresholds = a.weights + weight_layout::header_words;
  const auto zero = static_cast<std::int32_t>(a.weights[0]);
  const auto* from = static_cast<const storage_t<S.in>*>(a.in);
  auto* to = static_cast<std::uint32_t*>(a.out);
  for (; positions > 0; --positions) {
    const std::uint32_t* threshold = thresholds;
    const std::uint32_t* flips = thresholds + stored_channels;
    for (int left = channels; left > 0; left -= 32) {
      const std::uint32_t end = left < 32 ? 1u << left : 0u;
      std::uint32_t bits = 0;
      for (std::uint32_t bit = 1; bit != end; bit <<= 1) {
        if (*from++ - zero < static_cast<std::int32_t>(*threshold++)) bits |= bit;
      }
      *to++ = (bits ^ *flips++) & (end - 1u);
    }
  }
}

}  // namespace cortex_m

template <>
struct code<cortex_m::signs> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    const auto in_turn = [&](const window& w) __attribute__((always_inline)) {
      cortex_m::store_signs_in_turn<S>(a, w.out.positions(), w.out.c, w.stored_out_c);
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
