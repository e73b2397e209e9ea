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

namespace detail {

constexpr stride as_stride(int step) { return {step}; }
constexpr stride as_stride(stride step) { return step; }
constexpr stride as_stride(kernel size) { return {size.h, size.w}; }

constexpr layer_desc mixed_pooling(kernel size, stride step) {
  layer_desc d{.what = layer_kind::mixed_pool};
  d.kernel_h = size.h, d.kernel_w = size.w;
  return with_options(d, step);
}

}  // namespace detail

// a * maximum + (1 - a) * mean: mixed pooling (Lee et al. 2016, "Generalizing pooling functions in convolutional neural
// networks"). a is one trained number per layer, free as in Shallow-Deep Networks (Kaya et al. 2019): nothing keeps it
// between 0 and 1. It starts at 0.5. Size is a number or kernel{h, w}, Stride a number or stride{h, w}. It reads
// numbers, not signs.
template <auto Size, auto Stride = Size>
struct mixed_pool : single_layer<detail::mixed_pooling(detail::as_kernel(Size), detail::as_stride(Stride))> {
  static_assert(detail::as_kernel(Size).h > 0 && detail::as_kernel(Size).w > 0 && detail::as_stride(Stride).h > 0 &&
                    detail::as_stride(Stride).w > 0,
                "offramp: mixed_pool<Size, Stride> needs both positive");
};

// The mixed pooling at the exits of a Shallow-Deep Network, exit_head<10, sdn_pool>: windows, side by side, of a
// quarter of the height and of the width, rounded down. A side of 4n gives 4 positions; one below 8 stays as it is.
struct sdn_pool : single_layer<detail::mixed_pooling({-4, -4}, {-4, -4})> {};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
