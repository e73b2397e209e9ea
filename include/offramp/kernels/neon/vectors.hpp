// Vectors of 128 bits under one set of names: what AArch64 does in one instruction and ARMv7-A in two or more is
// written here once, so that the loops are the same source on both. OFFRAMP_NEON says whether this build can compile
// them: little-endian Arm with NEON among what its flags promise.
#ifndef OFFRAMP_KERNELS_NEON_VECTORS_HPP
#define OFFRAMP_KERNELS_NEON_VECTORS_HPP

#include <cstdint>

#include <offramp/core/config.hpp>

#if defined(__ARM_NEON) && (!defined(__BYTE_ORDER__) || __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#define OFFRAMP_NEON 1
#else
#define OFFRAMP_NEON 0
#endif

// For functions whose loops fill the registers: gcc's scheduling before it hands out registers would spill some.
#if defined(__GNUC__) && !defined(__clang__)
#define OFFRAMP_NEON_AS_WRITTEN __attribute__((optimize("no-schedule-insns")))
#else
#define OFFRAMP_NEON_AS_WRITTEN
#endif

#if OFFRAMP_NEON
#include <arm_neon.h>

namespace offramp::inline OFFRAMP_ABI::kernels::neon {

// Registers decide how large a block of sums may be.
#if defined(__aarch64__)
inline constexpr int vector_registers = 32;
#else
inline constexpr int vector_registers = 16;
#endif

// Compilers may not work out ahead of time what is behind a pointer, nor where it points to: without this, gcc turns
// the pointers of unrolled loops into many absolute addresses.
template <class T>
[[gnu::always_inline]] inline void forget_origin(T*& p) {
  asm("" : "+r"(p));
}

// Has the function save all registers that it must, at its beginning; gcc then uses them in its loops as freely as the
// others, where it would rather move and spill.
[[gnu::always_inline]] inline void take_all_registers() {
#if defined(__aarch64__)
  asm volatile("" ::: "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15");
#else
  asm volatile("" ::: "d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15");
#endif
}

// sum += v, in this place and this register. Left to itself gcc turns a chain of sums into a tree, whose parts do not
// fit the registers.
[[gnu::always_inline]] inline void add_in_place(uint8x16_t& sum, uint8x16_t v) {
#if defined(__aarch64__)
  asm("add %0.16b, %0.16b, %1.16b" : "+w"(sum) : "w"(v));
#else
  asm("vadd.i8 %q0, %q0, %q1" : "+w"(sum) : "w"(v));
#endif
}

// 16 bytes from and to memory of any alignment.
[[gnu::always_inline]] inline uint8x16_t load_bytes(const void* from) {
  return vld1q_u8(static_cast<const std::uint8_t*>(from));
}
[[gnu::always_inline]] inline void store_bytes(void* to, uint8x16_t v) { vst1q_u8(static_cast<std::uint8_t*>(to), v); }

// Four vectors that lie one after the other.
struct four_vectors {
  uint8x16_t val[4];
};
[[gnu::always_inline]] inline four_vectors load_four(const void* from) {
  const auto* bytes = static_cast<const std::uint8_t*>(from);
#if defined(__aarch64__)
  const uint8x16x4_t v = vld1q_u8_x4(bytes);
  return {{v.val[0], v.val[1], v.val[2], v.val[3]}};
#else
  return {{vld1q_u8(bytes), vld1q_u8(bytes + 16), vld1q_u8(bytes + 32), vld1q_u8(bytes + 48)}};
#endif
}

// Lane i of v in all lanes.
template <int I>
[[gnu::always_inline]] inline uint32x4_t repeat_lane(uint32x4_t v) {
#if defined(__aarch64__)
  return vdupq_laneq_u32(v, I);
#else
  return vdupq_lane_u32(I < 2 ? vget_low_u32(v) : vget_high_u32(v), I % 2);
#endif
}

// Sums of neighbours: those of a, then those of b.
[[gnu::always_inline]] inline uint8x16_t add_neighbours(uint8x16_t a, uint8x16_t b) {
#if defined(__aarch64__)
  return vpaddq_u8(a, b);
#else
  return vcombine_u8(vpadd_u8(vget_low_u8(a), vget_high_u8(a)), vpadd_u8(vget_low_u8(b), vget_high_u8(b)));
#endif
}
[[gnu::always_inline]] inline uint16x8_t add_neighbours(uint16x8_t a, uint16x8_t b) {
#if defined(__aarch64__)
  return vpaddq_u16(a, b);
#else
  return vcombine_u16(vpadd_u16(vget_low_u16(a), vget_high_u16(a)), vpadd_u16(vget_low_u16(b), vget_high_u16(b)));
#endif
}
[[gnu::always_inline]] inline int32x4_t add_neighbours(int32x4_t a, int32x4_t b) {
#if defined(__aarch64__)
  return vpaddq_s32(a, b);
#else
  return vcombine_s32(vpadd_s32(vget_low_s32(a), vget_high_s32(a)), vpadd_s32(vget_low_s32(b), vget_high_s32(b)));
#endif
}

// Masks of lanes in half the width: those of a, then those of b.
[[gnu::always_inline]] inline uint8x16_t narrow_masks(uint16x8_t a, uint16x8_t b) {
#if defined(__aarch64__)
  return vuzp1q_u8(vreinterpretq_u8_u16(a), vreinterpretq_u8_u16(b));
#else
  return vcombine_u8(vmovn_u16(a), vmovn_u16(b));
#endif
}
[[gnu::always_inline]] inline uint16x8_t narrow_masks(uint32x4_t a, uint32x4_t b) {
#if defined(__aarch64__)
  return vuzp1q_u16(vreinterpretq_u16_u32(a), vreinterpretq_u16_u32(b));
#else
  return vcombine_u16(vmovn_u32(a), vmovn_u32(b));
#endif
}

// sum + a * b, rounded once where there is an instruction for it.
[[gnu::always_inline]] inline float32x4_t multiply_add(float32x4_t sum, float32x4_t a, float32x4_t b) {
#if defined(__aarch64__) || defined(__ARM_FEATURE_FMA)
  return vfmaq_f32(sum, a, b);
#else
  return vmlaq_f32(sum, a, b);
#endif
}
template <int I>
[[gnu::always_inline]] inline float32x4_t multiply_add_lane(float32x4_t sum, float32x4_t a, float32x4_t b) {
#if defined(__aarch64__)
  return vfmaq_laneq_f32(sum, a, b, I);
#else
  return vmlaq_lane_f32(sum, a, I < 2 ? vget_low_f32(b) : vget_high_f32(b), I % 2);
#endif
}

// Eight products each of the low and the high halves of bytes, in 16 bits.
[[gnu::always_inline]] inline int16x8_t multiply_halves(int8x16_t a, int8x16_t b) {
  const int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b));
#if defined(__aarch64__)
  return vmlal_high_s8(low, a, b);
#else
  return vmlal_s8(low, vget_high_s8(a), vget_high_s8(b));
#endif
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon
#endif

#endif
