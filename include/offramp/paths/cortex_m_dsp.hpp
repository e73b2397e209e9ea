// Opt-in: `path::cortex_m_dsp`, Cortex-M with the DSP extension, and what it falls back to. Where the extension is
// missing it is plain C++ with the same results.
#ifndef OFFRAMP_PATHS_CORTEX_M_DSP_HPP
#define OFFRAMP_PATHS_CORTEX_M_DSP_HPP

#include <offramp/kernels/cortex_m_dsp/code.hpp>
#include <offramp/paths/cortex_m.hpp>

#endif
