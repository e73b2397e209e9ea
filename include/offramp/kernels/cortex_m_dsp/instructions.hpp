// The instructions of the DSP extension that the kernels use (Arm Architecture Reference Manual, v7E-M), each a small
// function: the instruction where the target has it, else the same arithmetic in plain C++, which any machine tests.
// A word holds two signed 16-bit numbers (a pair), or four bytes.
#ifndef OFFRAMP_KERNELS_CORTEX_M_DSP_INSTRUCTIONS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_DSP_INSTRUCTIONS_HPP

#include <cstdint>

#include <offramp/core/config.hpp>
#include <offramp/core/fixed_point.hpp>

// In ARM state ldrd wants neighbouring registers, hence Thumb only.
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && !defined(__ARM_BIG_ENDIAN)
#define OFFRAMP_DSP 1
#else
#define OFFRAMP_DSP 0
#endif

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp {

constexpr std::int32_t low_half(std::uint32_t pair) { return static_cast<std::int16_t>(pair & 0xffffu); }
constexpr std::int32_t high_half(std::uint32_t pair) { return static_cast<std::int16_t>(pair >> 16); }
constexpr std::uint32_t make_pair(std::int32_t low, std::int32_t high) {
  return (static_cast<std::uint32_t>(low) & 0xffffu) | static_cast<std::uint32_t>(high) << 16;
}
// acc + product, mod 2^32.
constexpr std::int32_t add_product(std::int32_t acc, std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(acc) + static_cast<std::uint32_t>(a * b));
}

// acc + both products.
[[gnu::always_inline]] inline std::int32_t smlad(std::uint32_t a, std::uint32_t b, std::int32_t acc) {
#if OFFRAMP_DSP
  asm("smlad %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
  return acc;
#else
  return add_product(add_product(acc, low_half(a), low_half(b)), high_half(a), high_half(b));
#endif
}

// acc + the product of one half of each.
enum class half : std::uint8_t { low, high };
template <half A, half B>
[[gnu::always_inline]] inline std::int32_t smla(std::uint32_t a, std::uint32_t b, std::int32_t acc) {
#if OFFRAMP_DSP
  if constexpr (A == half::low && B == half::low)
    asm("smlabb %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
  else if constexpr (A == half::low)
    asm("smlabt %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
  else if constexpr (B == half::low)
    asm("smlatb %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
  else
    asm("smlatt %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
  return acc;
#else
  return add_product(acc, A == half::low ? low_half(a) : high_half(a), B == half::low ? low_half(b) : high_half(b));
#endif
}

// Bytes 0 and 2 (Odd: 1 and 3), widened, each added to a half of `to`.
template <bool Signed, bool Odd>
[[gnu::always_inline]] inline std::uint32_t add_bytes(std::uint32_t to, std::uint32_t bytes) {
#if OFFRAMP_DSP
  std::uint32_t sum;
  if constexpr (Signed && Odd)
    asm("sxtab16 %0, %1, %2, ror #8" : "=r"(sum) : "r"(to), "r"(bytes));
  else if constexpr (Signed)
    asm("sxtab16 %0, %1, %2" : "=r"(sum) : "r"(to), "r"(bytes));
  else if constexpr (Odd)
    asm("uxtab16 %0, %1, %2, ror #8" : "=r"(sum) : "r"(to), "r"(bytes));
  else
    asm("uxtab16 %0, %1, %2" : "=r"(sum) : "r"(to), "r"(bytes));
  return sum;
#else
  const std::uint32_t b = Odd ? bytes >> 8 : bytes;
  const auto wide = [](std::uint32_t byte) {
    return Signed ? static_cast<std::int32_t>((byte & 0xffu) ^ 0x80u) - 0x80 : static_cast<std::int32_t>(byte & 0xffu);
  };
  return make_pair(low_half(to) + wide(b), high_half(to) + wide(b >> 16));
#endif
}

// Signed bytes 0 and 2 (Odd: 1 and 3) as a pair.
template <bool Odd>
[[gnu::always_inline]] inline std::uint32_t wide_bytes(std::uint32_t bytes) {
#if OFFRAMP_DSP
  std::uint32_t pair;
  if constexpr (Odd)
    asm("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
  else
    asm("sxtb16 %0, %1" : "=r"(pair) : "r"(bytes));
  return pair;
#else
  return add_bytes<true, Odd>(0, bytes);
#endif
}

// Differences of both halves.
[[gnu::always_inline]] inline std::uint32_t subtract_pairs(std::uint32_t a, std::uint32_t b) {
#if OFFRAMP_DSP
  std::uint32_t difference;
  asm("ssub16 %0, %1, %2" : "=r"(difference) : "r"(a), "r"(b));
  return difference;
#else
  return make_pair(low_half(a) - low_half(b), high_half(a) - high_half(b));
#endif
}

// The high word of a product of 64 bits.
[[gnu::always_inline]] inline std::int32_t high_product(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>((std::int64_t{a} * b) >> 32);
}

// v / 2, rounded down, within the signed numbers of `Bits` bits.
template <int Bits>
[[gnu::always_inline]] inline std::int32_t saturated_half(std::int32_t v) {
#if OFFRAMP_DSP
  asm("ssat %0, %1, %0, asr #1" : "+r"(v) : "i"(Bits) : "cc");
  return v;
#else
  constexpr std::int32_t most = (1 << (Bits - 1)) - 1;
  return clamp(v >> 1, -most - 1, most);
#endif
}

// v >> (-2 - shift), for shifts from -33 to -2. Of a register that says how far, shifts read the low byte alone.
[[gnu::always_inline]] inline std::int32_t shift_right_less_2(std::int32_t v, std::int32_t shift) {
#if OFFRAMP_DSP
  std::int32_t right;
  asm("rsb %0, %1, #254" : "=r"(right) : "r"(shift));
  asm("asr %0, %0, %1" : "+r"(v) : "r"(right));
  return v;
#else
  return v >> (-2 - shift);
#endif
}

// bits * 2 + (a >= b).
[[gnu::always_inline]] inline std::uint32_t shift_in_not_below(std::uint32_t bits, std::uint32_t a, std::uint32_t b) {
#if OFFRAMP_DSP
  asm("cmp %1, %2\n\tadc %0, %0, %0" : "+r"(bits) : "r"(a), "r"(b) : "cc");
  return bits;
#else
  return bits * 2 + (a >= b ? 1u : 0u);
#endif
}

// Bit 0 becomes bit 31.
[[gnu::always_inline]] inline std::uint32_t reverse_bits(std::uint32_t word) {
#if OFFRAMP_DSP
  asm("rbit %0, %1" : "=r"(word) : "r"(word));
  return word;
#else
  std::uint32_t reversed = 0;
  for (int i = 0; i < 32; ++i) reversed |= (word >> i & 1u) << (31 - i);
  return reversed;
#endif
}

// Four bytes at any address, the first one lowest. One instruction where words may begin anywhere.
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && \
    (!defined(__arm__) || defined(__ARM_FEATURE_UNALIGNED))
#define OFFRAMP_WHOLE_WORDS 1
#else
#define OFFRAMP_WHOLE_WORDS 0
#endif
[[gnu::always_inline]] inline std::uint32_t load_bytes(const void* from) {
#if OFFRAMP_WHOLE_WORDS
  std::uint32_t word;
  __builtin_memcpy(&word, from, 4);
  return word;
#else
  const auto* byte = static_cast<const unsigned char*>(from);
  return std::uint32_t{byte[0]} | std::uint32_t{byte[1]} << 8 | std::uint32_t{byte[2]} << 16 |
         std::uint32_t{byte[3]} << 24;
#endif
}
[[gnu::always_inline]] inline void store_bytes(void* to, std::uint32_t word) {
#if OFFRAMP_WHOLE_WORDS
  __builtin_memcpy(to, &word, 4);
#else
  auto* byte = static_cast<unsigned char*>(to);
  for (int i = 0; i < 4; ++i) byte[i] = static_cast<unsigned char>(word >> (8 * i));
#endif
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp

#undef OFFRAMP_WHOLE_WORDS

#endif
