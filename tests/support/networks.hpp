// Small networks that together hold every kind of layer and op, for tests that look at a network as a whole. Device
// headers alone.
#ifndef OFFRAMP_TESTS_SUPPORT_NETWORKS_HPP
#define OFFRAMP_TESTS_SUPPORT_NETWORKS_HPP

#include <cstdint>

#include <offramp/offramp.hpp>

namespace offramp_test::networks {

using namespace offramp;

// The blocks of the main example: binary residuals that grow and shrink.
using residuals =
    network<image<12, 8, 3, u8>,
            stage<conv2d<40, 3, stride{2}>, batch_norm, residual<sign, conv2d<40, 3, binary>, batch_norm>>,
            exit_head<10, avg_pool<2>>, stage<residual<sign, conv2d<80, 3, binary, stride{2}>, batch_norm>>,
            exit_head<10, global_avg_pool>>;
using pooled = network<
    image<12, 12, 3, u8>,
    stage<conv2d<40, 3>, batch_norm, relu, max_pool<2>, residual<conv2d<40, 3>, batch_norm, relu>, conv2d<24, 3>, relu>,
    exit_head<10>>;
// No multiple of a word, no round number.
using signs = network<image<12, 12, 3, u8>,
                      stage<conv2d<33, 3>, batch_norm, sign, max_pool<2>, conv2d<72, 3, binary>, batch_norm, sign>,
                      exit_head<3>, stage<conv2d<20, 3>, relu>, exit_head<3>>;
using blocks =
    network<image<8, 8, 1>,
            stage<conv2d<8, 3>, relu, batch_norm, depthwise_conv2d<3, stride{2}>, batch_norm, prelu, quicknet_block<8>>,
            exit_head<3, relu, global_avg_pool>, stage<quicknet_transition<16>, quicknet_block<16>>,
            cascade_head<3, flatten>>;
using grouped =
    network<image<6, 6, 2>,
            stage<conv2d<33, 3>, batch_norm, sign, concat<branch<>, branch<conv2d<8, 3, binary>, batch_norm, sign>>,
                  conv2d<64, 3, binary>, batch_norm, binary_dense_block<32>>,
            exit_head<3>,
            stage<conv2d<64, 3, binary, groups{2}>, relu, batch_norm, sign, conv2d<12, 1, binary, groups{4}>, prelu,
                  concat<branch<max_pool<2>>, branch<avg_pool<2>>, branch<blur_pool<3, 2>, relu>>>,
            exit_head<3>>;
// Concatenation inside a residual, residuals inside branches, one branch that starts in the stream.
using nested = network<image<6, 6, 2>,
                       stage<conv2d<16, 3>, batch_norm,
                             residual<concat<branch<sign, conv2d<8, 3, binary>, batch_norm>, branch<>>, sign,
                                      conv2d<16, 3, binary>, batch_norm>,
                             concat<branch<residual<sign, conv2d<16, 3, binary>, batch_norm>>, branch<avg_pool<1>>>>,
                       exit_head<3>>;

// Mixed poolings of pixels, of activations, and of a stream that goes on.
using mixed = network<image<13, 12, 3>, stage<mixed_pool<3, 2>, conv2d<33, 3>, relu>, exit_head<3, sdn_pool>,
                      stage<conv2d<16, 3>, batch_norm, mixed_pool<kernel{2, 3}, stride{2, 1}>,
                            residual<sign, conv2d<16, 3, binary>, batch_norm>>,
                      cascade_head<3, mixed_pool<2>>>;

// y = x, in whatever kind the network uses.
struct pass_on {
  static constexpr std::uint32_t id = 1001;
  static constexpr const char* name = "pass_on";
  static constexpr kind in = kind::none;
  static constexpr kind out = kind::none;
  static constexpr shape out_shape(shape s) { return s; }
  static constexpr std::int64_t macs(shape s) { return s.size(); }
  static void run(const user_arguments& a) {
    const int bytes = a.in_shape.size() * (a.in_kind == f32 ? 4 : 1);
    for (int i = 0; i < bytes; ++i) static_cast<unsigned char*>(a.out)[i] = static_cast<const unsigned char*>(a.in)[i];
  }
  static void forward(shape s, const float*, const float* x, float* y) {
    for (int i = 0; i < s.size(); ++i) y[i] = x[i];
  }
  static void backward(shape s, const float*, const float*, const float* dy, float* dx, float*) {
    for (int i = 0; i < s.size(); ++i) dx[i] = dy[i];
  }
};
using one_dimensional =
    network<sequence<32, 2>, stage<conv1d<8, 5, stride{2}>, batch_norm, rprelu, max_pool1d<2>, user_layer<pass_on>>,
            exit_head<4>, stage<rsign, conv1d<16, 3, binary>, shift, relu, avg_pool1d<2>>, cascade_head<4>>;

}  // namespace offramp_test::networks

#endif
