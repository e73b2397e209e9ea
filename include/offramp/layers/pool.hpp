// Pooling without padding. The stride is the size unless given; windows that would leave the image are dropped.
#ifndef OFFRAMP_LAYERS_POOL_HPP
#define OFFRAMP_LAYERS_POOL_HPP

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <int Size, int Stride = Size>
struct max_pool
    : single_layer<layer_desc{
          .what = layer_kind::max_pool, .kernel_h = Size, .kernel_w = Size, .stride_h = Stride, .stride_w = Stride}> {
  static_assert(Size > 0 && Stride > 0, "offramp: max_pool<Size, Stride> needs both positive");
};

template <int Size, int Stride = Size>
struct avg_pool
    : single_layer<layer_desc{
          .what = layer_kind::avg_pool, .kernel_h = Size, .kernel_w = Size, .stride_h = Stride, .stride_w = Stride}> {
  static_assert(Size > 0 && Stride > 0, "offramp: avg_pool<Size, Stride> needs both positive");
};

// The mean over all positions, per channel.
struct global_avg_pool : single_layer<layer_desc{.what = layer_kind::avg_pool}> {};

// A fixed binomial filter before subsampling, channel by channel, with zero padding of (Size - 1) / 2 (Zhang 2019,
// "Making convolutional networks shift-invariant again"). Nothing is trained.
template <int Size = 3, int Stride = 2>
struct blur_pool : single_layer<layer_desc{.what = layer_kind::blur_pool,
                                           .out_c = 1,
                                           .kernel_h = Size,
                                           .kernel_w = Size,
                                           .stride_h = Stride,
                                           .stride_w = Stride,
                                           .pad_h = (Size - 1) / 2,
                                           .pad_w = (Size - 1) / 2,
                                           .groups = 0}> {
  static_assert(Size > 1 && Size <= 5 && Stride > 0, "offramp: blur_pool<Size, Stride> has a size of 2 to 5");
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
