// 1-D layers: sequences lie along the width of an image of height 1 (`sequence<Length, Channels>`). Options as in 2-D.
#ifndef OFFRAMP_LAYERS_CONV1D_HPP
#define OFFRAMP_LAYERS_CONV1D_HPP

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <int OutChannels, int Kernel, auto... Options>
struct conv1d : single_layer<detail::one_dimensional(detail::convolution(OutChannels, kernel{1, Kernel}, Options...))> {
  static_assert(OutChannels > 0 && Kernel > 0, "offramp: conv1d<OutChannels, Kernel> needs both positive");
};

template <int Kernel, auto... Options>
struct depthwise_conv1d
    : single_layer<detail::one_dimensional(detail::convolution(1, kernel{1, Kernel}, groups{0}, Options...))> {
  static_assert(Kernel > 0, "offramp: depthwise_conv1d<Kernel> needs a positive size");
};

template <int Size, int Stride = Size>
struct max_pool1d
    : single_layer<layer_desc{.what = layer_kind::max_pool, .kernel_h = 1, .kernel_w = Size, .stride_w = Stride}> {
  static_assert(Size > 0 && Stride > 0, "offramp: max_pool1d<Size, Stride> needs both positive");
};

template <int Size, int Stride = Size>
struct avg_pool1d
    : single_layer<layer_desc{.what = layer_kind::avg_pool, .kernel_h = 1, .kernel_w = Size, .stride_w = Stride}> {
  static_assert(Size > 0 && Stride > 0, "offramp: avg_pool1d<Size, Stride> needs both positive");
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
