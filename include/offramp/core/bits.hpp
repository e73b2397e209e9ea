// Bits in 32-bit words: popcount that never becomes a library call, and single-bit access.
// A C++ implementation may lower std::popcount to a call into libgcc (x86-64 without -mpopcnt, all Cortex-M); the
// word-parallel sum below is then inlined instead (Warren, "Hacker's Delight", 5-1).
#ifndef OFFRAMP_CORE_BITS_HPP
#define OFFRAMP_CORE_BITS_HPP

#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

constexpr int popcount(std::uint32_t x) {
#if defined(__POPCNT__) || defined(__aarch64__)
  return __builtin_popcount(x);
#else
  x -= (x >> 1) & 0x55555555u;
  x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0fu;
  return static_cast<int>((x * 0x01010101u) >> 24);
#endif
}

constexpr int popcount(std::uint64_t x) {
#if defined(__POPCNT__) || defined(__aarch64__)
  return __builtin_popcountll(x);
#else
  x -= (x >> 1) & 0x5555555555555555u;
  x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return static_cast<int>((x * 0x0101010101010101u) >> 56);
#endif
}

constexpr bool get_bit(const std::uint32_t* words, int i) { return ((words[i >> 5] >> (i & 31)) & 1u) != 0; }

constexpr void set_bit(std::uint32_t* words, int i, bool value) {
  const std::uint32_t mask = 1u << (i & 31);
  words[i >> 5] = value ? words[i >> 5] | mask : words[i >> 5] & ~mask;
}

// The low n bits of a word set, 0 <= n <= 32.
constexpr std::uint32_t low_bits(int n) { return n >= 32 ? ~0u : (1u << n) - 1u; }

}  // namespace offramp::inline OFFRAMP_ABI

#endif
