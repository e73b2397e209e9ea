// Blocks of published binary networks as ready types.
//
//   bireal_block       residual<sign, conv 3x3 binary, batch_norm>          Liu et al. 2018, Bi-Real Net
//   quicknet_block     residual<sign, conv 3x3 binary, relu, batch_norm>    Bannink et al. 2021, Larq QuickNet
//   quicknet_transition  relu, max-pool 2 (stride 1), blur-pool 3 (stride 2), conv 1x1, batch norm
//   reactnet_block     residual<rsign, conv 3x3 binary, batch_norm>, rprelu Liu et al. 2020, ReActNet
//   binary_dense_block concat<branch<>, branch<batch_norm, sign, conv 3x3 binary>>  Bethge et al. 2019
#ifndef OFFRAMP_LAYERS_BLOCKS_HPP
#define OFFRAMP_LAYERS_BLOCKS_HPP

#include <offramp/layers/activation.hpp>
#include <offramp/layers/batch_norm.hpp>
#include <offramp/layers/concat.hpp>
#include <offramp/layers/conv2d.hpp>
#include <offramp/layers/pool.hpp>
#include <offramp/layers/residual.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <int Channels, int Stride = 1>
using bireal_block = residual<sign, conv2d<Channels, 3, binary, stride{Stride}>, batch_norm>;

template <int Channels>
using quicknet_block = residual<sign, conv2d<Channels, 3, binary>, relu, batch_norm>;

template <int Channels>
struct quicknet_transition : layer_sequence<relu, max_pool<2, 1>, blur_pool<3, 2>, conv2d<Channels, 1>, batch_norm> {};

template <int Channels, int Stride = 1>
struct reactnet_block
    : layer_sequence<residual<rsign, conv2d<Channels, 3, binary, stride{Stride}>, batch_norm>, rprelu> {};

// Adds `Growth` channels.
template <int Growth>
using binary_dense_block = concat<branch<>, branch<batch_norm, sign, conv2d<Growth, 3, binary>>>;

}  // namespace offramp::inline OFFRAMP_ABI

#endif
