// The kernels of Helium, and how much working memory they may take: 16 KB. Another bound is another path of one's own,
// in these few lines.
#ifndef OFFRAMP_KERNELS_HELIUM_TRAITS_HPP
#define OFFRAMP_KERNELS_HELIUM_TRAITS_HPP

#include <offramp/kernels/helium/conv_bits_traits.hpp>
#include <offramp/kernels/helium/conv_integer_traits.hpp>
#include <offramp/kernels/helium/depthwise_traits.hpp>
#include <offramp/kernels/kernel_set.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<path::helium> : kernel_set<helium::conv_bits<16 * 1024>, helium::conv_integer, helium::depthwise> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
