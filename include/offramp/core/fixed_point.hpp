// Requantization: multiply a 32-bit accumulator by a real factor held as a Q31 multiplier and a shift.
// factor = multiplier / 2^31 * 2^shift. The default rounds once, ties towards +infinity (TFLITE_SINGLE_ROUNDING,
// CMSIS_NN_USE_SINGLE_ROUNDING); the double rounding of gemmlowp and the TFLite reference kernels is the other choice.
#ifndef OFFRAMP_CORE_FIXED_POINT_HPP
#define OFFRAMP_CORE_FIXED_POINT_HPP

#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct fixed_factor {
  std::int32_t multiplier = 0;  // 0, or in [2^30, 2^31)
  std::int32_t shift = 0;       // in [-31, 30]
  friend constexpr bool operator==(const fixed_factor&, const fixed_factor&) = default;
};

// The nearest Q31 representation of a non-negative factor; below 2^-32 it is 0, above 2^30 it saturates.
constexpr fixed_factor make_fixed_factor(double factor) {
  if (!(factor > 0)) return {};
  int shift = 0;
  while (factor >= 1.0 && shift <= 31) factor /= 2, ++shift;
  if (factor >= 1.0) return {0x7fffffff, 30};
  while (factor < 0.5 && shift >= -32) factor *= 2, --shift;
  auto m = static_cast<std::int64_t>(factor * 2147483648.0 + 0.5);
  if (m == (std::int64_t{1} << 31)) m = std::int64_t{1} << 30, ++shift;
  if (shift < -31) return {};
  if (shift > 30) return {0x7fffffff, 30};
  return {static_cast<std::int32_t>(m), shift};
}

// round(v * factor), ties towards +infinity; exact in 64 bits, so no intermediate overflow. The last bit is rounded
// after the shift, floor((floor(p / 2^(s-1)) + 1) / 2) = floor(p / 2^s + 1/2), a form that gcc 12 vectorises.
constexpr std::int32_t requantize(std::int32_t v, std::int32_t multiplier, std::int32_t shift) {
  const std::int64_t product = std::int64_t{v} * multiplier;
  const int s = 30 - shift;  // 0..61
  const std::int64_t q = ((product >> s) + 1) >> 1;
  return q > 0x7fffffff ? 0x7fffffff : q < -0x7fffffff - 1 ? -0x7fffffff - 1 : static_cast<std::int32_t>(q);
}

// The double-rounding form: a doubling high product rounded towards +infinity at ties, then a shift rounded away from
// zero. `v << max(shift, 0)` must fit 32 bits.
constexpr std::int32_t requantize_double_rounding(std::int32_t v, std::int32_t multiplier, std::int32_t shift) {
  const int left = shift > 0 ? shift : 0;
  const int right = shift > 0 ? 0 : -shift;
  const std::int64_t x = std::int64_t{v} * (std::int64_t{1} << left);
  const std::int64_t high = (x * multiplier + (std::int64_t{1} << 30)) >> 31;
  const std::int64_t mask = (std::int64_t{1} << right) - 1;
  const std::int64_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
  return static_cast<std::int32_t>((high >> right) + ((high & mask) > threshold ? 1 : 0));
}

template <class T>
constexpr T clamp(T v, T low, T high) {
  return v < low ? low : v > high ? high : v;
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
