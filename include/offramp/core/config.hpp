// Version, the ABI namespace and the assertion hook: the one place where a build configures offramp.
// Everything lives in `offramp::inline OFFRAMP_ABI`, whose name carries what changes generated code (instruction set,
// assertions), so that objects built with different flags link together without sharing a symbol.
#ifndef OFFRAMP_CORE_CONFIG_HPP
#define OFFRAMP_CORE_CONFIG_HPP

#define OFFRAMP_VERSION_MAJOR 0
#define OFFRAMP_VERSION_MINOR 1
#define OFFRAMP_VERSION_PATCH 0

// Programming mistakes (never outside data) go here. Off unless a build defines OFFRAMP_ASSERT(condition) itself.
#ifdef OFFRAMP_ASSERT
#define OFFRAMP_ABI_CHECKS _checked
#else
#define OFFRAMP_ASSERT(condition) static_cast<void>(0)
#define OFFRAMP_ABI_CHECKS
#endif

#if (defined(__AMX_BF16__) || defined(__AMXBF16__)) && defined(__AVX512BF16__) && defined(__AVX512BW__)
#define OFFRAMP_ABI_ISA _amx
#elif defined(__AVX512VPOPCNTDQ__) && defined(__AVX512VL__)
#define OFFRAMP_ABI_ISA _avx512vpopcnt
#elif defined(__AVX512BW__)
#define OFFRAMP_ABI_ISA _avx512
#elif defined(__AVX2__)
#define OFFRAMP_ABI_ISA _avx2
#elif defined(__POPCNT__)
#define OFFRAMP_ABI_ISA _popcnt
#elif defined(__ARM_FEATURE_DOTPROD)
#define OFFRAMP_ABI_ISA _dotprod
#elif defined(__ARM_FEATURE_MVE)
#define OFFRAMP_ABI_ISA _mve
#elif defined(__arm__) && defined(__ARM_NEON)
#define OFFRAMP_ABI_ISA _neon
#else
#define OFFRAMP_ABI_ISA
#endif

#define OFFRAMP_ABI_JOIN2(a, b, c) a##b##c
#define OFFRAMP_ABI_JOIN(a, b, c) OFFRAMP_ABI_JOIN2(a, b, c)
#define OFFRAMP_ABI OFFRAMP_ABI_JOIN(v0, OFFRAMP_ABI_ISA, OFFRAMP_ABI_CHECKS)

#endif
