// Convolutions and dense layers of bytes, of 16-bit numbers, and of signs times int8; weights int8 or signs.
#ifndef OFFRAMP_KERNELS_CORTEX_M_DSP_CONV_INTEGER_TRAITS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_DSP_CONV_INTEGER_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/cortex_m_dsp/packing.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/reckoned.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp {

// Positions that meet a row of weights together.
[[gnu::always_inline]] constexpr int positions_together(const window& w) { return w.out.positions() > 1 ? 2 : 1; }

// Are bytes collected before they are widened? Groups of four must not lie across two taps.
[[gnu::always_inline]] constexpr bool collects_bytes(const kernel_op& op) {
  return order_of(op) == order::halves_of_4 && op.geometry.stored_in_c % 4 != 0;
}

// Steps of a loop that are written out; `steps` 0: not known.
constexpr int steps_together(int steps) {
  if (steps <= 0) return 1;
  if (steps <= 8) return steps;  // 8 * 15 instructions: see OFFRAMP_ASM_ROOM (products.hpp)
  return steps % 4 == 0 ? 4 : steps % 3 == 0 ? 3 : steps % 2 == 0 ? 2 : 1;
}

// Instructions, read off the loops and counted ops of a Cortex-M4 (benchmarks/board_profile.sh, gcc 12, -O2) and
// rounded: of widening all windows; of the products of two output channels with two windows, or with one.
constexpr std::int64_t widening_cost(const kernel_op& op) {
  const window& w = op.geometry;
  const std::int64_t positions = w.out.positions(), taps = positions * w.taps();
  const std::int64_t inside = portable::taps_inside(w.in.h, w.out.h, w.kernel_h, w.stride_h, w.pad_top) *
                              portable::taps_inside(w.in.w, w.out.w, w.kernel_w, w.stride_w, w.pad_left);
  const int c = w.in.c;
  if (collects_bytes(op)) return positions * (40 + 2 * slots(op)) + (taps - inside) * (12 + 4 * c);
  switch (order_of(op)) {
    case order::halves_of_4:
      return positions * 40 * w.kernel_h + inside * (6 + 3 * c / 2) + (taps - inside) * 9 * c / 4;
    case order::halves_of_32: return taps * (17 + 66 * ceil_div(c, 32));
    case order::in_turn: return taps * (10 + 15 * c);
  }
  return 0;
}
constexpr std::int64_t products_cost(const kernel_op& op, bool two_windows) {
  const int n = slots(op);
  if (op.signature.weights == kind::bits) return n / 32 * (two_windows ? 115 : 82) + n % 32 / 2 * (two_windows ? 7 : 5);
  return n / 4 * (two_windows ? 15 : 10) + 2 * (n / 4) / steps_together(n / 4);
}

struct conv_integer {
  static constexpr bool runs(const op_signature& s) {
    if (s.what != op_kind::conv || s.grouped || s.in_layout != layout::nhwc || s.out_layout != layout::nhwc)
      return false;
    if (s.in == kind::bits) return s.weights == kind::i8;
    const bool numbers = s.in == kind::u8 || s.in == kind::i8 || s.in == kind::i16;
    return numbers && (s.weights == kind::i8 || s.weights == kind::bits);
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) { return packed_words(op); }
  // Windows as pairs, word by word of the positions; then the bytes of one.
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    const auto bytes = static_cast<std::size_t>(slots(op));
    const auto windows = 2 * bytes * static_cast<std::size_t>(positions_together(op.geometry));
    return windows + (collects_bytes(op) ? bytes : 0);
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    cortex_m_dsp::pack(op, canonical, packed);
  }
  static constexpr reckoning reckoned(const kernel_op& op) {
    const window& w = op.geometry;
    const std::int64_t positions = w.out.positions(), pairs = positions_together(w) == 2 ? positions / 2 : 0;
    const std::int64_t products =
        pairs * (30 + products_cost(op, true)) + (positions - 2 * pairs) * (30 + products_cost(op, false));
    const std::int64_t signs = op.signature.weights == kind::bits ? positions * 2 * slots(op) : 0;
    return {widening_cost(op) + ceil_div(w.out.c, 2) * products + signs +
            positions * w.out.c * (op.signature.out == kind::bits ? 0 : 6)};
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp

#endif
