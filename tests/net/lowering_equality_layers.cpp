// covers: net/lower.hpp net/plan.hpp host/fake_quantized.hpp host/quantize.hpp host/folding.hpp
// The same as lowering_equality.cpp for leaky and shifted activations, groups, blur, concatenation, cascades, sequences
// and a user's layer.
#include "tests/net/lowering_equality.hpp"

using namespace offramp;
using offramp_test::compare_lowering;

namespace {

// y = x * max(0, min(1, x / 2)), in floats or in codes.
struct ramp {
  static constexpr std::uint32_t id = 1001;
  static constexpr const char* name = "ramp";
  static constexpr kind in = kind::none;
  static constexpr kind out = kind::none;
  static constexpr shape out_shape(shape s) { return s; }
  static constexpr std::int64_t macs(shape s) { return s.size(); }
  static float value(float x) { return x * clamp(x / 2, 0.0f, 1.0f); }
  static void run(const user_arguments& a) {
    for (int i = 0; i < a.in_shape.size(); ++i) {
      if (a.in_kind == f32) {
        static_cast<float*>(a.out)[i] = value(static_cast<const float*>(a.in)[i]);
      } else {
        const float x = static_cast<float>(static_cast<const std::int8_t*>(a.in)[i] - a.in_zero) * a.in_scale;
        const float q = value(x) / a.out_scale + static_cast<float>(a.out_zero);
        static_cast<std::int8_t*>(a.out)[i] =
            static_cast<std::int8_t>(clamp(q + (q < 0 ? -0.5f : 0.5f), -128.0f, 127.0f));
      }
    }
  }
  static void forward(shape s, const float*, const float* x, float* y) {
    for (int i = 0; i < s.size(); ++i) y[i] = value(x[i]);
  }
  static void backward(shape, const float*, const float*, const float*, float*, float*) {}
};

using reactnet = network<image<8, 8, 1>, stage<conv2d<32, 3>, batch_norm, reactnet_block<32>>, exit_head<4>,
                         stage<reactnet_block<64, 2>, user_layer<ramp>>, cascade_head<4>>;

using quicknet =
    network<image<8, 8, 1>,
            stage<conv2d<8, 3>, relu, batch_norm, depthwise_conv2d<3, stride{2}>, batch_norm, prelu, quicknet_block<8>>,
            exit_head<3, relu, global_avg_pool>, stage<quicknet_transition<16>, quicknet_block<16>>,
            cascade_head<3, flatten>>;

using dense_net =
    network<image<6, 6, 2>,
            stage<conv2d<33, 3>, batch_norm, sign, concat<branch<>, branch<conv2d<8, 3, binary>, batch_norm, sign>>,
                  conv2d<64, 3, binary>, batch_norm, binary_dense_block<32>, binary_dense_block<32>>,
            exit_head<3>,
            stage<conv2d<64, 3, binary, groups{2}>, relu, batch_norm, sign, conv2d<12, 1, binary, groups{4}>, prelu,
                  concat<branch<max_pool<2>>, branch<avg_pool<2>>, branch<blur_pool<3, 2>, relu>>>,
            exit_head<3>>;

// Concatenation inside a residual, residuals inside branches; a branch may start in the stream.
using nested_net =
    network<image<6, 6, 2>,
            stage<conv2d<16, 3>, batch_norm,
                  residual<concat<branch<sign, conv2d<8, 3, binary>, batch_norm>, branch<>>, sign,
                           conv2d<16, 1, binary>, batch_norm, prelu, shift>,
                  concat<branch<residual<sign, conv2d<16, 3, binary>, batch_norm>>, branch<>, branch<relu>>>,
            exit_head<3>>;

using sequence_net =
    network<sequence<30, 3>,
            stage<conv1d<8, 5, stride{2}>, batch_norm, relu, max_pool1d<2>, depthwise_conv1d<3, multiplier{2}>,
                  batch_norm, rsign, conv1d<33, 3, binary>, batch_norm>,
            exit_head<3, avg_pool1d<2>>, stage<conv2d<8, kernel{1, 3}, stride{1, 2}, padding{0, 2}>, relu>,
            cascade_head<3>>;

}  // namespace

TEST_CASE("lowering equality: ReActNet, a cascade and a user's layer") {
  compare_lowering<lower<reactnet>>("reactnet i8", 21);
}
TEST_CASE("lowering equality: QuickNet") {
  compare_lowering<lower<quicknet>>("quicknet i8", 22);
  compare_lowering<lower<quicknet, i8, i8>>("quicknet, i8 stream", 23);
}
TEST_CASE("lowering equality: concatenations and groups") { compare_lowering<lower<dense_net>>("dense i8", 24); }
TEST_CASE("lowering equality: nested blocks") { compare_lowering<lower<nested_net>>("nested i8", 25); }
TEST_CASE("lowering equality: sequences") { compare_lowering<lower<sequence_net>>("sequence i8", 26); }
TEST_CASE("lowering equality: the same in floats") {
  compare_lowering<lower<reactnet, f32>>("reactnet f32", 27, false);
  compare_lowering<lower<quicknet, f32>>("quicknet f32", 28, false);
  compare_lowering<lower<nested_net, f32>>("nested f32", 29, false);
}
