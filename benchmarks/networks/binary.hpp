// The binary siblings of the topologies, as users write them. First layers and the dense layers of heads are int8.
//
//   resnet8   its inner convolutions in signs: without shortcuts, and with i16 shortcuts around each block
//   quicknet  a residual around each convolution, transitions with blur (layers/blocks.hpp)
//   b_lenet   its inner convolutions and its first dense layer in signs
#ifndef BENCHMARKS_NETWORKS_BINARY_HPP
#define BENCHMARKS_NETWORKS_BINARY_HPP

#include <offramp/offramp.hpp>

namespace networks {

namespace detail {

using namespace offramp;

template <int C, auto... Options>
struct signs_conv : layer_sequence<conv2d<C, 3, binary, Options...>, batch_norm, sign> {};

using resnet8_plain =
    network<image<32, 32, 3>,
            stage<conv2d<16, 3>, batch_norm, sign, signs_conv<16>, signs_conv<16>, signs_conv<32, stride{2}>,
                  signs_conv<32>, signs_conv<64, stride{2}>, signs_conv<64>>,
            exit_head<10>>;

template <int C, auto... Options>
using shortcut_block = residual<sign, signs_conv<C, Options...>, conv2d<C, 3, binary>, batch_norm>;

using resnet8_shortcuts = network<
    image<32, 32, 3>,
    stage<conv2d<16, 3>, batch_norm, shortcut_block<16>, shortcut_block<32, stride{2}>, shortcut_block<64, stride{2}>>,
    exit_head<10>>;

template <int C>
struct four_blocks : layer_sequence<quicknet_block<C>, quicknet_block<C>, quicknet_block<C>, quicknet_block<C>> {};

using quicknet =
    network<image<224, 224, 3>,
            stage<conv2d<8, 3, stride{2}>, batch_norm, relu, depthwise_conv2d<3, stride{2}>, batch_norm, conv2d<64, 1>,
                  batch_norm, four_blocks<64>, quicknet_transition<128>, four_blocks<128>, quicknet_transition<256>,
                  four_blocks<256>, quicknet_transition<512>, four_blocks<512>, relu>,
            exit_head<1000>>;

using b_lenet = network<image<28, 28, 1>, stage<conv2d<8, 5, padding{3}>, batch_norm, sign, max_pool<2>>,
                        exit_head<10, conv2d<8, 3, stride{2}, binary>, batch_norm, sign>,
                        stage<conv2d<16, 5, padding{3}, binary>, batch_norm, sign, max_pool<2>,
                              conv2d<48, 5, padding{3}, binary>, batch_norm, sign, max_pool<2>>,
                        exit_head<10, dense<84, binary>, batch_norm, sign>>;

}  // namespace detail

using binary_resnet8 = offramp::lower<detail::resnet8_plain>;
using binary_resnet8_shortcuts = offramp::lower<detail::resnet8_shortcuts>;
using binary_quicknet = offramp::lower<detail::quicknet>;
using binary_b_lenet = offramp::lower<detail::b_lenet>;

}  // namespace networks

#endif
