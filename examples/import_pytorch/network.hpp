// The network of train.py as a type: written in the same order, so that its default names are those of the module.
#ifndef EXAMPLES_IMPORT_PYTORCH_NETWORK_HPP
#define EXAMPLES_IMPORT_PYTORCH_NETWORK_HPP

#include <offramp/offramp.hpp>

namespace imported {

template <int Channels, auto... Options>
using binary_block =
    offramp::residual<offramp::sign, offramp::conv2d<Channels, 3, offramp::binary, Options...>, offramp::batch_norm>;

template <int Channels, auto... Options>
using float_block = offramp::residual<offramp::relu, offramp::conv2d<Channels, 3, Options...>, offramp::batch_norm>;

template <template <int, auto...> class Block>
using three_exits =
    offramp::network<offramp::image<28, 28, 1, offramp::u8>,
                     offramp::stage<offramp::conv2d<16, 3, offramp::stride{2}>, offramp::batch_norm, Block<16>>,
                     offramp::exit_head<10, offramp::avg_pool<7>>,  // nn.AvgPool2d(7), nn.Flatten(), nn.Linear
                     offramp::stage<Block<32, offramp::stride{2}>>, offramp::exit_head<10, offramp::avg_pool<4, 3>>,
                     offramp::stage<Block<64>>, offramp::exit_head<10>>;  // global average pooling

using binary_net = three_exits<binary_block>;
using float_net = three_exits<float_block>;

}  // namespace imported

#endif
