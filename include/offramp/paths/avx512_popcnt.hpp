// Opt-in: `path::avx512_popcnt`, AVX-512 with VNNI, VPOPCNTDQ and BITALG, and what it falls back to.
#ifndef OFFRAMP_PATHS_AVX512_POPCNT_HPP
#define OFFRAMP_PATHS_AVX512_POPCNT_HPP

#include <offramp/kernels/avx512_popcnt/code.hpp>
#include <offramp/kernels/dispatch.hpp>
#include <offramp/paths/avx512_vnni.hpp>

#endif
