// The network of the main job: binary residual blocks with four exits for 28x28 images of clothing; its float twin, and
// the float network that teaches it.
#ifndef EXAMPLES_FASHION_MNIST_NETWORK_HPP
#define EXAMPLES_FASHION_MNIST_NETWORK_HPP

#include <offramp/offramp.hpp>

namespace fashion {

using offramp::avg_pool;
using offramp::batch_norm;
using offramp::conv2d;
using offramp::exit_head;
using offramp::network;
using offramp::relu;
using offramp::residual;
using offramp::stage;
using offramp::stride;

// y = x + batch_norm(relu(binary convolution of sign(x))), the block of QuickNet.
template <int Channels, auto... Options>
using block = residual<offramp::sign, conv2d<Channels, 3, offramp::binary, Options...>, relu, batch_norm>;

// The same block in float: float weights, relu where the binary block takes signs.
template <int Channels, auto... Options>
using float_block = residual<relu, conv2d<Channels, 3, Options...>, batch_norm>;

template <template <int, auto...> class Block>
using four_exits = network<offramp::image<28, 28, 1, offramp::u8>,
                           stage<conv2d<32, 3, stride{2}>, batch_norm, Block<64>>, exit_head<10, avg_pool<6, 4>>,
                           stage<Block<64>>, exit_head<10, avg_pool<6, 4>>, stage<Block<128, stride{2}>, Block<128>>,
                           exit_head<10, avg_pool<4, 3>>, stage<Block<128>, Block<128>>, exit_head<10, avg_pool<7>>>;

using garment_net = four_exits<block>;
using float_garment_net = four_exits<float_block>;

using device_net = offramp::lower<garment_net, offramp::i8>;
static_assert(offramp::memory<device_net, offramp::path::portable>.weight_bytes <= 100 * 1024);

// Two convolutions to a residual; twice the resolution of the student's first layer.
template <int Channels>
using teacher_block = residual<relu, conv2d<Channels, 3>, batch_norm, relu, conv2d<Channels, 3>, batch_norm>;
using teacher_net = network<offramp::image<28, 28, 1, offramp::u8>,
                            stage<conv2d<32, 3>, batch_norm, float_block<64, stride{2}>, teacher_block<64>,
                                  float_block<128, stride{2}>, teacher_block<128>, relu>,
                            exit_head<10, avg_pool<7>>>;

}  // namespace fashion

#endif
