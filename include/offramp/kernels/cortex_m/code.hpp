// The loops of 32-bit cores without vectors. Plain C++: they run, and are tested, on any machine.
#ifndef OFFRAMP_KERNELS_CORTEX_M_CODE_HPP
#define OFFRAMP_KERNELS_CORTEX_M_CODE_HPP

#include <offramp/kernels/cortex_m/conv_bits.hpp>
#include <offramp/kernels/cortex_m/mean_pool.hpp>
#include <offramp/kernels/cortex_m/rescale.hpp>
#include <offramp/kernels/cortex_m/signs.hpp>
#include <offramp/kernels/cortex_m/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<path::cortex_m> : traits<path::cortex_m>::code_of {};
template <>
struct code<path::cortex_m_tables> : traits<path::cortex_m_tables>::code_of {};
template <>
struct code<path::cortex_m_dsp_tables> : traits<path::cortex_m_tables>::code_of {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
