// The network of the main job: binary residual blocks with four exits for 28x28 images of clothing.
#ifndef EXAMPLES_FASHION_MNIST_NETWORK_HPP
#define EXAMPLES_FASHION_MNIST_NETWORK_HPP

#include <offramp/offramp.hpp>

namespace fashion {

// y = x + batch_norm(binary convolution of sign(x)), the block of Bi-Real Net.
template <int Channels, auto... Options>
using block =
    offramp::residual<offramp::sign, offramp::conv2d<Channels, 3, offramp::binary, Options...>, offramp::batch_norm>;

// The same block in float: float weights, relu where the binary block takes signs.
template <int Channels, auto... Options>
using float_block = offramp::residual<offramp::relu, offramp::conv2d<Channels, 3, Options...>, offramp::batch_norm>;

template <template <int, auto...> class Block>
using four_exits =
    offramp::network<offramp::image<28, 28, 1, offramp::u8>,
                     offramp::stage<offramp::conv2d<32, 3, offramp::stride{2}>, offramp::batch_norm, Block<64>>,
                     offramp::exit_head<10, offramp::avg_pool<6, 4>>, offramp::stage<Block<64>>,
                     offramp::exit_head<10, offramp::avg_pool<7>>,
                     offramp::stage<Block<128, offramp::stride{2}>, Block<128>>,
                     offramp::exit_head<10, offramp::avg_pool<4, 3>>, offramp::stage<Block<128>, Block<128>>,
                     offramp::exit_head<10, offramp::avg_pool<4, 3>>>;

using garment_net = four_exits<block>;
using float_garment_net = four_exits<float_block>;

using device_net = offramp::lower<garment_net, offramp::i8>;
static_assert(offramp::memory<device_net, offramp::path::portable>.weight_bytes <= 100 * 1024);

}  // namespace fashion

#endif
