// The input once more, with its padding around it (runs_of_taps.hpp). Rows are written one after the other, whole
// vectors at a time, so that what is written too much is what comes next; a copy has room for 16 bytes more behind it.
#ifndef OFFRAMP_KERNELS_NEON_INPUT_COPY_HPP
#define OFFRAMP_KERNELS_NEON_INPUT_COPY_HPP

#include <cstdint>

#include <offramp/core/kind.hpp>
#include <offramp/kernels/neon/runs_of_taps.hpp>
#include <offramp/kernels/neon/vectors.hpp>
#include <offramp/kernels/runs.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels::neon {

// n bytes of one value, and up to 15 more.
[[gnu::always_inline]] inline unsigned char* fill_bytes(unsigned char* to, std::uint8_t value, int n) {
  const uint8x16_t v = vdupq_n_u8(value);
  for (int i = 0; i < n; i += 16) {
    store_bytes(to + i, v);
    keep_loop();
  }
  return to + n;
}

// n bytes, each with some bits turned around; reads none beyond them.
[[gnu::always_inline]] inline unsigned char* copy_bytes(unsigned char* to, const unsigned char* from,
                                                        std::uint8_t turned, int n) {
  const uint8x16_t v = vdupq_n_u8(turned);
  int i = 0;
  for (; i + 16 <= n; i += 16) {
    store_bytes(to + i, veorq_u8(load_bytes(from + i), v));
    keep_loop();
  }
  for (; i + 4 <= n; i += 4) {
    std::uint32_t word;
    __builtin_memcpy(&word, from + i, 4);
    word ^= turned * 0x01010101u;
    __builtin_memcpy(to + i, &word, 4);
    keep_loop();
  }
  for (; i < n; ++i) {
    to[i] = from[i] ^ turned;
    keep_loop();
  }
  return to + n;
}

// The signs of a position as bytes +1 and -1.
[[gnu::always_inline]] inline unsigned char* copy_signs(unsigned char* to, const std::uint32_t* from, int channels) {
  const uint8x16_t places = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
  for (int c = 0; c < channels; c += 16) {
    const auto signs = static_cast<std::uint16_t>(from[c / 32] >> (c % 32));
    const uint8x16_t low_and_high =
        vcombine_u8(vdup_n_u8(static_cast<std::uint8_t>(signs)), vdup_n_u8(static_cast<std::uint8_t>(signs >> 8)));
    store_bytes(to + c, vorrq_u8(vtstq_u8(low_and_high, places), vdupq_n_u8(1)));
  }
  return to + channels;
}

// n positions of the input, or of padding (`from` null), for loops that take bytes.
template <kind K>
[[gnu::always_inline]] inline unsigned char* copy_positions(const runs_of_taps& r, const unsigned char* from, int n,
                                                            std::uint8_t padding, unsigned char* to) {
  constexpr std::uint8_t turned = K == kind::u8 ? 0x80 : 0;
  const int channels = r.w.in.c;
  if (channels == r.position) {
    if (from == nullptr) return fill_bytes(to, padding, n * channels);
    if constexpr (K != kind::bits) return copy_bytes(to, from, turned, n * channels);
  }
  const int from_position = K == kind::bits ? 4 * ceil_div(channels, 32) : channels;
  for (int i = 0; i < n; ++i) {
    if (from == nullptr)
      fill_bytes(to, padding, channels);
    else if constexpr (K == kind::bits)
      copy_signs(to, reinterpret_cast<const std::uint32_t*>(from + i * from_position), channels);
    else
      copy_bytes(to, from + i * from_position, turned, channels);
    if (r.position > channels) fill_bytes(to + channels, 0, r.position - channels);
    to += r.position;
  }
  return to;
}

// The whole of it. Calls row(to, y, x, n) for n positions of the input from (y, x) on, and padding(to, n) for others;
// both return what is behind.
template <class Row, class Padding>
[[gnu::always_inline]] inline void copy_input(const runs_of_taps& r, unsigned char* to, Row row, Padding padding) {
  const window& w = r.w;
  const int columns = r.held_columns();
  const int below = r.rows - r.held_rows() - w.pad_top;
  if (w.pad_top > 0) to = padding(to, (w.pad_top < r.rows ? w.pad_top : r.rows) * r.columns);
  for (int y = 0; y < r.held_rows(); ++y) {
    if (w.pad_left > 0) to = padding(to, w.pad_left < r.columns ? w.pad_left : r.columns);
    to = row(to, y, columns);
    const int beside = r.columns - columns - w.pad_left;
    if (beside > 0) to = padding(to, beside);
  }
  if (below > 0) padding(to, below * r.columns);
}

// Signs and floats, as they are; padding is all zeros. Returns where the input begins, copied or not.
[[gnu::always_inline]] inline const unsigned char* copied_words(const runs_of_taps& r, const void* in,
                                                                unsigned char* copy) {
  const auto* from = static_cast<const unsigned char*>(in);
  if (!r.copies) return from;
  const int row_bytes = r.w.in.w * r.position;
  copy_input(
      r, copy,
      [&](unsigned char* to, int y, int n)
          __attribute__((always_inline)) { return copy_bytes(to, from + y * row_bytes, 0, n * r.position); },
      [&](unsigned char* to, int n) __attribute__((always_inline)) { return fill_bytes(to, 0, n * r.position); });
  return copy;
}

// Numbers as signed bytes: unsigned ones 128 lower, signs +1 and -1. Padding is `padding`.
template <kind K>
[[gnu::always_inline]] inline const unsigned char* copied_bytes(const runs_of_taps& r, const void* in,
                                                                std::uint8_t padding, unsigned char* copy) {
  const auto* from = static_cast<const unsigned char*>(in);
  if (!r.copies) return from;
  const int row_bytes = r.w.in.w * (K == kind::bits ? 4 * ceil_div(r.w.in.c, 32) : r.w.in.c);
  copy_input(
      r, copy,
      [&](unsigned char* to, int y, int n)
          __attribute__((always_inline)) { return copy_positions<K>(r, from + y * row_bytes, n, padding, to); },
      [&](unsigned char* to, int n)
          __attribute__((always_inline)) { return copy_positions<K>(r, nullptr, n, padding, to); });
  return copy;
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon
#endif

#endif
