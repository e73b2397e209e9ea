// covers: net/lower.hpp net/plan.hpp host/fake_quantized.hpp host/quantize.hpp
// The same as lowering_equality.cpp for lowerings with floats in them, where sums are equal within rounding.
#include "tests/net/lowering_equality.hpp"

using namespace offramp;
using offramp_test::compare_lowering;

namespace {

using float_net =
    network<image<8, 8, 1, f32>, stage<residual<conv2d<6, 3>, batch_norm, relu>, residual<conv2d<6, 3>, batch_norm>>,
            exit_head<3>, stage<conv2d<5, 3, stride{2}>, batch_norm, relu, max_pool<2>>, exit_head<3>>;

using binary_net =
    network<image<8, 8, 2>, stage<conv2d<33, 3>, batch_norm, sign, conv2d<7, 3, binary>, batch_norm, relu>,
            exit_head<3, avg_pool<4>>>;

// One layer says otherwise: float inside integers, integers inside floats.
using forced_net =
    network<image<8, 8, 1>, stage<conv2d<6, 3, f32>, batch_norm, residual<relu, conv2d<6, 3, f32>>, max_pool<2>>,
            exit_head<3>, stage<conv2d<5, 3, i8>, relu, conv2d<9, 3, f32>, batch_norm, avg_pool<2>>, exit_head<3>>;

}  // namespace

TEST_CASE("lowering equality: float image and streams") { compare_lowering<lower<float_net, f32>>("float", 11, false); }
TEST_CASE("lowering equality: float image, integers inside") {
  compare_lowering<lower<float_net>>("float to i8", 12, false);
}
TEST_CASE("lowering equality: bits in a float network") {
  compare_lowering<lower<binary_net, f32>>("binary f32", 13, false);
}
TEST_CASE("lowering equality: a float layer in integers") {
  compare_lowering<lower<forced_net>>("forced in i8", 14, false, false);
}
TEST_CASE("lowering equality: an integer layer in floats") {
  compare_lowering<lower<forced_net, f32>>("forced in f32", 15, false);
}
