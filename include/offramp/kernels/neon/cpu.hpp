// Does this CPU run NEON, and dot products? Linux tells (the auxiliary vector); elsewhere, and on bare metal, what the
// build's flags promise is what there is.
#ifndef OFFRAMP_KERNELS_NEON_CPU_HPP
#define OFFRAMP_KERNELS_NEON_CPU_HPP

#include <offramp/kernels/neon/vectors.hpp>
#include <offramp/kernels/neon_dotprod/target.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/x86/cpu.hpp>

#if OFFRAMP_NEON && defined(__linux__)
// The C library's own, under a name that no header of it declares.
extern "C" unsigned long offramp_getauxval(unsigned long) noexcept __asm__("getauxval");
#endif

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace neon {

// Is bit `bit` of AT_HWCAP set?
inline bool has_capability([[maybe_unused]] int bit) {
#if OFFRAMP_NEON && defined(__linux__)
  return (offramp_getauxval(16) >> bit & 1u) != 0;
#else
  return OFFRAMP_NEON != 0;
#endif
}

#if defined(__aarch64__)
inline constexpr int simd_bit = 1;  // HWCAP_ASIMD
inline constexpr int dot_product_bit = 20;
#else
inline constexpr int simd_bit = 12;  // HWCAP_NEON
inline constexpr int dot_product_bit = 24;
#endif

}  // namespace neon

template <>
inline bool runs_here<path::neon>() {
  return OFFRAMP_NEON != 0 && neon::has_capability(neon::simd_bit);
}

template <>
inline bool runs_here<path::neon_dotprod>() {
#if OFFRAMP_NEON && OFFRAMP_HAS_DOTPROD && (defined(__linux__) || defined(__ARM_FEATURE_DOTPROD))
  return runs_here<path::neon>() && neon::has_capability(neon::dot_product_bit);
#else
  return false;
#endif
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
