// Instruction sets per function: what follows such a word is compiled for them, whatever the flags of the build. Traps:
// a lambda does not inherit them (write `OFFRAMP_AVX512` behind its parameter list, or none at all), and a helper that
// is always inlined must name the same or fewer sets as its caller. Vectors are passed between inlined functions only.
#ifndef OFFRAMP_KERNELS_X86_TARGET_HPP
#define OFFRAMP_KERNELS_X86_TARGET_HPP

#include <offramp/core/config.hpp>

#if defined(__x86_64__) && defined(__GNUC__)
#define OFFRAMP_X86_64 1
#else
#define OFFRAMP_X86_64 0
#endif

#define OFFRAMP_AVX2_SETS "avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt"
#define OFFRAMP_AVX512_SETS OFFRAMP_AVX2_SETS ",avx512f,avx512bw,avx512vl,avx512dq,avx512cd"
#define OFFRAMP_AVX512_VNNI_SETS OFFRAMP_AVX512_SETS ",avx512vnni"
#define OFFRAMP_AVX512_POPCNT_SETS OFFRAMP_AVX512_VNNI_SETS ",avx512vpopcntdq,avx512bitalg,avx512vbmi,gfni"

#define OFFRAMP_AVX2 __attribute__((target(OFFRAMP_AVX2_SETS)))
#define OFFRAMP_AVX512 __attribute__((target(OFFRAMP_AVX512_SETS)))
#define OFFRAMP_AVX512_VNNI __attribute__((target(OFFRAMP_AVX512_VNNI_SETS)))
#define OFFRAMP_AVX512_POPCNT __attribute__((target(OFFRAMP_AVX512_POPCNT_SETS)))
#define OFFRAMP_INLINE __attribute__((always_inline)) inline

#endif
