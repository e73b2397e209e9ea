// The loops of the DSP extension.
#ifndef OFFRAMP_KERNELS_CORTEX_M_DSP_CODE_HPP
#define OFFRAMP_KERNELS_CORTEX_M_DSP_CODE_HPP

#include <offramp/kernels/cortex_m_dsp/conv_integer.hpp>
#include <offramp/kernels/cortex_m_dsp/depthwise.hpp>
#include <offramp/kernels/cortex_m_dsp/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::cortex_m_dsp> : traits<path::cortex_m_dsp>::code_of {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
