// Networks as plain data that every contender runs: convolutions (dense layers too: their window is the whole input)
// and poolings between tensors, with what is added to an output and whether a relu follows.
//
//   resnet8   ResNet-8 of MLPerf Tiny (Banbury et al. 2021): 32x32x3, three blocks, 1x1 convolutions in shortcuts
//   quicknet  the convolutions of a QuickNet (Bannink et al. 2021) for 224x224x3: four for each of 56x56x64, 28x28x128,
//             14x14x256 and 7x7x512; in float and int8 as ordinary residual blocks of two
//   b_lenet   LeNet with a branch behind its first convolution (Teerapittayanon et al. 2016), both exits computed
#ifndef BENCHMARKS_NETWORKS_TOPOLOGY_HPP
#define BENCHMARKS_NETWORKS_TOPOLOGY_HPP

#include <offramp/core/window.hpp>

namespace networks {

using offramp::shape;
using offramp::window;

enum class step_kind { conv, max_pool, avg_pool };

struct step {
  step_kind what = step_kind::conv;
  window geometry{};
  int in = 0, out = 0;  // tensors; 0 is the input
  bool relu = false;
  bool adds = false;  // to what stands at `out` already, before the relu

  [[nodiscard]] constexpr bool depthwise() const { return geometry.groups > 1; }
  [[nodiscard]] constexpr bool dense() const {
    return what == step_kind::conv && geometry.out.positions() == 1 && geometry.kernel_h == geometry.in.h &&
           geometry.kernel_w == geometry.in.w;
  }
  [[nodiscard]] constexpr double macs() const {
    return what == step_kind::conv ? static_cast<double>(geometry.out.size()) * geometry.depth() : 0;
  }
};

struct topology {
  static constexpr int capacity = 48;
  const char* name = "";
  shape input{};
  step steps[capacity]{};
  int step_count = 0;
  shape tensors[capacity]{};
  int tensor_count = 0;
  int outputs[2]{};  // logits
  int output_count = 0;

  constexpr topology(const char* n, shape in) : name{n}, input{in} { tensors[tensor_count++] = in; }

  constexpr int add(step_kind what, window w, int in, bool relu, int into = -1) {
    const int out = into >= 0 ? into : tensor_count;
    if (into < 0) tensors[tensor_count++] = w.out;
    steps[step_count++] = {what, w, in, out, relu, into >= 0};
    return out;
  }
  // "Same" padding; where the stride is 2, none at the top and left, as TensorFlow has it.
  constexpr int conv(int in, int channels, int kernel, int stride, bool relu, int into = -1, int groups = 1) {
    const shape s = tensors[in];
    window w = offramp::make_window(s, channels, kernel, kernel, stride, kernel / 2, kernel / 2, stride, groups);
    w.out.h = (s.h + stride - 1) / stride;
    w.out.w = (s.w + stride - 1) / stride;
    if (stride == 2 && s.h % 2 == 0) w.pad_top = w.pad_left = (kernel - 1) / 2 - (kernel > 1 ? 1 : 0);
    return add(step_kind::conv, w, in, relu, into);
  }
  constexpr int padded_conv(int in, int channels, int kernel, int padding) {
    return add(step_kind::conv, offramp::make_window(tensors[in], channels, kernel, kernel, 1, padding, padding), in,
               true);
  }
  constexpr int max_pool(int in, int size, int stride) {
    return add(step_kind::max_pool, offramp::make_window(tensors[in], tensors[in].c, size, size, stride, 0, 0), in,
               false);
  }
  constexpr int global_mean(int in) {
    const shape s = tensors[in];
    return add(step_kind::avg_pool, offramp::make_window(s, s.c, s.h, s.w, 1, 0, 0), in, false);
  }
  constexpr int dense(int in, int channels) {
    const shape s = tensors[in];
    return add(step_kind::conv, offramp::make_window(s, channels, s.h, s.w, 1, 0, 0), in, false);
  }
  constexpr void output(int tensor) { outputs[output_count++] = tensor; }

  [[nodiscard]] constexpr double macs() const {
    double sum = 0;
    for (int i = 0; i < step_count; ++i) sum += steps[i].macs();
    return sum;
  }
};

constexpr topology make_resnet8() {
  topology t{"resnet8", {32, 32, 3}};
  int x = t.conv(0, 16, 3, 1, true);
  x = t.conv(t.conv(x, 16, 3, 1, true), 16, 3, 1, true, x);
  for (const int channels : {32, 64}) {
    const int shortcut = t.conv(x, channels, 1, 2, false);
    x = t.conv(t.conv(x, channels, 3, 2, true), channels, 3, 1, true, shortcut);
  }
  t.output(t.dense(t.global_mean(x), 10));
  return t;
}

constexpr topology make_quicknet() {
  topology t{"quicknet", {224, 224, 3}};
  int x = t.conv(0, 8, 3, 2, true);
  x = t.conv(x, 8, 3, 2, false, -1, 8);
  x = t.conv(x, 64, 1, 1, true);
  for (const int channels : {64, 128, 256, 512}) {
    if (channels > 64) {
      x = t.max_pool(x, 2, 1);
      x = t.conv(x, channels / 2, 3, 2, false, -1, channels / 2);
      x = t.conv(x, channels, 1, 1, true);
    }
    for (int block = 0; block < 2; ++block) x = t.conv(t.conv(x, channels, 3, 1, true), channels, 3, 1, true, x);
  }
  t.output(t.dense(t.global_mean(x), 1000));
  return t;
}

constexpr topology make_b_lenet() {
  topology t{"b_lenet", {28, 28, 1}};
  const int first = t.max_pool(t.padded_conv(0, 8, 5, 3), 2, 2);
  t.output(t.dense(t.conv(first, 8, 3, 2, true), 10));
  const int second = t.max_pool(t.padded_conv(first, 16, 5, 3), 2, 2);
  const int third = t.max_pool(t.padded_conv(second, 48, 5, 3), 2, 2);
  t.output(t.dense(t.dense(third, 84), 10));
  return t;
}

inline constexpr topology resnet8 = make_resnet8(), quicknet = make_quicknet(), b_lenet = make_b_lenet();
inline constexpr const topology* all_topologies[] = {&resnet8, &quicknet, &b_lenet};

}  // namespace networks

#endif
