// A few numbers side by side: the GNU vector types of gcc and clang, as wide as the instruction set the caller compiles
// for, or plain numbers where there is none. Kernels are written once over these types; no intrinsics.
// Auto-vectorisation alone keeps accumulators of interleaved channels in memory (gcc 12), which costs a factor of five.
#ifndef OFFRAMP_KERNELS_PORTABLE_LANES_HPP
#define OFFRAMP_KERNELS_PORTABLE_LANES_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <offramp/core/bits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

#if defined(__AVX2__)
inline constexpr int lanes = 8;
using word_lanes [[gnu::vector_size(32)]] = std::uint32_t;
using float_lanes [[gnu::vector_size(32)]] = float;
using half_lanes [[gnu::vector_size(32)]] = std::int16_t;
using int_lanes [[gnu::vector_size(32)]] = std::int32_t;
using byte_lanes [[gnu::vector_size(16)]] = std::int8_t;  // as many as half_lanes
using pixel_lanes [[gnu::vector_size(16)]] = std::uint8_t;
#elif defined(__SSE2__) || defined(__ARM_NEON)
inline constexpr int lanes = 4;
using word_lanes [[gnu::vector_size(16)]] = std::uint32_t;
using float_lanes [[gnu::vector_size(16)]] = float;
using half_lanes [[gnu::vector_size(16)]] = std::int16_t;
using int_lanes [[gnu::vector_size(16)]] = std::int32_t;
using byte_lanes [[gnu::vector_size(8)]] = std::int8_t;
using pixel_lanes [[gnu::vector_size(8)]] = std::uint8_t;
#else
inline constexpr int lanes = 1;
using word_lanes = std::uint32_t;
using float_lanes = float;
using half_lanes = std::int16_t;
using int_lanes = std::int32_t;
using byte_lanes = std::int8_t;
using pixel_lanes = std::uint8_t;
#endif

// Lanes from and to memory of any alignment.
template <class V>
[[gnu::always_inline]] inline V load_lanes(const void* from) {
  V v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
template <class V>
[[gnu::always_inline]] inline void store_lanes(void* to, const V& v) {
  __builtin_memcpy(to, &v, sizeof v);
}

// Bits set in each byte, as four numbers 0..8 (Warren, "Hacker's Delight", 5-1). Works on words and on lanes of words.
template <class V>
[[gnu::always_inline]] inline V count_in_bytes(V v) {
  v -= (v >> 1) & 0x55555555u;
  v = (v & 0x33333333u) + ((v >> 2) & 0x33333333u);
  return (v + (v >> 4)) & 0x0f0f0f0fu;
}

// Sum of the four bytes of each word.
template <class V>
[[gnu::always_inline]] inline V add_bytes(V v) {
  v = (v & 0x00ff00ffu) + ((v >> 8) & 0x00ff00ffu);
  return (v + (v >> 16)) & 0xffffu;
}

// Words whose bits in place i say: of a, b, c an odd number is set (returned), at least two are (carry).
template <class V>
[[gnu::always_inline]] inline V add_bits(V a, const V& b, const V& c, V& carry) {
  const V u = b ^ c;
  carry = (b & c) | (u & a);
  return a ^ u;
}

// For each lane j: how many bits differ between x[0..n) and the words w[j], w[stride + j], w[2*stride + j], ...
template <class V>
[[gnu::always_inline]] inline V count_differences(const std::uint32_t* x, const std::uint32_t* w, int stride, int n) {
  V total = {};
#if defined(__AVX512VPOPCNTDQ__) && defined(__AVX512VL__)
  for (int k = 0; k < n; ++k, w += stride) {
    const V d = load_lanes<V>(w) ^ x[k];
    if constexpr (std::is_arithmetic_v<V>) {
      total += static_cast<V>(__builtin_popcount(d));
    } else {
      V counted;
      for (int j = 0; j < lanes; ++j) counted[j] = static_cast<std::uint32_t>(__builtin_popcount(d[j]));
      total += counted;
    }
  }
#else
  // Carry-save adders (Harley and Seal; Warren 5-1): four words cost one popcount, the rest
  // is carried in `ones`, `twos`.
  V ones = {};
  V twos = {};
  int k = 0;
  while (n - k >= 4) {
    // A byte of `fours` grows by at most 8 a step: 31 steps fit.
    const int end = n - k > 4 * 31 ? k + 4 * 31 : n;
    V fours = {};
    for (; end - k >= 4; k += 4) {
      V carry_a;
      V carry_b;
      V carry;
      ones = add_bits<V>(ones, load_lanes<V>(w) ^ x[k], load_lanes<V>(w + stride) ^ x[k + 1], carry_a);
      w += 2 * stride;
      ones = add_bits<V>(ones, load_lanes<V>(w) ^ x[k + 2], load_lanes<V>(w + stride) ^ x[k + 3], carry_b);
      w += 2 * stride;
      twos = add_bits<V>(twos, carry_a, carry_b, carry);
      fours += count_in_bytes<V>(carry);
    }
    total += add_bytes<V>(fours) << 2;
  }
  V rest = {};
  if (n >= 4) rest = count_in_bytes<V>(ones) + (count_in_bytes<V>(twos) << 1);
  for (; k < n; ++k, w += stride) rest += count_in_bytes<V>(load_lanes<V>(w) ^ x[k]);
  total += add_bytes<V>(rest);
#endif
  return total;
}

// Dot products of x and the columns tile, tile + 1, ... of a tile of floats `width` columns wide, one a lane. Four
// sums, products k, k + 4, k + 8 ... each, hide the latency of additions.
template <class V>
[[gnu::always_inline]] inline V multiply_columns(const float* x, const void* tile, int width, int depth) {
  const auto* column = static_cast<const unsigned char*>(tile);
  const std::ptrdiff_t row = std::ptrdiff_t{4} * width;
  V sum0 = {};
  V sum1 = {};
  V sum2 = {};
  V sum3 = {};
  int k = 0;
  for (; k + 4 <= depth; k += 4, column += 4 * row) {
    sum0 += load_lanes<V>(column) * x[k];
    sum1 += load_lanes<V>(column + row) * x[k + 1];
    sum2 += load_lanes<V>(column + 2 * row) * x[k + 2];
    sum3 += load_lanes<V>(column + 3 * row) * x[k + 3];
  }
  for (; k < depth; ++k, column += row) sum0 += load_lanes<V>(column) * x[k];
  return (sum0 + sum1) + (sum2 + sum3);
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
