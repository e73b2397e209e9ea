// Opt-in: `path::avx512_vnni`, AVX-512 with VNNI, and what it falls back to.
#ifndef OFFRAMP_PATHS_AVX512_VNNI_HPP
#define OFFRAMP_PATHS_AVX512_VNNI_HPP

#include <offramp/kernels/avx512_vnni/code.hpp>
#include <offramp/kernels/dispatch.hpp>
#include <offramp/paths/avx512.hpp>

#endif
