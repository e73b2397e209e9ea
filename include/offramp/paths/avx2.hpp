// Opt-in: `path::avx2`, AVX2 with FMA and BMI2, and what it falls back to.
#ifndef OFFRAMP_PATHS_AVX2_HPP
#define OFFRAMP_PATHS_AVX2_HPP

#include <offramp/kernels/avx2/code.hpp>
#include <offramp/kernels/dispatch.hpp>

#endif
