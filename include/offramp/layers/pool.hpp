// Pooling without padding. The stride is the size unless given; windows that would leave the image are dropped.
#ifndef OFFRAMP_LAYERS_POOL_HPP
#define OFFRAMP_LAYERS_POOL_HPP

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <int Size, int Stride = Size>
struct max_pool
    : single_layer<layer_desc{.what = layer_kind::max_pool, .kernel_h = Size, .kernel_w = Size, .stride = Stride}> {
  static_assert(Size > 0 && Stride > 0, "offramp: max_pool<Size, Stride> needs both positive");
};

template <int Size, int Stride = Size>
struct avg_pool
    : single_layer<layer_desc{.what = layer_kind::avg_pool, .kernel_h = Size, .kernel_w = Size, .stride = Stride}> {
  static_assert(Size > 0 && Stride > 0, "offramp: avg_pool<Size, Stride> needs both positive");
};

// The mean over all positions, per channel.
struct global_avg_pool : single_layer<layer_desc{.what = layer_kind::avg_pool}> {};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
