// exp and log in Q16 (65536 = 1.0), integers only: what max-softmax and entropy need on a CPU without floats.
// Both stay within 3 units of 2^-16 of the floating-point functions, which the tests check over the whole range.
#ifndef OFFRAMP_EXITS_FIXED_MATH_HPP
#define OFFRAMP_EXITS_FIXED_MATH_HPP

#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

inline constexpr std::int32_t q16_one = 65536;

// Rounded; saturates. What is not a number is the lowest: never confident.
constexpr std::int32_t to_q16(float v) {
  const float scaled = v * 65536.0f;
  if (scaled >= 2147483000.0f) return 0x7fffffff;
  if (!(scaled > -2147483000.0f)) return -0x7fffffff;
  return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5f : scaled + 0.5f);
}

// exp(-x) for x >= 0, both Q16. exp(-x) = 2^-(i + f); 2^-f on [0, 1) from a quartic in Q30.
constexpr std::uint32_t exp_minus_q16(std::uint32_t x) {
  constexpr std::uint32_t log2_e = 94548;  // round(65536 * log2(e))
  const std::uint64_t y = (std::uint64_t{x} * log2_e) >> 16;
  const auto i = static_cast<std::uint32_t>(y >> 16);
  if (i > 16) return 0;
  const auto f = static_cast<std::int64_t>(y & 0xffffu) << 14;  // Q30
  // 2^-f = 1 - 0.6930705 f + 0.2394903 f^2 - 0.0532680 f^3 + 0.0068483 f^4, a least-squares fit; error 2.5e-6 on [0, 1]
  std::int64_t p = 7353326;
  p = -57196076 + ((p * f) >> 30);
  p = 257150732 + ((p * f) >> 30);
  p = -744178743 + ((p * f) >> 30);
  p = 1073741824 + ((p * f) >> 30);
  return static_cast<std::uint32_t>((p + (std::int64_t{1} << (13 + i))) >> (14 + i));
}

// ln(x) for x >= 1.0, both Q16: x = 2^i * m with m in [1, 2); log2(m) one bit at a time by squaring.
constexpr std::uint32_t log_q16(std::uint32_t x) {
  std::uint32_t i = 0;
  while ((x >> i) >= 2u * 65536u) ++i;
  std::uint64_t m = (std::uint64_t{x} << 14) >> i;
  std::uint32_t log2 = i << 16;
  for (std::uint32_t bit = 1u << 15; bit != 0; bit >>= 1) {
    m = (m * m) >> 30;
    if (m >= (std::uint64_t{2} << 30)) {
      m >>= 1;
      log2 |= bit;
    }
  }
  constexpr std::uint64_t ln_2 = 2977044472u;  // round(2^32 * ln(2))
  return static_cast<std::uint32_t>((log2 * ln_2 + (std::uint64_t{1} << 31)) >> 32);
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
