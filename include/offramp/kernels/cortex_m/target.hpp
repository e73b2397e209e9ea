// How the loops of Cortex-M are compiled: the same at -Os, -O2 and -O3. gcc's first scheduling pass hoists loads until
// chains of adders spill their registers, a quarter more instructions; it stays off in these functions.
#ifndef OFFRAMP_KERNELS_CORTEX_M_TARGET_HPP
#define OFFRAMP_KERNELS_CORTEX_M_TARGET_HPP

#include <offramp/core/config.hpp>

#if defined(__GNUC__) && !defined(__clang__)
#define OFFRAMP_CORTEX_M __attribute__((noinline, optimize("O2", "no-schedule-insns", "no-tree-ter"))) inline
#else
#define OFFRAMP_CORTEX_M __attribute__((noinline)) inline
#endif

#endif
