// covers: layers/layer.hpp layers/conv2d.hpp layers/dense.hpp layers/pool.hpp layers/batch_norm.hpp layers/activation.hpp layers/residual.hpp
// What layers declare: their options, and how they append themselves.
#include <offramp/layers/activation.hpp>
#include <offramp/layers/batch_norm.hpp>
#include <offramp/layers/conv2d.hpp>
#include <offramp/layers/dense.hpp>
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

TEST_CASE("layers: a convolution says what it was told, in any order") {
  constexpr layer_desc plain = only<conv2d<64, 3>>();
  CHECK(plain.what == layer_kind::conv2d);
  CHECK(plain.out_c == 64);
  CHECK(plain.kernel_h == 3);
  CHECK(plain.kernel_w == 3);
  CHECK(plain.stride == 1);
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
    CHECK(d.stride == 2);
    CHECK(d.pad_h == 0);
    CHECK(d.pad_w == 0);
  }
  CHECK(only<conv2d<8, 3, f32>>().weights == kind::f32);
  CHECK(only<conv2d<8, 3, i8>>().weights == kind::i8);
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
  CHECK(only<max_pool<3>>().stride == 3);
  CHECK(only<max_pool<3, 2>>().stride == 2);
  CHECK(only<max_pool<3, 2>>().kernel_w == 3);
  CHECK(only<avg_pool<7>>().what == layer_kind::avg_pool);
  CHECK(only<avg_pool<4, 3>>().stride == 3);
  CHECK(only<global_avg_pool>().what == layer_kind::avg_pool);
  CHECK(only<global_avg_pool>().kernel_h == 0);
  CHECK(only<batch_norm>().what == layer_kind::batch_norm);
  CHECK(only<relu>().what == layer_kind::relu);
  CHECK(only<sign>().what == layer_kind::sign);
  CHECK_FALSE(only<batch_norm>().has_weights());
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
