// 2-D convolution over NHWC, square kernel, "same" padding of (Kernel-1)/2 unless said otherwise.
// Options, in any order: a weight kind (binary, i8, f32), stride{s}, padding{p}, valid.
// Padding is 0 for real inputs and +1 for signs (methods: Larq "same-one").
#ifndef OFFRAMP_LAYERS_CONV2D_HPP
#define OFFRAMP_LAYERS_CONV2D_HPP

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <int OutChannels, int Kernel, auto... Options>
struct conv2d : single_layer<detail::with_options(layer_desc{.what = layer_kind::conv2d,
                                                             .out_c = OutChannels,
                                                             .kernel_h = Kernel,
                                                             .kernel_w = Kernel,
                                                             .pad_h = (Kernel - 1) / 2,
                                                             .pad_w = (Kernel - 1) / 2},
                                                  Options...)> {
  static_assert(OutChannels > 0 && Kernel > 0, "offramp: conv2d<OutChannels, Kernel> needs both positive");
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
