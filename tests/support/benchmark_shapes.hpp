// The layers that benchmarks time, as windows with names; tests take them where a case has to be large. The first
// `peer_shapes` are those of tables that compare libraries: the four of ResNet-18, three of ResNets for 32x32 images,
// dense ones, a 1x1, a depthwise one and a first layer. Behind them what must not fall off a cliff: strides, channels
// that fill no word, shortcuts. To add a shape: add a line.
#ifndef OFFRAMP_TESTS_SUPPORT_BENCHMARK_SHAPES_HPP
#define OFFRAMP_TESTS_SUPPORT_BENCHMARK_SHAPES_HPP

#include <offramp/core/window.hpp>

namespace offramp_test {

struct benchmark_shape {
  const char* name;
  offramp::window geometry;
  bool adds = false;  // adds into a residual stream: i16 behind integers and bits, f32 behind floats

  [[nodiscard]] constexpr bool depthwise() const { return geometry.groups > 1; }
  [[nodiscard]] constexpr bool dense() const { return geometry.in.positions() == 1; }
  [[nodiscard]] constexpr bool first_layer() const { return geometry.in.c == 3; }
  // Products, zero padding counted as work.
  [[nodiscard]] constexpr double macs() const {
    return static_cast<double>(geometry.out.size()) * static_cast<double>(geometry.depth());
  }
};

constexpr offramp::window square_conv(int side, int in_c, int out_c, int kernel, int stride = 1) {
  const int pad = kernel / 2;
  return offramp::make_window({side, side, in_c}, out_c, kernel, kernel, stride, pad, pad);
}
constexpr offramp::window dense_layer(int in_c, int out_c) { return square_conv(1, in_c, out_c, 1); }

inline constexpr int peer_shapes = 12;
inline constexpr benchmark_shape benchmark_shapes[] = {
    {"conv3x3_56x56x64", square_conv(56, 64, 64, 3)},
    {"conv3x3_28x28x128", square_conv(28, 128, 128, 3)},
    {"conv3x3_14x14x256", square_conv(14, 256, 256, 3)},
    {"conv3x3_7x7x512", square_conv(7, 512, 512, 3)},
    {"conv3x3_32x32x16", square_conv(32, 16, 16, 3)},
    {"conv3x3_16x16x32", square_conv(16, 32, 32, 3)},
    {"conv3x3_8x8x64", square_conv(8, 64, 64, 3)},
    {"dense_1024x1024", dense_layer(1024, 1024)},
    {"dense_256x10", dense_layer(256, 10)},
    {"conv1x1_28x28x128", square_conv(28, 128, 128, 1)},
    {"dw3x3_25x5x64", offramp::make_window({25, 5, 64}, 64, 3, 3, 1, 1, 1, 1, 64)},
    {"stem3x3_32x32x3-16", square_conv(32, 3, 16, 3)},

    {"conv3x3s2_56x56x64-128", square_conv(56, 64, 128, 3, 2)},
    {"conv3x3s2_32x32x16-32", square_conv(32, 16, 32, 3, 2)},
    {"conv3x3s2_16x16x32-64", square_conv(16, 32, 64, 3, 2)},
    {"conv1x1s2_32x32x16-32", square_conv(32, 16, 32, 1, 2)},
    {"dw3x3s2_16x16x64", offramp::make_window({16, 16, 64}, 64, 3, 3, 2, 1, 1, 2, 64)},
    {"conv3x3_28x28x100", square_conv(28, 100, 100, 3)},
    {"conv3x3_14x14x40-72", square_conv(14, 40, 72, 3)},
    {"conv5x5_14x14x64", square_conv(14, 64, 64, 5)},

    {"conv3x3_56x56x64_add", square_conv(56, 64, 64, 3), true},
    {"conv3x3_14x14x256_add", square_conv(14, 256, 256, 3), true},
    {"conv3x3_32x32x16_add", square_conv(32, 16, 16, 3), true},
    {"conv3x3_8x8x64_add", square_conv(8, 64, 64, 3), true},
};
inline constexpr int benchmark_shape_count = sizeof(benchmark_shapes) / sizeof(benchmark_shapes[0]);

}  // namespace offramp_test

#endif
