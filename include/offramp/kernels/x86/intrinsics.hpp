// Intrinsics without false alarms: g++ 12 takes the undefined vectors within its own header for mistakes of ours (its
// bug 105593). Include this in place of <immintrin.h>, and before anything else that includes it.
#ifndef OFFRAMP_KERNELS_X86_INTRINSICS_HPP
#define OFFRAMP_KERNELS_X86_INTRINSICS_HPP

#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif
#endif

#endif
