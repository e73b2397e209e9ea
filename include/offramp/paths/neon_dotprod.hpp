// Opt-in: `path::neon_dotprod`, NEON with dot products, and what it falls back to.
#ifndef OFFRAMP_PATHS_NEON_DOTPROD_HPP
#define OFFRAMP_PATHS_NEON_DOTPROD_HPP

#include <offramp/kernels/dispatch.hpp>
#include <offramp/kernels/neon_dotprod/code.hpp>
#include <offramp/paths/neon.hpp>

#endif
