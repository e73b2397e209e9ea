// Floats, depthwise convolutions and output stages alone on NEON equal the reference: the case tables and random
// geometries. Loops run on Arm (under an emulator); elsewhere it is the traits that are asked.
// covers: kernels/neon/conv_float.hpp kernels/neon/depthwise.hpp kernels/neon/pointwise.hpp
// covers: kernels/neon/pointwise_traits.hpp
#include <offramp/paths/neon.hpp>

#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using neon = offramp::path::neon;
using depthwise_kernel = offramp::kernels::neon::depthwise;

namespace {

constexpr std::array depthwise_signatures{
    grouped(conv(kind::i8, kind::i8, kind::i8)),
    grouped(conv(kind::u8, kind::i8, kind::bits)),
    grouped(conv(kind::i8, kind::i8, kind::i16, true)),
    grouped(conv(kind::f32, kind::f32, kind::f32)),
};

}  // namespace

TEST_CASE("depthwise: one output of every channel, the rest is the portable path's") {
  const auto form = [](const window& w) { return depthwise_kernel::form({depthwise_signatures[0], w}); };
  CHECK(form(depthwise({5, 5, 24}, 1, 3, 3, 1, 1, 1)) == 0);
  CHECK(form(depthwise({5, 5, 24}, 2, 3, 3, 1, 1, 1)) == 1);
  CHECK(form(make_window({5, 5, 24}, 24, 3, 3, 1, 1, 1, 0, 4)) == 1);
}

TEST_CASE("output stages alone: room behind the parameters for whole vectors") {
  const kernel_op op{pointwise(kind::i16, kind::bits), make_window({3, 4, 33}, 33, 1, 1, 1, 0, 0)};
  CHECK(kernels::weight_words<neon>(op) == kernels::canonical_layout(op).total() + 32);
  CHECK(kernels::scratch_bytes<neon>(op) == 0);
}

#if OFFRAMP_NEON
namespace {

constexpr std::array pointwise_signatures{
    pointwise(kind::i16, kind::bits),     pointwise(kind::u8, kind::i8),
    pointwise(kind::i8, kind::i16, true), two_slopes(pointwise(kind::i16, kind::i16)),
    pointwise(kind::f32, kind::bits),     pointwise(kind::f32, kind::i8),
};
constexpr std::array floats{
    conv(kind::f32, kind::f32, kind::f32),
    conv(kind::f32, kind::f32, kind::bits),
    conv(kind::f32, kind::f32, kind::i8),
    two_slopes(conv(kind::f32, kind::f32, kind::f32, true)),
    rectified(conv(kind::f32, kind::f32, kind::f32)),
};

}  // namespace

TEST_CASE("output stages alone on NEON equal the reference") {
  check_path<neon, pointwise_signatures>(pointwise_cases);
  window repeats = make_window({3, 3, 20}, 20, 1, 1, 1, 0, 0);
  repeats.out.c = repeats.stored_out_c = 40;
  check_op<neon, pointwise_signatures[0]>(dynamic_geometry{repeats}, "channels repeat", 1);
}

TEST_CASE("floats on NEON equal the reference") { check_path<neon, floats>(conv_cases); }

TEST_CASE("depthwise convolutions on NEON equal the reference") {
  check_path<neon, depthwise_signatures>(grouped_cases);
}

TEST_CASE("random geometries of floats and channels on NEON equal the reference") {
  random_numbers r{90004};
  for (std::uint64_t i = 0; i < 80; ++i) {
    check_op<neon, floats[0]>(dynamic_geometry{random_conv(r)}, "random", 1000 + i);
    window w = random_grouped(r);
    if (w.group_in_c() == 1) w.out.c = w.groups, w.stored_out_c = w.groups;
    check_op<neon, depthwise_signatures[0]>(dynamic_geometry{w}, "random", 2000 + i);
    check_op<neon, depthwise_signatures[3]>(dynamic_geometry{w}, "random", 3000 + i);
  }
}

TEST_CASE("static geometries of floats and channels on NEON equal the reference") {
  check_op<neon, floats[0]>(static_geometry<make_window({6, 5, 9}, 24, 3, 3, 1, 1, 1)>{}, "floats", 1);
  check_op<neon, depthwise_signatures[0]>(static_geometry<depthwise({6, 5, 24}, 1, 3, 3, 1, 1, 1)>{}, "channels", 2);
}
#endif
