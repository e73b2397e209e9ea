// How numbers of a window and weights are ordered, so that pairs meet without being rearranged. A window is a run of
// slots, two to a word, its taps one after the other:
//
//   halves_of_4   bytes: x0 x2, x1 x3: what sxtb16 makes of a word, and of the same word rotated by 8
//   in_turn       x0 x1, x2 x3 ...: 16-bit numbers; signs of any number of channels
//   halves_of_32  signs of whole words: x0 x16, x1 x17 ...: bits i and i + 16 of a word, shifted by i
//
// Weights follow that order: int8 four slots a word, so that sxtb16 yields the pairs; signs 32 slots a word, pair i at
// bits i and i + 16. Rows of two output channels alternate word by word. Windows are filled up to four slots.
#ifndef OFFRAMP_KERNELS_CORTEX_M_DSP_PACKING_HPP
#define OFFRAMP_KERNELS_CORTEX_M_DSP_PACKING_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/op.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp {

enum class order : std::uint8_t { halves_of_4, in_turn, halves_of_32 };

// Chosen by stored channels, so that nested widths share weights.
[[gnu::always_inline]] constexpr order order_of(const kernel_op& op) {
  const op_signature& s = op.signature;
  if (s.in == kind::u8 || s.in == kind::i8) return order::halves_of_4;
  return s.in == kind::bits && op.geometry.stored_in_c % 32 == 0 ? order::halves_of_32 : order::in_turn;
}

// The slot of number k.
[[gnu::always_inline]] constexpr int slot_of(order o, int k) {
  if (o == order::halves_of_4) return k / 4 * 4 + k % 2 * 2 + k % 4 / 2;
  if (o == order::halves_of_32) return k / 32 * 32 + k % 16 * 2 + k % 32 / 16;
  return k;
}

[[gnu::always_inline]] constexpr int used_slots(const kernel_op& op) {
  return op.geometry.taps() * op.geometry.stored_in_c;
}
[[gnu::always_inline]] constexpr int slots(const kernel_op& op) { return (used_slots(op) + 3) / 4 * 4; }

// Words of one output channel, and of all.
[[gnu::always_inline]] constexpr int row_words(const kernel_op& op) {
  return op.signature.weights == kind::bits ? ceil_div(slots(op), 32) : slots(op) / 4;
}
constexpr std::size_t packed_words(const kernel_op& op) {
  const auto rows = static_cast<std::size_t>((op.geometry.stored_out_c + 1) / 2 * 2);
  return canonical_layout(op).kernel() + rows * static_cast<std::size_t>(row_words(op));
}

constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
  const std::size_t begin = canonical_layout(op).kernel();
  const std::size_t all = packed_words(op);
  for (std::size_t i = 0; i < all; ++i) packed[i] = i < begin ? canonical[i] : 0;
  const std::uint32_t* from = canonical + begin;
  const window& w = op.geometry;
  const bool signs = op.signature.weights == kind::bits;
  const order o = order_of(op);
  const int depth = used_slots(op);
  const int words = row_words(op);
  const int tap_words = ceil_div(w.stored_in_c, 32);
  for (int c = 0; c < w.stored_out_c; ++c) {
    std::uint32_t* row = packed + begin + c / 2 * 2 * words + c % 2;
    for (int k = 0; k < depth; ++k) {
      const int slot = slot_of(o, k);
      const int lane = slot % 2;
      if (signs) {
        const int tap = k / w.stored_in_c;
        const std::uint32_t bit = get_bit(from + (c * w.taps() + tap) * tap_words, k % w.stored_in_c) ? 1 : 0;
        row[slot / 32 * 2] |= bit << (slot % 32 / 2 + 16 * lane);
      } else {
        const int i = c * depth + k;
        const std::uint32_t byte = from[i / 4] >> (8 * (i % 4)) & 0xffu;
        row[slot / 4 * 2] |= byte << (8 * (lane * 2 + slot % 4 / 2));
      }
    }
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp

#endif
