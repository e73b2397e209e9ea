// Opt-in: `path::helium`, Cortex-M with Helium (M52, M55, M85), and what it falls back to. Where the vectors are
// missing it is plain C++ with the same results.
#ifndef OFFRAMP_PATHS_HELIUM_HPP
#define OFFRAMP_PATHS_HELIUM_HPP

#include <offramp/kernels/helium/code.hpp>
#include <offramp/paths/cortex_m_dsp.hpp>

#endif
