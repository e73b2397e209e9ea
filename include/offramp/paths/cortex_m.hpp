// Opt-in: `path::cortex_m`, 32-bit cores without vectors, and `path::cortex_m_tables`, the same with more memory.
#ifndef OFFRAMP_PATHS_CORTEX_M_HPP
#define OFFRAMP_PATHS_CORTEX_M_HPP

#include <offramp/kernels/cortex_m/code.hpp>
#include <offramp/kernels/dispatch.hpp>

#endif
