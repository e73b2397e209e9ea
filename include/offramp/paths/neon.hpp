// Opt-in: `path::neon`, Arm with NEON (AArch64, ARMv7-A), and what it falls back to.
#ifndef OFFRAMP_PATHS_NEON_HPP
#define OFFRAMP_PATHS_NEON_HPP

#include <offramp/kernels/dispatch.hpp>
#include <offramp/kernels/neon/code.hpp>

#endif
