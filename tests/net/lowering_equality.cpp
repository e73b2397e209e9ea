// covers: net/lower.hpp net/plan.hpp host/fake_quantized.hpp host/quantize.hpp
// The lowered network is the fake-quantized one: every op, on identical inputs, on every path, to the last bit.
#include "tests/net/lowering_equality.hpp"

using namespace offramp;
using offramp_test::compare_lowering;

namespace {

// Widths beside the word size; strides; both poolings; binary convolution of pixels.
using plain_net = network<image<9, 8, 3>, stage<conv2d<33, 3, stride{2}>, batch_norm, sign>, exit_head<5>,
                          stage<conv2d<40, 3, binary>, batch_norm, sign, max_pool<2>>, exit_head<5, avg_pool<2, 1>>,
                          stage<conv2d<5, 2, binary, valid>, batch_norm, relu>, exit_head<5>>;

using pixel_net =
    network<image<8, 8, 1>,
            stage<max_pool<2, 1>, conv2d<5, 3, binary>, batch_norm, sign, conv2d<33, 1, i8>, relu, max_pool<2>>,
            exit_head<3, max_pool<2>>, stage<batch_norm, sign, conv2d<5, 3, binary>, relu, avg_pool<2>>, exit_head<3>>;

// Streams: the blocks of Bi-Real Net, a shrinking shortcut, relu inside, i8 bodies.
using stream_net =
    network<image<8, 8, 1>,
            stage<conv2d<33, 3>, batch_norm, residual<sign, conv2d<33, 3, binary>, batch_norm>,
                  residual<sign, conv2d<66, 3, binary, stride{2}>, batch_norm, relu>>,
            exit_head<4, residual<conv2d<66, 1>>, avg_pool<2>>,
            stage<residual<batch_norm, relu, conv2d<66, 1>, batch_norm>, max_pool<2>>, exit_head<4, avg_pool<2>>>;

// Shortcuts past sides that do not divide: 9x7 to 5x4 to 3x4.
using odd_net = network<image<9, 7, 1>,
                        stage<conv2d<33, 3>, batch_norm, residual<sign, conv2d<66, 3, binary, stride{2}>, batch_norm>,
                              residual<sign, conv2d<66, 3, binary, stride{2, 1}>, batch_norm>>,
                        exit_head<4>>;

}  // namespace

TEST_CASE("lowering equality: plain binary network, integers") { compare_lowering<lower<plain_net>>("plain i8", 1); }
TEST_CASE("lowering equality: pixels times signs, integers") { compare_lowering<lower<pixel_net>>("pixels i8", 2); }
TEST_CASE("lowering equality: streams of i16") { compare_lowering<lower<stream_net>>("stream i16", 3); }
TEST_CASE("lowering equality: streams of i8") { compare_lowering<lower<stream_net, i8, i8>>("stream i8", 4); }
TEST_CASE("lowering equality: shortcuts past odd sides") { compare_lowering<lower<odd_net>>("odd i16", 5); }
