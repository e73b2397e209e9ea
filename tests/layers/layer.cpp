// covers: layers/layer.hpp layers/conv2d.hpp layers/conv1d.hpp layers/dense.hpp layers/flatten.hpp layers/pool.hpp layers/batch_norm.hpp layers/activation.hpp layers/residual.hpp
// What layers declare: their options, and how they append themselves.
#include <offramp/layers/activation.hpp>
#include <offramp/layers/batch_norm.hpp>
#include <offramp/layers/conv1d.hpp>
#include <offramp/layers/conv2d.hpp>
#include <offramp/layers/dense.hpp>
#include <offramp/layers/flatten.hpp>
#include <offramp/layers/pool.hpp>
#include <offramp/layers/residual.hpp>

#include <string>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

template <class Layer>
constexpr layer_desc only() {
  static_assert(Layer::layer_count == 1);
  layer_desc d[1];
  layer_desc* next = d;
  Layer::append(next);
  return d[0];
}

// A layer of a user's own: the two members, no base.
struct mine {
  static constexpr int layer_count = 2;
  static constexpr void append(layer_desc*& out) {
    batch_norm::append(out);
    relu::append(out);
  }
};

}  // namespace

TEST_CASE("mixed pooling by the program") {
  const layer_desc d = detail::mixed_pooling(detail::as_kernel(2), detail::as_stride(1));
  CHECK(d.what == layer_kind::mixed_pool);
  CHECK(d.kernel_w == 2);
  CHECK(d.stride_h == 1);
}

TEST_CASE("layers: a convolution says what it was told, in any order") {
  constexpr layer_desc plain = only<conv2d<64, 3>>();
  CHECK(plain.what == layer_kind::conv2d);
  CHECK(plain.out_c == 64);
  CHECK(plain.kernel_h == 3);
  CHECK(plain.kernel_w == 3);
  CHECK(plain.stride_h == 1);
  CHECK(plain.stride_w == 1);
  CHECK(plain.groups == 1);
  CHECK(plain.pad_h == 1);
  CHECK(plain.pad_w == 1);
  CHECK(plain.weights == kind::none);
  CHECK(plain.has_weights());

  CHECK(only<conv2d<8, 5>>().pad_h == 2);
  CHECK(only<conv2d<8, 4>>().pad_h == 1);
  CHECK(only<conv2d<8, 1>>().pad_h == 0);
  CHECK(only<conv2d<8, 3, valid>>().pad_w == 0);
  CHECK(only<conv2d<8, 3, padding{3}>>().pad_h == 3);

  constexpr layer_desc one = only<conv2d<64, 3, binary, stride{2}, valid>>();
  constexpr layer_desc other = only<conv2d<64, 3, valid, stride{2}, binary>>();
  for (const layer_desc& d : {one, other}) {
    CHECK(d.weights == kind::bits);
    CHECK(d.stride_h == 2);
    CHECK(d.stride_w == 2);
    CHECK(d.pad_h == 0);
    CHECK(d.pad_w == 0);
  }
  CHECK(only<conv2d<8, 3, f32>>().weights == kind::f32);
  CHECK(only<conv2d<8, 3, i8>>().weights == kind::i8);
}

TEST_CASE("layers: both directions may differ, and channels may go in groups") {
  constexpr layer_desc oblong = only<conv2d<8, kernel{3, 5}, stride{2, 1}, groups{4}>>();
  CHECK(oblong.kernel_h == 3);
  CHECK(oblong.kernel_w == 5);
  CHECK(oblong.pad_h == 1);
  CHECK(oblong.pad_w == 2);
  CHECK(oblong.stride_h == 2);
  CHECK(oblong.stride_w == 1);
  CHECK(oblong.groups == 4);
  CHECK(oblong.out_c == 8);
  constexpr layer_desc padded = only<conv2d<8, kernel{1, 7}, padding{0, 2}>>();
  CHECK(padded.pad_h == 0);
  CHECK(padded.pad_w == 2);

  constexpr layer_desc deep = only<depthwise_conv2d<3, stride{2}, binary>>();
  CHECK(deep.what == layer_kind::conv2d);
  CHECK(deep.groups == 0);  // as many as channels, which the network knows
  CHECK(deep.out_c == 1);
  CHECK(deep.stride_w == 2);
  CHECK(deep.pad_h == 1);
  CHECK(deep.weights == kind::bits);
  CHECK(only<depthwise_conv2d<kernel{5, 3}, multiplier{2}>>().out_c == 2);
  CHECK(only<depthwise_conv2d<kernel{5, 3}, valid>>().kernel_h == 5);
  CHECK(only<depthwise_conv2d<kernel{5, 3}, valid>>().pad_h == 0);

  layer_desc d = only<conv2d<64, kernel{1, 4}, stride{1, 2}, groups{2}, valid>>();
  d.in = {3, 20, 32};
  d.out.c = 64;
  const window w = d.geometry();
  CHECK(w.out == shape{3, 9, 64});
  CHECK(w.groups == 2);
  CHECK(w.depth() == 4 * 16);
}

TEST_CASE("layers: sequences lie along the width") {
  constexpr layer_desc d = only<conv1d<8, 5, stride{2}, groups{2}>>();
  CHECK(d.what == layer_kind::conv2d);
  CHECK(d.kernel_h == 1);
  CHECK(d.kernel_w == 5);
  CHECK(d.stride_h == 1);
  CHECK(d.stride_w == 2);
  CHECK(d.pad_h == 0);
  CHECK(d.pad_w == 2);
  CHECK(d.groups == 2);
  CHECK(only<conv1d<8, 5, padding{4}>>().pad_w == 4);
  CHECK(only<conv1d<8, 5, padding{4}>>().pad_h == 0);
  CHECK(only<conv1d<8, 5, valid>>().pad_w == 0);
  constexpr layer_desc deep = only<depthwise_conv1d<7, multiplier{3}>>();
  CHECK(deep.groups == 0);
  CHECK(deep.out_c == 3);
  CHECK(deep.kernel_h == 1);
  CHECK(deep.pad_w == 3);
  CHECK(only<max_pool1d<3>>().what == layer_kind::max_pool);
  CHECK(only<max_pool1d<3>>().kernel_h == 1);
  CHECK(only<max_pool1d<3>>().stride_h == 1);
  CHECK(only<max_pool1d<3>>().stride_w == 3);
  CHECK(only<avg_pool1d<4, 2>>().what == layer_kind::avg_pool);
  CHECK(only<avg_pool1d<4, 2>>().kernel_w == 4);
  CHECK(only<avg_pool1d<4, 2>>().stride_w == 2);
}

TEST_CASE("layers: a convolution's geometry follows from its input") {
  layer_desc d = only<conv2d<64, 3, stride{2}>>();
  d.in = {28, 27, 16};
  d.out = {14, 14, 64};
  const window w = d.geometry();
  CHECK(w.in == shape{28, 27, 16});
  CHECK(w.out == shape{14, 14, 64});  // (28 + 2 - 3) / 2 + 1, (27 + 2 - 3) / 2 + 1
  CHECK(w.depth() == 9 * 16);
}

TEST_CASE("layers: the others") {
  CHECK(only<dense<10, binary>>().what == layer_kind::dense);
  CHECK(only<dense<10, binary>>().out_c == 10);
  CHECK(only<dense<10, binary>>().weights == kind::bits);
  CHECK(only<dense<10>>().kernel_h == 0);  // the whole input
  CHECK(only<max_pool<3>>().what == layer_kind::max_pool);
  CHECK(only<max_pool<3>>().stride_h == 3);
  CHECK(only<max_pool<3, 2>>().stride_w == 2);
  CHECK(only<max_pool<3, 2>>().kernel_w == 3);
  CHECK(only<avg_pool<7>>().what == layer_kind::avg_pool);
  CHECK(only<avg_pool<4, 3>>().stride_h == 3);
  CHECK(only<global_avg_pool>().what == layer_kind::avg_pool);
  CHECK(only<global_avg_pool>().kernel_h == 0);
  constexpr layer_desc oblong = only<mixed_pool<kernel{2, 3}>>();
  CHECK(oblong.what == layer_kind::mixed_pool);
  CHECK(oblong.kernel_h == 2);
  CHECK(oblong.kernel_w == 3);
  CHECK(oblong.stride_h == 2);
  CHECK(oblong.stride_w == 3);
  CHECK_FALSE(oblong.has_weights());  // no convolution
  CHECK(only<mixed_pool<3, 2>>().kernel_w == 3);
  CHECK(only<mixed_pool<3, 2>>().stride_w == 2);
  CHECK(only<mixed_pool<3, stride{2, 1}>>().stride_w == 1);
  CHECK(only<mixed_pool<4>>().stride_h == 4);
  CHECK(only<sdn_pool>().what == layer_kind::mixed_pool);
  CHECK(only<sdn_pool>().kernel_h == -4);  // a quarter
  CHECK(only<batch_norm>().what == layer_kind::batch_norm);
  CHECK(only<relu>().what == layer_kind::relu);
  CHECK(only<sign>().what == layer_kind::sign);
  CHECK_FALSE(only<batch_norm>().has_weights());
  CHECK(only<flatten>().what == layer_kind::flatten);
  CHECK(only<prelu>().what == layer_kind::prelu);
  CHECK(only<shift>().what == layer_kind::shift);
  CHECK(only<shift>().is_affine());
  CHECK(only<batch_norm>().is_affine());
  CHECK_FALSE(only<prelu>().is_affine());
  CHECK(only<prelu>().is_rectifier());
  CHECK(only<relu>().is_rectifier());
  constexpr layer_desc blur = only<blur_pool<>>();
  CHECK(blur.what == layer_kind::blur_pool);
  CHECK(blur.kernel_h == 3);
  CHECK(blur.stride_w == 2);
  CHECK(blur.pad_w == 1);
  CHECK(blur.groups == 0);
  CHECK_FALSE(blur.has_weights());  // none that are trained
  CHECK(only<blur_pool<4, 3>>().pad_h == 1);
  CHECK(only<blur_pool<4, 3>>().stride_h == 3);
}

TEST_CASE("layers: every kind of layer has a name") {
  for (int i = 0; i <= static_cast<int>(layer_kind::mixed_pool); ++i) {
    CHECK(std::string{to_string(static_cast<layer_kind>(i))} != "unknown");
    for (int j = 0; j < i; ++j)
      CHECK(std::string{to_string(static_cast<layer_kind>(i))} != to_string(static_cast<layer_kind>(j)));
  }
}

TEST_CASE("layers: ReActNet's shifted activations are sequences") {
  static_assert(rsign::layer_count == 2);
  static_assert(rprelu::layer_count == 3);
  layer_desc d[5];
  layer_desc* next = d;
  rsign::append(next);
  rprelu::append(next);
  const layer_kind expected[] = {layer_kind::shift, layer_kind::sign, layer_kind::shift, layer_kind::prelu,
                                 layer_kind::shift};
  for (int i = 0; i < 5; ++i) CHECK(d[i].what == expected[i]);
}

TEST_CASE("layers: a residual brackets its body, and a body may hold a layer of one's own") {
  using block = residual<sign, conv2d<8, 3, binary>, mine>;
  static_assert(block::layer_count == 6);
  layer_desc d[6];
  layer_desc* next = d;
  block::append(next);
  CHECK(next == d + 6);
  const layer_kind expected[] = {layer_kind::residual_begin, layer_kind::sign, layer_kind::conv2d,
                                 layer_kind::batch_norm,     layer_kind::relu, layer_kind::residual_end};
  for (int i = 0; i < 6; ++i) CHECK(std::string{to_string(d[i].what)} == to_string(expected[i]));
}
