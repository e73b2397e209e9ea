// The kernels of the DSP extension.
#ifndef OFFRAMP_KERNELS_CORTEX_M_DSP_TRAITS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_DSP_TRAITS_HPP

#include <offramp/kernels/cortex_m_dsp/conv_integer_traits.hpp>
#include <offramp/kernels/cortex_m_dsp/depthwise_traits.hpp>
#include <offramp/kernels/kernel_set.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::cortex_m_dsp> : kernel_set<cortex_m_dsp::conv_integer, cortex_m_dsp::depthwise> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
