// How the portable path lays out the kernels of convolutions; header and parameters stay canonical (weights.hpp).
//
//   word_tiles  bits x bits, and float: tiles of 32 output channels (the last holds what is left), in a tile the canonical
//               words of one channel become a column: word k of all its channels, then word k+1 ...
//   byte_tiles  the same with int8 weights, for shallow windows: no horizontal sum at the end. Signs of inputs with at
//               most 4 channels are widened to bytes -1 and +1 (no more memory than a canonical word per tap)
//   rows        canonical: deep integer windows, and numbers times signs
//
// Nothing grows beyond its canonical size, and a tile knows its channels only: stored channels, not active ones, count.
#ifndef OFFRAMP_KERNELS_PORTABLE_PACKING_HPP
#define OFFRAMP_KERNELS_PORTABLE_PACKING_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/op.hpp>
#include <offramp/kernels/portable/output_tile.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

enum class form : std::uint8_t { word_tiles, byte_tiles, rows };

// Signs as bytes?
constexpr bool widens_signs(const kernel_op& op) {
  return op.signature.weights == kind::bits && op.signature.in != kind::bits && op.geometry.stored_in_c <= 4;
}

// From this depth on a dot product over contiguous bytes pays for its horizontal sum.
inline constexpr int deep = 32;

constexpr form form_of(const kernel_op& op) {
  const op_signature& s = op.signature;
  if (s.weights == kind::f32 || (s.weights == kind::bits && s.in == kind::bits)) return form::word_tiles;
  if (s.weights == kind::bits && !widens_signs(op)) return form::rows;
  return op.geometry.taps() * op.geometry.stored_in_c < deep ? form::byte_tiles : form::rows;
}

// Products of one output as stored: words (word_tiles, rows of signs) or bytes.
constexpr int stored_depth(const kernel_op& op) {
  const window& w = op.geometry;
  if (op.signature.weights == kind::bits && !widens_signs(op)) return w.taps() * ceil_div(w.stored_in_c, 32);
  return w.taps() * w.stored_in_c;
}

constexpr std::size_t packed_words(const kernel_op& op) {
  const weight_layout l = canonical_layout(op);
  if (op.signature.what != op_kind::conv || !widens_signs(op)) return l.total();
  const std::size_t bytes = static_cast<std::size_t>(op.geometry.stored_out_c) * static_cast<std::size_t>(stored_depth(op));
  return l.kernel() + (bytes + 3) / 4;
}

// Where number k of channel o stands within a kernel in tiles.
constexpr int tile_index(int stored_out_c, int depth, int o, int k) {
  const int first = o / tile_channels * tile_channels;
  return first * depth + k * tile_width(stored_out_c, first) + o - first;
}

constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
  const weight_layout l = canonical_layout(op);
  const std::size_t total = packed_words(op);
  if (op.signature.what != op_kind::conv || (form_of(op) == form::rows && !widens_signs(op))) {
    for (std::size_t i = 0; i < total; ++i) packed[i] = canonical[i];
    return;
  }
  for (std::size_t i = 0; i < l.kernel(); ++i) packed[i] = canonical[i];
  const std::uint32_t* from = canonical + l.kernel();
  std::uint32_t* to = packed + l.kernel();
  const int channels = op.geometry.stored_out_c;
  const int depth = stored_depth(op);
  if (form_of(op) == form::word_tiles) {
    for (int o = 0; o < channels; ++o)
      for (int k = 0; k < depth; ++k) to[tile_index(channels, depth, o, k)] = from[o * depth + k];
    return;
  }
  for (std::size_t i = l.kernel(); i < total; ++i) packed[i] = 0;
  const int in_c = op.geometry.stored_in_c;
  for (int o = 0; o < channels; ++o)
    for (int k = 0; k < depth; ++k) {
      const int i = o * depth + k;
      const int tap = i / in_c;  // over all channels: widened signs have one word per tap
      const std::uint32_t byte = !widens_signs(op)                  ? (from[i / 4] >> (8 * (i % 4))) & 0xffu
                                 : get_bit(from + tap, i - tap * in_c) ? 0xffu
                                                                    : 0x01u;
      const int at = form_of(op) == form::rows ? i : tile_index(channels, depth, o, k);
      to[at / 4] |= byte << (8 * (at % 4));
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
