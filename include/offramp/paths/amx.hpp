// Opt-in: `path::amx`, AMX-INT8, and what it falls back to.
#ifndef OFFRAMP_PATHS_AMX_HPP
#define OFFRAMP_PATHS_AMX_HPP

#include <offramp/kernels/amx/code.hpp>
#include <offramp/kernels/dispatch.hpp>
#include <offramp/paths/avx512_popcnt.hpp>

#endif
