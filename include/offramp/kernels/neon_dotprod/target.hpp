// The instruction set of a function: with gcc, what follows the word is compiled with dot products whatever the flags
// of the build. Elsewhere the flags must promise them; else the same sums are made of what plain NEON has, so that the
// code is there though no CPU is told to run it.
#ifndef OFFRAMP_KERNELS_NEON_DOTPROD_TARGET_HPP
#define OFFRAMP_KERNELS_NEON_DOTPROD_TARGET_HPP

#include <offramp/kernels/neon/vectors.hpp>

#if defined(__ARM_FEATURE_DOTPROD)
#define OFFRAMP_DOTPROD
#define OFFRAMP_HAS_DOTPROD 1
#elif defined(__aarch64__) && defined(__GNUC__) && !defined(__clang__)
#define OFFRAMP_DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))
#define OFFRAMP_HAS_DOTPROD 1
#else
#define OFFRAMP_DOTPROD
#define OFFRAMP_HAS_DOTPROD 0
#endif

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels::neon_dotprod {

// sum += the products of four bytes each, one lane of `a` a channel, with lane I of b. An instruction by name: sums
// stay in their registers, where gcc 12 moves some of them about.
template <int I>
[[gnu::always_inline]] OFFRAMP_DOTPROD inline void add_products(int32x4_t& sum, int8x16_t a, int8x16_t b) {
#if OFFRAMP_HAS_DOTPROD && defined(__aarch64__)
  asm("sdot %0.4s, %1.16b, %2.4b[%3]" : "+w"(sum) : "w"(a), "w"(b), "i"(I));
#elif OFFRAMP_HAS_DOTPROD
  sum = vdotq_lane_s32(sum, a, I < 2 ? vget_low_s8(b) : vget_high_s8(b), I % 2);
#else
  const int8x16_t by = vreinterpretq_s8_u32(neon::repeat_lane<I>(vreinterpretq_u32_s8(b)));
  const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(a), vget_low_s8(by)));
  const int32x4_t high = vpaddlq_s16(vmull_s8(vget_high_s8(a), vget_high_s8(by)));
  sum = vaddq_s32(sum, neon::add_neighbours(low, high));
#endif
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon_dotprod
#endif

#endif
