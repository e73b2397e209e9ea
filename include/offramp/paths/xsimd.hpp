// Opt-in: `path::xsimd`, vectors of the library xsimd for the architecture that is compiled for (-march=native).
// Needs the headers of xsimd, 8.1 or later.
#ifndef OFFRAMP_PATHS_XSIMD_HPP
#define OFFRAMP_PATHS_XSIMD_HPP

#include <offramp/kernels/dispatch.hpp>
#include <offramp/kernels/portable/code.hpp>
#include <offramp/kernels/xsimd/code.hpp>

#endif
