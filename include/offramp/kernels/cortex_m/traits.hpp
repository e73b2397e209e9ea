// The kernels of 32-bit cores without vectors, and how much working memory they may take: 2 KB, or 24 KB on the paths
// `cortex_m_tables` and `cortex_m_dsp_tables`. Another bound is another path of one's own, in these few lines.
#ifndef OFFRAMP_KERNELS_CORTEX_M_TRAITS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_TRAITS_HPP

#include <offramp/kernels/cortex_m/conv_bits_traits.hpp>
#include <offramp/kernels/cortex_m/mean_pool_traits.hpp>
#include <offramp/kernels/cortex_m/rescale_traits.hpp>
#include <offramp/kernels/cortex_m/signs_traits.hpp>
#include <offramp/kernels/kernel_set.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::cortex_m>
    : kernel_set<cortex_m::conv_bits<2048>, cortex_m::mean_pool, cortex_m::signs, cortex_m::rescale> {};
template <>
struct traits<path::cortex_m_tables>
    : kernel_set<cortex_m::conv_bits<24 * 1024>, cortex_m::mean_pool, cortex_m::signs, cortex_m::rescale> {};
template <>
struct traits<path::cortex_m_dsp_tables> : traits<path::cortex_m_tables> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
