// How a tensor lies in memory. NHWC with bits packed along channels is the canonical interchange form; between two ops
// a path may agree on another one. Layout is part of a tensor's type.
#ifndef OFFRAMP_CORE_LAYOUT_HPP
#define OFFRAMP_CORE_LAYOUT_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/kind.hpp>
#include <offramp/core/shape.hpp>

namespace offramp::inline OFFRAMP_ABI {

enum class layout : std::uint8_t {
  nhwc,        // channels innermost; a position of bits starts a new 32-bit word, spare bits are zero (= +1)
  nhwc_wide,   // bits only: a position starts a new 64-bit pair of words, so that hosts read 64 channels at once
  bit_planes,  // bits only: one plane of height*width bits per channel, each starting a new 32-bit word
  bit_rows,    // bits only: one plane per channel, each starting a new 32-bit word, its rows `row_bits` apart
};

constexpr const char* to_string(layout l) {
  switch (l) {
    case layout::nhwc: return "nhwc";
    case layout::nhwc_wide: return "nhwc_wide";
    case layout::bit_planes: return "bit_planes";
    case layout::bit_rows: return "bit_rows";
  }
  return "unknown";
}

// 32-bit words of bits at one position (nhwc, nhwc_wide) for `channels` channels.
constexpr int position_words(int channels, layout l) {
  return l == layout::nhwc_wide ? 2 * ceil_div(channels, 64) : ceil_div(channels, 32);
}

// 32-bit words of one plane (bit_planes) of `positions` bits.
constexpr int plane_words(int positions) { return ceil_div(positions, 32); }

// Bits from one row of a plane to the next (bit_rows): a field that vector shifts know, so that shifting a row drops
// what leaves it. Spare bits are zero.
constexpr int row_bits(int width) { return width <= 16 ? 16 : width <= 32 ? 32 : ceil_div(width, 64) * 64; }

// 32-bit words of one plane (bit_rows).
constexpr int row_plane_words(shape s) { return ceil_div(s.h * row_bits(s.w), 32); }

// Bytes of a tensor.
constexpr std::size_t tensor_bytes(shape s, kind k, layout l) {
  if (k != kind::bits) return static_cast<std::size_t>(s.size()) * static_cast<std::size_t>(bit_width(k)) / 8;
  if (l == layout::bit_planes) return std::size_t{4} * static_cast<std::size_t>(s.c * plane_words(s.positions()));
  if (l == layout::bit_rows) return std::size_t{4} * static_cast<std::size_t>(s.c * row_plane_words(s));
  return std::size_t{4} * static_cast<std::size_t>(s.positions() * position_words(s.c, l));
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
