// Brain floating point: the upper half of a float, 8 bits of mantissa. Matrix units multiply such numbers and add the
// products in float. Which products of training take it is said by product_precision.
#ifndef OFFRAMP_HOST_BFLOAT16_HPP
#define OFFRAMP_HOST_BFLOAT16_HPP

#include <bit>
#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// bf16: convolutions and dense layers round what they multiply (inputs, weights, gradients) to bfloat16 and add up in
// float. Signs, hence binary weights and activations, are exact. Grouped convolutions stay in float.
enum class product_precision : unsigned char { f32, bf16 };

// To the nearest, ties to even; a NaN stays one.
inline std::uint16_t bfloat16_bits(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

template <class T>
T round_to_bfloat16(T x) {
  return static_cast<T>(std::bit_cast<float>(std::uint32_t{bfloat16_bits(static_cast<float>(x))} << 16));
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
