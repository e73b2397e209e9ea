// Opt-in: `path::avx512`, AVX-512 F, BW, VL, DQ, and what it falls back to.
#ifndef OFFRAMP_PATHS_AVX512_HPP
#define OFFRAMP_PATHS_AVX512_HPP

#include <offramp/kernels/avx512/code.hpp>
#include <offramp/kernels/dispatch.hpp>
#include <offramp/paths/avx2.hpp>

#endif
