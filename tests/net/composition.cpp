// How layers fit together: shapes, groups, biases, ranges of values and partners of every kind of layer, and which
// compositions are refused, with which numbers. The messages are compiled in tests/compile_fail.
#include <offramp/net/composition.hpp>

#include <initializer_list>

#include <doctest/doctest.h>

#include <offramp/net/network.hpp>

using namespace offramp;

namespace {

using k = layer_kind;
using e = composition_error;

template <class... Layers>
using with = network<image<16, 12, 6>, stage<Layers...>, exit_head<10>>;

template <class Net>
constexpr const layer_desc& layer(int i) {
  return Net::description.layers[i];
}

// What composing them says; a network of this type would not compile.
template <class... Items>
constexpr composition_check checked() {
  return detail::describe_network<image<16, 12, 6>, Items...>().check;
}
template <class... Layers>
constexpr composition_check checked_stage() {
  return checked<stage<Layers...>, exit_head<10>>();
}

void check_refused(const composition_check& c, e error, int layer, int got, int expected) {
  CHECK(c.error == error);
  CHECK(c.layer == layer);
  CHECK(c.got == got);
  CHECK(c.expected == expected);
}

struct halves {  // of the width
  static constexpr std::uint32_t id = 1003;
  static constexpr const char* name = "halves";
  static constexpr kind in = kind::none;
  static constexpr kind out = kind::none;
  static constexpr shape out_shape(shape s) { return {s.h, s.w / 2, 2 * s.c}; }
  static constexpr std::int64_t macs(shape s) { return s.size(); }
  static void run(const user_arguments&) {}
  static void forward(shape, const float*, const float*, float*) {}
  static void backward(shape, const float*, const float*, const float*, float*, float*) {}
};

}  // namespace

TEST_CASE("composition: groups") {
  using net = with<conv2d<8, 3, groups{2}>, depthwise_conv2d<3, stride{2}>,
                   depthwise_conv2d<kernel{1, 5}, multiplier{3}>, batch_norm, sign, depthwise_conv2d<3, binary>>;
  CHECK(layer<net>(0).geometry().depth() == 9 * 3);
  CHECK(layer<net>(1).groups == 8);
  CHECK(layer<net>(1).out == shape{8, 6, 8});
  CHECK(layer<net>(1).geometry().depth() == 9);
  CHECK(layer<net>(2).groups == 8);
  CHECK(layer<net>(2).out == shape{8, 6, 24});
  CHECK(layer<net>(2).out_c == 24);
  CHECK(layer<net>(2).geometry().depth() == 5);
  CHECK(layer<net>(5).groups == 24);
  CHECK(layer<net>(5).reads_bits);
}

TEST_CASE("composition: strides and windows that differ by direction") {
  using net = with<conv2d<4, kernel{3, 5}, stride{1, 2}>, conv2d<4, kernel{1, 6}, valid>>;
  CHECK(layer<net>(0).out == shape{16, 6, 4});
  CHECK(layer<net>(1).out == shape{16, 1, 4});
  using line = network<sequence<30, 3>, stage<conv1d<8, 5, stride{2}>, max_pool1d<2>, avg_pool1d<3, 1>>, exit_head<4>>;
  CHECK(layer<line>(0).in == shape{1, 30, 3});
  CHECK(layer<line>(0).out == shape{1, 15, 8});
  CHECK(layer<line>(1).out == shape{1, 7, 8});
  CHECK(layer<line>(2).out == shape{1, 5, 8});
}

TEST_CASE("composition: a convolution has a bias unless a trained one stands right behind it") {
  using net = with<conv2d<4, 3>, batch_norm, conv2d<4, 3>, shift, prelu, conv2d<4, 3>, rsign, conv2d<4, 3>, relu,
                   batch_norm, conv2d<4, 3>, prelu, shift, conv2d<4, 3>>;
  CHECK_FALSE(layer<net>(0).bias);
  CHECK_FALSE(layer<net>(2).bias);
  CHECK_FALSE(layer<net>(5).bias);
  CHECK(layer<net>(8).bias);
  CHECK(layer<net>(11).bias);
  CHECK(layer<net>(14).bias);
  using branches = with<concat<branch<conv2d<4, 3>>, branch<conv2d<4, 3>, shift>>, batch_norm>;
  CHECK(layer<branches>(2).bias);  // the batch norm behind the concat is not its own
  CHECK_FALSE(layer<branches>(4).bias);
}

TEST_CASE("composition: flatten, blur, users' layers") {
  using net = network<image<16, 12, 6>, stage<conv2d<4, 3>, relu, blur_pool<3, 2>, blur_pool<4, 1>, user_layer<halves>>,
                      exit_head<10, flatten, dense<20>, flatten>>;
  CHECK(layer<net>(2).out == shape{8, 6, 4});
  CHECK(layer<net>(2).groups == 4);
  CHECK(layer<net>(2).out_c == 4);
  CHECK(layer<net>(3).out == shape{7, 5, 4});
  CHECK(layer<net>(4).in == shape{7, 5, 4});
  CHECK(layer<net>(4).out == shape{7, 2, 8});
  CHECK(layer<net>(5).out == shape{7, 2, 8});  // flatten moves nothing
  CHECK(layer<net>(6).geometry().depth() == 7 * 2 * 8);
  CHECK(layer<net>(8).geometry().depth() == 20);
  // Signs are blurred as signs, and are none afterwards.
  using of_signs = with<sign, blur_pool<3, 1>, conv2d<4, 3>>;
  CHECK(layer<of_signs>(1).reads_bits);
  CHECK_FALSE(layer<of_signs>(2).reads_bits);
}

TEST_CASE("composition: mixed pooling by a window of its own, or by a quarter of the input") {
  using net = with<conv2d<8, 3>, relu, mixed_pool<kernel{3, 2}, stride{2, 1}>, mixed_pool<2>>;
  CHECK(layer<net>(2).out == shape{7, 11, 8});
  CHECK(layer<net>(3).out == shape{3, 5, 8});
  constexpr auto pooled = [](int extent) {
    layer_desc d{.what = k::mixed_pool, .kernel_h = -4, .kernel_w = -4};
    shape at{extent, 4, 2};
    detail::value_range range = detail::value_range::any;
    CHECK(detail::compose_layers(&d, 0, 1, at, range, 0).error == e::none);
    CHECK(d.stride_h == d.kernel_h);
    CHECK(d.kernel_w == 1);
    CHECK(at.w == 4);
    CHECK(at.h == d.out.h);
    return at.h;
  };
  CHECK(pooled(1) == 1);
  CHECK(pooled(3) == 3);
  CHECK(pooled(4) == 4);
  CHECK(pooled(7) == 7);
  CHECK(pooled(8) == 4);
  CHECK(pooled(11) == 5);
  CHECK(pooled(14) == 4);
  CHECK(pooled(28) == 4);
  CHECK(pooled(32) == 4);
  using heads = network<image<28, 20, 1>, stage<conv2d<6, 3>>, exit_head<4, sdn_pool>>;
  CHECK(layer<heads>(1).kernel_h == 7);
  CHECK(layer<heads>(1).kernel_w == 5);
  CHECK(layer<heads>(1).stride_w == 5);
  CHECK(layer<heads>(2).geometry().depth() == 4 * 4 * 6);
  using line = network<sequence<30, 3>, stage<conv1d<6, 3>>, exit_head<4, sdn_pool>>;
  CHECK(layer<line>(1).out == shape{1, 4, 6});
  // Signs have no mixture; neither do signs that went through a maximum.
  check_refused(checked_stage<conv2d<8, 3>, sign, mixed_pool<2>>(), e::mixed_signs, 2, 0, 1);
  check_refused(checked_stage<conv2d<8, 3>, sign, max_pool<2>, sdn_pool>(), e::mixed_signs, 3, 0, 1);
  check_refused(checked_stage<mixed_pool<13>>(), e::window_too_large, 0, 13, 12);
  CHECK(checked_stage<conv2d<8, 3>, sign, avg_pool<2>, mixed_pool<2>>().error == e::none);
}

TEST_CASE("composition: concat puts channels side by side") {
  using net = with<conv2d<8, 3>,
                   concat<branch<>, branch<conv2d<4, 1>, relu>, branch<max_pool<3, 1>, conv2d<2, 3, padding{2}>>>>;
  // conv2d, concat_begin, branch_begin, branch_begin, conv2d, relu, branch_begin, max_pool, conv2d, concat_end
  CHECK(layer<net>(1).what == k::concat_begin);
  CHECK(layer<net>(1).partner == 9);
  CHECK(layer<net>(9).partner == 1);
  for (const int i : {2, 3, 6}) {
    CHECK(layer<net>(i).what == k::branch_begin);
    CHECK(layer<net>(i).partner == 1);
    CHECK(layer<net>(i).in == shape{16, 12, 8});  // all branches begin with the same input
    CHECK(layer<net>(i).out == shape{16, 12, 8});
  }
  CHECK(layer<net>(8).out == shape{16, 12, 2});
  CHECK(layer<net>(9).out == shape{16, 12, 14});
  CHECK(layer<net>(10).in == shape{16, 12, 14});
}

TEST_CASE("composition: a concat of signs is made of signs") {
  using signs = with<conv2d<8, 3>, sign, concat<branch<>, branch<conv2d<8, 3, binary>, sign>>, conv2d<4, 3, binary>>;
  CHECK(layer<signs>(5).reads_bits);  // in the second branch
  CHECK(layer<signs>(8).what == k::conv2d);
  CHECK(layer<signs>(8).reads_bits);
  using mixed = with<conv2d<8, 3>, sign, concat<branch<>, branch<conv2d<8, 3, binary>>>, conv2d<4, 3>>;
  CHECK_FALSE(layer<mixed>(7).reads_bits);
  // All branches non-negative: a sign behind them is constant. One of them not: it is not.
  check_refused(checked_stage<concat<branch<conv2d<4, 3>, relu>, branch<conv2d<4, 1>, relu>>, sign>(),
                e::sign_after_relu, 8, 8, 8);
  CHECK(checked_stage<concat<branch<conv2d<4, 3>, relu>, branch<>>, sign>().error == e::none);
  // The second branch starts from what the concat reads, not from where the first one ended.
  CHECK(checked_stage<concat<branch<conv2d<4, 3>, relu>, branch<sign>>>().error == e::none);
}

TEST_CASE("composition: blocks within blocks") {
  // A concat in a residual, a residual in a branch, a concat in a branch.
  using net = with<conv2d<8, 3>, residual<concat<branch<>, branch<conv2d<4, 1>>>, conv2d<8, 1>>,
                   concat<branch<residual<sign, conv2d<8, 3, binary>>>, branch<concat<branch<>, branch<>>>>>;
  // 0 conv2d, 1 residual_begin, 2 concat_begin, 3 branch, 4 branch, 5 conv2d, 6 concat_end, 7 conv2d, 8 residual_end,
  // 9 concat_begin, 10 branch, 11 residual_begin, 12 sign, 13 conv2d, 14 residual_end, 15 branch, 16 concat_begin,
  // 17 branch, 18 branch, 19 concat_end, 20 concat_end
  CHECK(layer<net>(1).partner == 8);
  CHECK(layer<net>(8).partner == 1);
  CHECK(layer<net>(2).partner == 6);
  CHECK(layer<net>(4).partner == 2);
  CHECK(layer<net>(7).in == shape{16, 12, 12});
  CHECK(layer<net>(8).out == shape{16, 12, 8});
  CHECK(layer<net>(9).partner == 20);
  CHECK(layer<net>(11).partner == 14);
  CHECK(layer<net>(15).partner == 9);
  CHECK(layer<net>(15).in == shape{16, 12, 8});
  CHECK(layer<net>(18).partner == 16);
  CHECK(layer<net>(19).out == shape{16, 12, 16});
  CHECK(layer<net>(20).out == shape{16, 12, 24});
}

TEST_CASE("composition: a cascade maps classes to classes") {
  using net = network<image<8, 8, 1>, stage<conv2d<4, 3>>, exit_head<5>, stage<conv2d<4, 3>>, cascade_head<5, flatten>>;
  // conv2d, avg_pool, dense | conv2d, flatten, dense, cascade
  const layer_desc& d = layer<net>(6);
  CHECK(d.what == k::cascade);
  CHECK(d.has_weights());
  CHECK_FALSE(d.bias);
  CHECK(d.exit == 1);
  CHECK(d.head);
  CHECK(d.geometry() == make_window({1, 1, 5}, 5, 1, 1, 1, 0, 0));
  CHECK(layer<net>(5).bias);
  CHECK(net::description.exits[1].head_last == 7);
}

TEST_CASE("composition: what a residual's body may end in") {
  CHECK(checked_stage<residual<conv2d<6, 3>>>().error == e::none);
  CHECK(checked_stage<residual<conv2d<6, 3>, batch_norm, shift>>().error == e::none);
  CHECK(checked_stage<residual<conv2d<6, 3>, relu, batch_norm>>().error == e::none);
  CHECK(checked_stage<residual<conv2d<6, 3>, batch_norm, prelu, batch_norm, shift>>().error == e::none);
  CHECK(checked_stage<residual<depthwise_conv2d<3>, rprelu>>().error == e::none);
  check_refused(checked_stage<residual<conv2d<6, 3>, sign>>(), e::residual_end, 3, 0, 1);
  check_refused(checked_stage<residual<conv2d<6, 3>, relu, prelu>>(), e::residual_end, 4, 0, 1);
  check_refused(checked_stage<residual<conv2d<6, 3>, max_pool<1>>>(), e::residual_end, 3, 0, 1);
  check_refused(checked_stage<residual<conv2d<6, 3>, blur_pool<3, 1>>>(), e::residual_end, 3, 0, 1);
  check_refused(checked_stage<residual<batch_norm>>(), e::residual_end, 2, 0, 1);
  check_refused(checked_stage<residual<conv2d<6, 3>, residual<conv2d<6, 3>>>>(), e::residual_nested, 2, 2, 1);
  check_refused(checked_stage<residual<concat<branch<conv2d<6, 3>>, branch<>>>>(), e::residual_end, 6, 0, 1);
  // Deeper, through a concat, is within a residual all the same.
  check_refused(checked_stage<residual<concat<branch<residual<conv2d<6, 3>>>, branch<>>, conv2d<6, 3>>>(),
                e::residual_nested, 3, 2, 1);
}

TEST_CASE("composition: what does not fit is refused with its numbers") {
  check_refused(checked_stage<conv2d<8, 3, groups{4}>>(), e::groups_in, 0, 6, 4);
  check_refused(checked_stage<conv2d<8, 3, groups{3}>>(), e::groups_out, 0, 8, 3);
  check_refused(checked_stage<flatten, conv2d<8, 3>>(), e::flatten_end, 0, 0, 1);
  check_refused(checked_stage<conv2d<8, 3>, flatten>(), e::flatten_end, 1, 0, 1);
  check_refused(checked<stage<conv2d<8, 3>>, cascade_head<10>>(), e::cascade_first, 3, 1, 2);
  check_refused(checked_stage<avg_pool<16, 1>>(), e::window_too_large, 0, 16, 12);
  check_refused(checked_stage<max_pool1d<13>>(), e::window_too_large, 0, 13, 12);
  check_refused(checked_stage<conv2d<2, 1>, global_avg_pool, user_layer<halves>>(), e::user_shape, 2, 0, 1);
  check_refused(checked_stage<concat<branch<>, branch<max_pool<2>>>>(), e::concat_height, 4, 8, 16);
  check_refused(checked_stage<concat<branch<>, branch<max_pool1d<2>>>>(), e::concat_width, 4, 6, 12);
  check_refused(checked_stage<concat<branch<>, branch<max_pool1d<2>>, branch<>>>(), e::concat_width, 4, 6, 12);
  check_refused(checked_stage<global_avg_pool, blur_pool<4, 1>>(), e::window_too_large, 1, 4, 3);
  check_refused(checked_stage<rsign, sign>(), e::sign_after_sign, 2, 2, 2);
  CHECK(checked_stage<relu, rsign>().error == e::none);  // shifted first
  CHECK(checked_stage<prelu, sign>().error == e::none);
}

TEST_CASE("composition: blocks are at most eight deep") {
  using two = concat<branch<>, branch<concat<branch<>, branch<>>>>;
  using four = concat<branch<>, branch<concat<branch<>, branch<two>>>>;
  using eight =
      concat<branch<>, branch<concat<branch<>, branch<concat<branch<>, branch<concat<branch<>, branch<four>>>>>>>>;
  CHECK(checked_stage<eight>().error == e::none);
  CHECK(checked_stage<concat<branch<>, branch<eight>>>().error == e::blocks_nested);
  CHECK(checked_stage<concat<branch<>, branch<eight>>>().got == 9);
  CHECK(checked_stage<concat<branch<>, branch<eight>>>().expected == 8);
  CHECK(checked_stage<eight, eight>().error == e::none);  // one behind the other
}
