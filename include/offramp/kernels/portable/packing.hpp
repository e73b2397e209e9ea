// How the portable path lays out the kernels of convolutions; header and parameters stay canonical (weights.hpp).
//
//   word_tiles    bits x bits, and float: tiles of 32 output channels (the last holds what is left), in a tile the
//                 canonical words of one channel become a column: word k of all its channels, then word k+1 ...
//   byte_rows     int8: canonical. Signs that meet numbers of at most 4 channels are widened to bytes -1 and +1 (no
//                 more memory than a canonical word per tap)
//   sign_rows     other signs that meet numbers: canonical
//   channel_rows  one input channel for each output (depthwise): tap by tap, the weights of all channels side by side;
//                 signs are widened to bytes
//
// Nothing grows beyond its canonical size. Tiles and rows are made of stored channels, not of active ones; every group
// has tiles of its own. Functions of the op alone are always inlined: with a static geometry they fold even under -Os.
#ifndef OFFRAMP_KERNELS_PORTABLE_PACKING_HPP
#define OFFRAMP_KERNELS_PORTABLE_PACKING_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/op.hpp>
#include <offramp/kernels/portable/output_tile.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

enum class form : std::uint8_t { word_tiles, byte_rows, sign_rows, channel_rows };

// Does every output channel read a single input channel?
[[gnu::always_inline]] constexpr bool by_channel(const kernel_op& op) {
  return op.signature.grouped && op.geometry.group_in_c() == 1;
}

// Signs as bytes?
[[gnu::always_inline]] constexpr bool widens_signs(const kernel_op& op) {
  if (op.signature.weights != kind::bits) return false;
  return by_channel(op) || (op.signature.in != kind::bits && op.geometry.stored_group_in_c() <= 4);
}

[[gnu::always_inline]] constexpr form form_of(const kernel_op& op) {
  const op_signature& s = op.signature;
  if (by_channel(op)) return form::channel_rows;
  if (s.weights == kind::f32 || (s.weights == kind::bits && s.in == kind::bits)) return form::word_tiles;
  return s.weights == kind::i8 || widens_signs(op) ? form::byte_rows : form::sign_rows;
}

// Words (word_tiles, sign_rows), bytes (byte_rows) or either (channel_rows) of one output channel.
[[gnu::always_inline]] constexpr int stored_depth(const kernel_op& op) {
  const window& w = op.geometry;
  if (op.signature.weights == kind::bits && !widens_signs(op)) return w.taps() * ceil_div(w.stored_group_in_c(), 32);
  return w.taps() * w.stored_group_in_c();
}

// Output channels that share tiles: those of a group.
[[gnu::always_inline]] constexpr int tiled_channels(const kernel_op& op) {
  const window& w = op.geometry;
  return op.signature.grouped ? w.out.c / w.groups : w.stored_out_c;
}

constexpr std::size_t packed_words(const kernel_op& op) {
  const weight_layout l = canonical_layout(op);
  if (op.signature.what != op_kind::conv || !widens_signs(op)) return l.total();
  const std::size_t bytes =
      static_cast<std::size_t>(op.geometry.stored_out_c) * static_cast<std::size_t>(stored_depth(op));
  return l.kernel() + (bytes + 3) / 4;
}

// Where number k of channel o stands within a kernel in tiles.
constexpr int tile_index(int stored_out_c, int depth, int o, int k) {
  const int first = o / tile_channels * tile_channels;
  return first * depth + k * tile_width(stored_out_c, first) + o - first;
}

constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
  const weight_layout l = canonical_layout(op);
  const bool tiles = form_of(op) == form::word_tiles;
  const bool rows = form_of(op) == form::channel_rows;
  if (op.signature.what != op_kind::conv || (!tiles && !rows && !widens_signs(op))) {
    for (std::size_t i = 0; i < l.total(); ++i) packed[i] = canonical[i];
    return;
  }
  for (std::size_t i = 0; i < l.kernel(); ++i) packed[i] = canonical[i];
  const std::uint32_t* from = canonical + l.kernel();
  std::uint32_t* to = packed + l.kernel();
  const int channels = op.geometry.stored_out_c;
  const int depth = stored_depth(op);
  if (tiles) {
    const int together = tiled_channels(op);
    for (int o = 0; o < channels; ++o)
      for (int k = 0; k < depth; ++k) {
        const int i = tile_index(together, depth, o % together, k);
        to[o / together * together * depth + i] = from[o * depth + k];
      }
    return;
  }
  const bool words = op.signature.weights == kind::f32;
  const int in_c = op.geometry.stored_group_in_c();  // a canonical word of signs per tap holds all channels
  for (std::size_t i = l.kernel(); i < packed_words(op); ++i) packed[i] = 0;
  for (int i = 0; i < channels * depth; ++i) {
    const int at = rows ? i % depth * channels + i / depth : i;
    if (words) {
      to[at] = from[i];
      continue;
    }
    const std::uint32_t byte = op.signature.weights == kind::bits ? (get_bit(from + i / in_c, i % in_c) ? 0xffu : 0x01u)
                                                                  : from[i / 4] >> (8 * (i % 4)) & 0xffu;
    to[at / 4] |= byte << (8 * (at % 4));
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
