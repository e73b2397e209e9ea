// The input under a window as pairs of 16-bit numbers without their zero point, in the order that weights have
// (packing.hpp); padding is 0, and +1 for signs, channels beyond the active ones are 0. One of P windows whose words
// alternate: word i of this one is to[i * P].
#ifndef OFFRAMP_KERNELS_CORTEX_M_DSP_WINDOW_PAIRS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_DSP_WINDOW_PAIRS_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/kind.hpp>
#include <offramp/core/window.hpp>
#include <offramp/kernels/cortex_m_dsp/conv_integer_traits.hpp>
#include <offramp/kernels/cortex_m_dsp/instructions.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp {

template <int P>
[[gnu::always_inline]] inline std::uint32_t* put_words(std::uint32_t* to, std::uint32_t value, int n) {
  for (int i = 0; i < n; ++i, to += P) {
    *to = value;
    keep_loop();
  }
  return to;
}

// Groups of four bytes.
template <kind K, int P>
[[gnu::always_inline]] inline void put_group(std::uint32_t* to, std::uint32_t bytes, std::uint32_t minus_zero) {
  to[0] = add_bytes<K == kind::i8, false>(minus_zero, bytes);
  to[P] = add_bytes<K == kind::i8, true>(minus_zero, bytes);
}
template <kind K, int P>
[[gnu::always_inline]] inline std::uint32_t* put_bytes(std::uint32_t* to, const unsigned char* from, int groups,
                                                       std::uint32_t minus_zero) {
  int i = 0;
  for (; i + 4 <= groups; i += 4, to += 8 * P, from += 16)
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) put_group<K, P>(to + 2 * P * j, load_bytes(from + 4 * j), minus_zero);
  if (groups % 4 == 0) return to;  // often known
#pragma GCC unroll 3
  for (; i < groups; ++i, to += 2 * P, from += 4) put_group<K, P>(to, load_bytes(from), minus_zero);
  return to;
}

// What a window reads: its first row and column, which padding may hold.
struct place {
  int y, x;
};
[[gnu::always_inline]] constexpr bool has_row(const window& w, int y) { return y >= 0 && y < w.in.h; }

// The columns of a window that lie inside the input.
struct column_range {
  int begin, end;
};
[[gnu::always_inline]] constexpr column_range columns_inside(const window& w, int x) {
  const int begin = x >= 0 ? 0 : -x < w.kernel_w ? -x : w.kernel_w;
  const int end = w.in.w - x < w.kernel_w ? w.in.w - x : w.kernel_w;
  return {begin, end > begin ? end : begin};
}

// Bytes of channels in groups of four: widened straight from the input.
template <kind K, int P>
[[gnu::always_inline]] inline void widen_window(const window& w, const unsigned char* in, int zero, place at,
                                                std::uint32_t* to) {
  const std::uint32_t minus_zero = make_pair(-zero, -zero);
  const int tap_words = w.stored_in_c / 2;
  const int rest = w.in.c % 4;
  const column_range columns = columns_inside(w, at.x);
  for (int ky = 0; ky < w.kernel_h; ++ky) {
    const int y = at.y + ky;
    if (!has_row(w, y)) {
      to = put_words<P>(to, 0, w.kernel_w * tap_words);
      continue;
    }
    to = put_words<P>(to, 0, columns.begin * tap_words);
    const unsigned char* from = in + (y * w.in.w + at.x + columns.begin) * w.in.c;
    for (int kx = columns.begin; kx < columns.end; ++kx, from += w.in.c) {
      to = put_bytes<K, P>(to, from, w.in.c / 4, minus_zero);
      if (w.in.c == w.stored_in_c) continue;
      if (rest != 0) {
        std::uint32_t bytes = static_cast<std::uint32_t>(zero) & 0xffu;
        bytes *= 0x01010101u;
        for (int i = 0; i < rest; ++i) {
          bytes &= ~(0xffu << (8 * i));
          bytes |= std::uint32_t{from[w.in.c - rest + i]} << (8 * i);
        }
        put_group<K, P>(to, bytes, minus_zero);
        to += 2 * P;
      }
      to = put_words<P>(to, 0, tap_words - (w.in.c + 3) / 4 * 2);
    }
    to = put_words<P>(to, 0, (w.kernel_w - columns.end) * tap_words);
  }
}

[[gnu::always_inline]] inline unsigned char* copy_bytes(unsigned char* to, const unsigned char* from, int n) {
  int i = 0;
#pragma GCC unroll 8
  for (; i + 4 <= n; i += 4) {
    store_bytes(to + i, load_bytes(from + i));
    keep_loop();
  }
#pragma GCC unroll 4
  for (; i < n; ++i) {
    to[i] = from[i];
    keep_loop();
  }
  return to + n;
}
[[gnu::always_inline]] inline unsigned char* fill_bytes(unsigned char* to, unsigned char value, int n) {
  fill_run(to, value, n);
  return to + n;
}

// The same for other numbers of channels: rows of taps, which lie side by side, are collected as bytes, then widened.
template <kind K, int P>
[[gnu::always_inline]] inline void collect_window(const window& w, const unsigned char* in, int zero, place at,
                                                  unsigned char* bytes, std::uint32_t* to) {
  const auto nothing = static_cast<unsigned char>(zero);
  unsigned char* next = bytes;
  const bool whole = w.in.c == w.stored_in_c;
  if (whole && at.y >= 0 && at.y + w.kernel_h <= w.in.h && at.x >= 0 && at.x + w.kernel_w <= w.in.w) {
    const unsigned char* from = in + (at.y * w.in.w + at.x) * w.in.c;
#pragma GCC unroll 5
    for (int ky = 0; ky < w.kernel_h; ++ky, from += w.in.w * w.in.c) next = copy_bytes(next, from, w.kernel_w * w.in.c);
  } else {
    const column_range columns = columns_inside(w, at.x);
    for (int ky = 0; ky < w.kernel_h; ++ky) {
      const int y = at.y + ky;
      if (!has_row(w, y)) {
        next = fill_bytes(next, nothing, w.kernel_w * w.stored_in_c);
        continue;
      }
      const unsigned char* from = in + (y * w.in.w + at.x + columns.begin) * w.in.c;
      next = fill_bytes(next, nothing, columns.begin * w.stored_in_c);
      for (int kx = columns.begin; kx < columns.end; ++kx, from += w.in.c) {
        for (int c = 0; c < w.in.c; ++c) {
          *next++ = from[c];
          keep_loop();
        }
        next = fill_bytes(next, nothing, w.stored_in_c - w.in.c);
      }
      next = fill_bytes(next, nothing, (w.kernel_w - columns.end) * w.stored_in_c);
    }
  }
  const int depth = w.taps() * w.stored_in_c;
  const int groups = (depth + 3) / 4;
  fill_run(next, nothing, groups * 4 - depth);
  put_bytes<K, P>(to, bytes, groups, make_pair(-zero, -zero));
}

// Pairs made of single numbers, in turn.
template <int P>
class pair_writer {
 public:
  explicit pair_writer(std::uint32_t* to) : to_{to} {}
  [[gnu::always_inline]] void put(std::int32_t number) {
    if (half_) {
      *to_ = make_pair(low_, number);
      to_ += P;
    } else {
      low_ = number;
    }
    half_ = !half_;
  }
  [[gnu::always_inline]] void put_many(std::int32_t number, int n) {
    for (int i = 0; i < n; ++i) {
      put(number);
      keep_loop();
    }
  }

 private:
  std::uint32_t* to_;
  std::int32_t low_ = 0;
  bool half_ = false;
};

// Numbers of 16 bits, and signs of any number of channels.
template <kind K, int P>
[[gnu::always_inline]] inline void widen_in_turn(const window& w, const storage_t<K>* in, place at, int slots,
                                                 std::uint32_t* to) {
  const int position = K == kind::bits ? ceil_div(w.in.c, 32) : w.in.c;
  pair_writer<P> pairs{to};
  for (int ky = 0; ky < w.kernel_h; ++ky)
    for (int kx = 0; kx < w.kernel_w; ++kx) {
      const int y = at.y + ky;
      const int x = at.x + kx;
      if (has_row(w, y) && x >= 0 && x < w.in.w) {
        const storage_t<K>* from = in + (y * w.in.w + x) * position;
        for (int c = 0; c < w.in.c; ++c) {
          if constexpr (K == kind::bits)
            pairs.put(get_bit(from, c) ? -1 : 1);
          else
            pairs.put(from[c]);
        }
      } else {
        pairs.put_many(K == kind::bits ? 1 : 0, w.in.c);
      }
      pairs.put_many(0, w.stored_in_c - w.in.c);
    }
  pairs.put_many(0, slots - w.taps() * w.stored_in_c);
}

// Signs of whole words: lanes of 1 where there is a channel, less 2 where it is -1.
template <int P>
[[gnu::always_inline]] inline std::uint32_t* put_signs(std::uint32_t* to, std::uint32_t signs, std::uint32_t channels) {
  *to = subtract_pairs(channels & 0x00010001u, signs << 1 & 0x00020002u);
#pragma GCC unroll 16
  for (int i = 1; i < 16; ++i) to[i * P] = subtract_pairs(channels >> i & 0x00010001u, signs >> (i - 1) & 0x00020002u);
  return to + 16 * P;
}
template <int P>
[[gnu::always_inline]] inline void widen_signs(const window& w, const std::uint32_t* in, place at, std::uint32_t* to) {
  const int words = ceil_div(w.in.c, 32);
  const column_range columns = columns_inside(w, at.x);
  for (int ky = 0; ky < w.kernel_h; ++ky) {
    const int y = at.y + ky;
    for (int kx = 0; kx < w.kernel_w; ++kx) {
      const bool inside = has_row(w, y) && kx >= columns.begin && kx < columns.end;
      const std::uint32_t* from = in + (inside ? (y * w.in.w + at.x + kx) * words : 0);
      for (int k = 0; k < words; ++k) {
        const std::uint32_t signs = inside ? from[k] : 0;
        to = put_signs<P>(to, signs, w.in.c % 32 == 0 ? ~0u : low_bits(w.in.c - 32 * k));
      }
      to = put_words<P>(to, 0, (w.stored_in_c / 32 - words) * 16);
    }
  }
}

// Window `at` of the op; `bytes` is room for collecting.
template <op_signature S, int P>
[[gnu::always_inline]] inline void widen(const kernel_op& op, const void* in, int zero, place at, unsigned char* bytes,
                                         std::uint32_t* to) {
  const window& w = op.geometry;
  if constexpr (S.in == kind::u8 || S.in == kind::i8) {
    const auto* from = static_cast<const unsigned char*>(in);
    if (collects_bytes(op))
      collect_window<S.in, P>(w, from, zero, at, bytes, to);
    else
      widen_window<S.in, P>(w, from, zero, at, to);
  } else {
    const auto* from = static_cast<const storage_t<S.in>*>(in);
    if constexpr (S.in == kind::bits) {
      if (order_of(op) == order::halves_of_32) return widen_signs<P>(w, from, at, to);
    }
    widen_in_turn<S.in, P>(w, from, at, slots(op), to);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp

#endif
