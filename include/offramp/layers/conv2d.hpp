// 2-D convolution over NHWC. `Kernel` is a size or kernel{h, w}; "same" padding of (Kernel - 1) / 2 unless said
// otherwise. Options, in any order: a weight kind (binary, i8, f32), stride{h, w}, padding{h, w}, valid, groups{g}.
// Padding is 0 for real inputs and +1 for signs (methods: Larq "same-one").
#ifndef OFFRAMP_LAYERS_CONV2D_HPP
#define OFFRAMP_LAYERS_CONV2D_HPP

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <int OutChannels, auto Kernel, auto... Options>
struct conv2d : single_layer<detail::convolution(OutChannels, detail::as_kernel(Kernel), Options...)> {
  static_assert(OutChannels > 0 && detail::as_kernel(Kernel).h > 0 && detail::as_kernel(Kernel).w > 0,
                "offramp: conv2d<OutChannels, Kernel> needs both positive");
  static_assert(!detail::has_option<multiplier, Options...>,
                "offramp: multiplier is an option of depthwise_conv2d; conv2d is given its output channels");
  static_assert(detail::convolution(OutChannels, detail::as_kernel(Kernel), Options...).groups > 0,
                "offramp: conv2d needs a positive number of groups; depthwise_conv2d has one for each channel");
};

// Every input channel is convolved by itself, into one output channel or multiplier{m} of them (channel c into the
// outputs c * m ...). The same as conv2d with as many groups as input channels.
template <auto Kernel, auto... Options>
struct depthwise_conv2d : single_layer<detail::convolution(1, detail::as_kernel(Kernel), groups{0}, Options...)> {
  static_assert(detail::as_kernel(Kernel).h > 0 && detail::as_kernel(Kernel).w > 0,
                "offramp: depthwise_conv2d<Kernel> needs a positive size");
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
