// The input under a window as signed bytes, tap by tap: int8 as they are, u8 less 128, signs as -1 and +1. What lies
// outside is the zero point (+1 for signs); so are channels beyond the active ones (0 for signs). Runs are copied
// sixteen bytes at a time and may end up to fifteen bytes behind their end, which the next run writes again.
#ifndef OFFRAMP_KERNELS_HELIUM_BYTE_WINDOWS_HPP
#define OFFRAMP_KERNELS_HELIUM_BYTE_WINDOWS_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/kind.hpp>
#include <offramp/core/window.hpp>
#include <offramp/kernels/helium/vectors.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::helium {

inline constexpr int slack_bytes = 16;

// Each returns the end of what it was to write.
template <bool LessHalf>
[[gnu::always_inline]] inline std::int8_t* copy_bytes(std::int8_t* to, const std::uint8_t* from, int n) {
#if OFFRAMP_MVE
  const uint8x16_t half = vdupq_n_u8(0x80);
  std::int8_t* at = to;
  int left = n;
#pragma GCC unroll 4
  for (; left >= 16; left -= 16, from += 16, at += 16) {
    uint8x16_t v = vldrbq_u8(from);
    if constexpr (LessHalf) v = veorq_u8(v, half);
    vstrbq_u8(reinterpret_cast<std::uint8_t*>(at), v);
  }
  if (left > 0) {
    uint8x16_t v = vldrbq_z_u8(from, vctp8q(static_cast<std::uint32_t>(left)));
    if constexpr (LessHalf) v = veorq_u8(v, half);
    vstrbq_u8(reinterpret_cast<std::uint8_t*>(at), v);
  }
#else
  for (int i = 0; i < n; ++i) to[i] = static_cast<std::int8_t>(LessHalf ? from[i] ^ 0x80 : from[i]);
#endif
  return to + n;
}
[[gnu::always_inline]] inline std::int8_t* fill_bytes(std::int8_t* to, std::int8_t value, int n) {
#if OFFRAMP_MVE
  const int8x16_t v = vdupq_n_s8(value);
  std::int8_t* at = to;
  for (int left = n; left > 0; left -= 16, at += 16) vstrbq_s8(at, v);
#else
  for (int i = 0; i < n; ++i) to[i] = value;
#endif
  return to + n;
}
// The low n bits of words.
[[gnu::always_inline]] inline std::int8_t* spread_signs(std::int8_t* to, const std::uint32_t* from, int n) {
#if OFFRAMP_MVE
  const int8x16_t plus = vdupq_n_s8(1);
  const int8x16_t minus = vdupq_n_s8(-1);
  std::int8_t* at = to;
  for (int left = n; left > 0; left -= 32, at += 32) {
    const std::uint32_t bits = *from++;
    vstrbq_s8(at, vpselq_s8(minus, plus, static_cast<mve_pred16_t>(bits & 0xffffu)));
    if (left > 16) vstrbq_s8(at + 16, vpselq_s8(minus, plus, static_cast<mve_pred16_t>(bits >> 16)));
  }
#else
  for (int i = 0; i < n; ++i) to[i] = get_bit(from, i) ? -1 : 1;
#endif
  return to + n;
}

// Geometry is kept, not a window: what is known at compile time then is so here.
template <kind K, class Geometry>
class byte_windows {
 public:
  static_assert(K == kind::u8 || K == kind::i8 || K == kind::bits);

  [[gnu::always_inline]] byte_windows(Geometry g, const void* in, int zero)
      : g_{g}, in_{in}, zero_{static_cast<std::int8_t>(K == kind::u8   ? zero - 128
                                                       : K == kind::i8 ? zero
                                                                       : 1)} {}

  // Of sums: the zero point of these bytes.
  [[nodiscard, gnu::always_inline]] std::int32_t zero() const { return K == kind::bits ? 0 : zero_; }

  // The window whose first row is y, first column x.
  [[gnu::always_inline]] void copy(int y, int x, std::int8_t* to) const {
    const window w = g_();
    const int position = position_size(w);
    const int row = w.in.w * position;
    const int last = w.taps() * w.stored_in_c % 16;
    int offset = y * row + x * position;
    if (x >= 0 && x + w.kernel_w <= w.in.w && y >= 0 && y + w.kernel_h <= w.in.h) {
      for (int ky = 0; ky < w.kernel_h; ++ky, offset += row) to = inside(w, to, offset, w.kernel_w);
    } else {
      const int begin = x >= 0 ? 0 : -x < w.kernel_w ? -x : w.kernel_w;
      const int most = w.in.w - x < w.kernel_w ? w.in.w - x : w.kernel_w;
      const int end = most > begin ? most : begin;
      offset += begin * position;
      for (int ky = 0; ky < w.kernel_h; ++ky, offset += row) {
        if (y + ky < 0 || y + ky >= w.in.h) {
          to = outside(w, to, w.kernel_w);
          continue;
        }
        to = outside(w, to, begin);
        to = inside(w, to, offset, end - begin);
        to = outside(w, to, w.kernel_w - end);
      }
    }
    if (last != 0) fill_bytes(to, 0, 16 - last);
  }

 private:
  [[gnu::always_inline]] static int position_size(const window& w) {
    return K == kind::bits ? ceil_div(w.in.c, 32) : w.in.c;
  }
  [[gnu::always_inline]] std::int8_t* outside(const window& w, std::int8_t* to, int taps) const {
    if (K != kind::bits || w.in.c == w.stored_in_c) return fill_bytes(to, zero_, taps * w.stored_in_c);
    for (; taps > 0; --taps) {
      to = fill_bytes(to, zero_, w.in.c);
      to = fill_bytes(to, 0, w.stored_in_c - w.in.c);
    }
    return to;
  }
  [[gnu::always_inline]] std::int8_t* inside(const window& w, std::int8_t* to, int offset, int taps) const {
    if constexpr (K == kind::bits) {
      const auto* from = static_cast<const std::uint32_t*>(in_) + offset;
      for (; taps > 0; --taps, from += position_size(w)) {
        to = spread_signs(to, from, w.in.c);
        if (w.in.c != w.stored_in_c) to = fill_bytes(to, 0, w.stored_in_c - w.in.c);
      }
    } else {
      const auto* from = static_cast<const std::uint8_t*>(in_) + offset;
      if (w.in.c == w.stored_in_c) return copy_bytes<K == kind::u8>(to, from, taps * w.in.c);
      for (; taps > 0; --taps, from += w.in.c) {
        to = copy_bytes<K == kind::u8>(to, from, w.in.c);
        to = fill_bytes(to, zero_, w.stored_in_c - w.in.c);
      }
    }
    return to;
  }

  Geometry g_;
  const void* in_;
  std::int8_t zero_;
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::helium

#endif
