// Convolutions and dense layers of bytes, of 16-bit numbers, and of signs times int8; weights int8 or signs.
#ifndef OFFRAMP_KERNELS_CORTEX_M_DSP_CONV_INTEGER_TRAITS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_DSP_CONV_INTEGER_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/cortex_m_dsp/packing.hpp>
#include <offramp/kernels/path.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp {

// Positions that meet a row of weights together.
[[gnu::always_inline]] constexpr int positions_together(const window& w) { return w.out.positions() > 1 ? 2 : 1; }

// Are bytes collected before they are widened? Groups of four must not lie across two taps.
[[gnu::always_inline]] constexpr bool collects_bytes(const kernel_op& op) {
  return order_of(op) == order::halves_of_4 && op.geometry.stored_in_c % 4 != 0;
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
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp

#endif
