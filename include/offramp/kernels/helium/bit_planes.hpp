// Bits of 32 positions side by side: 32 words of channels become 32 words of positions and back (Warren, "Hacker's
// Delight", 7-3). Where a window moves one by one over rows as long as those of the output, the input is turned once,
// and what a tap sees are its planes, shifted; columns that a shift takes from another row are masked away.
#ifndef OFFRAMP_KERNELS_HELIUM_BIT_PLANES_HPP
#define OFFRAMP_KERNELS_HELIUM_BIT_PLANES_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/window.hpp>
#include <offramp/kernels/cortex_m/target.hpp>
#include <offramp/kernels/helium/vectors.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::helium {

// Changes the high halves of lanes of `a` against the low halves of those of b.
template <int Bits>
[[gnu::always_inline]] inline void exchange_halves(words4& a, words4& b) {
  const words4 old = a;
  a = insert_above<Bits, Bits / 2>(a, b);
  b = insert_below<Bits, Bits / 2>(b, old);
}
// Changes the bits of `a` at places with bit D against those of b at places without it.
template <int D>
[[gnu::always_inline]] inline void exchange_bits(words4& a, words4& b, words4 without) {
  const words4 t = bit_and(bit_xor(shift_right<D>(a), b), without);
  b = bit_xor(b, t);
  a = bit_xor(a, shift_left<D>(t));
}

// Bit j of word i becomes bit i of word j.
OFFRAMP_CORTEX_M void transpose(std::uint32_t* rows) {
  for (std::uint32_t* r = rows; r != rows + 8; r += 4) {
    words4 a = load_words(r), b = load_words(r + 8), c = load_words(r + 16), d = load_words(r + 24);
    exchange_halves<32>(a, c);
    exchange_halves<32>(b, d);
    exchange_halves<16>(a, b);
    exchange_halves<16>(c, d);
    store_words(r, a), store_words(r + 8, b), store_words(r + 16, c), store_words(r + 24, d);
  }
  for (std::uint32_t* r = rows; r != rows + 32; r += 8) {
    words4 a = load_words(r), b = load_words(r + 4);
    exchange_halves<8>(a, b);
    store_words(r, a), store_words(r + 4, b);
  }
  const words4 every_fourth = make_words(0, 4, 8, 12);
  const words4 pairs = all_words(0x33333333u);
  const words4 singles = all_words(0x55555555u);
  for (std::uint32_t* r = rows; r != rows + 32; r += 16) {
    words4 a = gather(r, every_fourth), b = gather(r + 1, every_fourth);
    words4 c = gather(r + 2, every_fourth), d = gather(r + 3, every_fourth);
    exchange_bits<2>(a, c, pairs);
    exchange_bits<2>(b, d, pairs);
    exchange_bits<1>(a, b, singles);
    exchange_bits<1>(c, d, singles);
    scatter(r, every_fourth, a), scatter(r + 1, every_fourth, b);
    scatter(r + 2, every_fourth, c), scatter(r + 3, every_fourth, d);
  }
}

// Planes of the input: 32 words for every word of channels and 32 positions, then 32 words of zeros, what lies outside.
[[gnu::always_inline]] constexpr int position_words(const window& w) { return ceil_div(w.in.h * w.in.w, 32); }
[[gnu::always_inline]] constexpr int plane_words(const window& w, int channel_words) {
  return 32 * (channel_words * position_words(w) + 1);
}

[[gnu::always_inline]] inline void make_planes(const std::uint32_t* in, const window& w, std::uint32_t* planes) {
  const int words = ceil_div(w.in.c, 32);
  const int positions = w.in.h * w.in.w;
  for (int word = 0; word < words; ++word)
    for (int first = 0; first < positions; first += 32, planes += 32) {
      const int n = positions - first < 32 ? positions - first : 32;
      const std::uint32_t* from = in + first * words + word;
      for (int i = 0; i < n; ++i, from += words) {
        planes[i] = *from;
        keep_loop();
      }
      fill_run(planes + n, std::uint32_t{0}, 32 - n);
      transpose(planes);
    }
  fill_run(planes, std::uint32_t{0}, 32);
}

// Where 32 positions find what a tap sees: two neighbouring words of planes, and how they are put together.
struct plane_view {
  const std::uint32_t* low;
  const std::uint32_t* high;
  int shift;  // of low to the right; high comes to the left of it
  std::uint32_t inside;
};

// Bits j of 32 positions from `first` on whose column plus `by` lies within rows of `width`.
[[gnu::always_inline]] inline std::uint32_t columns_inside(int first, int width, int by) {
  if (by == 0) return ~0u;
  const int begin = by < 0 ? -by : 0;
  const int end = by < 0 ? width : width - by;
  if (begin >= end) return 0;
  std::uint32_t bits = 0;
  for (int row = -(first % width); row < 32; row += width) {
    const int from = row + begin > 0 ? row + begin : 0;
    const int to = row + end;
    if (from < 32 && to > 0) bits |= low_bits(to) & ~low_bits(from);
  }
  return bits;
}

// Group number `group` of 32 output positions, tap (dy, dx) counted from the position itself, word `word` of the
// channels.
[[gnu::always_inline]] inline plane_view view_of(const std::uint32_t* planes, const window& w, int channel_words,
                                                 int group, int word, int distance, std::uint32_t inside) {
  const int words = position_words(w);
  const int begin = 32 * group + distance;
  const int low = begin >> 5;
  const std::uint32_t* of_word = planes + 32 * words * word;
  const std::uint32_t* nothing = planes + 32 * words * channel_words;
  const auto at = [&](int i) __attribute__((always_inline)) {
    return i >= 0 && i < words ? of_word + 32 * i : nothing;
  };
  return {at(low), at(low + 1), begin & 31, inside};
}

// All 32 planes of a word, as a tap sees them.
[[gnu::always_inline]] inline void shift_planes(const plane_view& view, std::uint32_t* rows) {
  const words4 inside = all_words(view.inside);
#pragma GCC unroll 1
  for (int i = 0; i < 32; i += 4) {
    const words4 low = shift_all(load_words(view.low + i), -view.shift);
    const words4 high = shift_all(load_words(view.high + i), 32 - view.shift);
    store_words(rows + i, bit_and(bit_or(low, high), inside));
  }
}
// The first `channels` of them.
[[gnu::always_inline]] inline void shift_planes(const plane_view& view, std::uint32_t* rows, int channels) {
  for (int i = 0; i < channels; ++i) {
    const std::uint64_t both = std::uint64_t{view.high[i]} << 32 | view.low[i];
    rows[i] = static_cast<std::uint32_t>(both >> view.shift) & view.inside;
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::helium

#endif
