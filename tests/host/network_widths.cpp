// Which layers share a width, which are free, and networks rebuilt with other widths against types that say the same.
#include <offramp/host/network_widths.hpp>

#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/net/network.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/networks.hpp"

namespace {

using namespace offramp;
using offramp_test::message_of;
namespace nets = offramp_test::networks;

using ints = std::vector<int>;

void same_network(const network_view& a, const network_view& b) {
  REQUIRE(a.layer_count == b.layer_count);
  REQUIRE(a.exit_count == b.exit_count);
  for (int i = 0; i < a.layer_count; ++i) {
    CAPTURE(i);
    const layer_desc &x = a.layers[i], &y = b.layers[i];
    CHECK(x.what == y.what);
    CHECK(x.in == y.in);
    CHECK(x.out == y.out);
    CHECK(x.out_c == y.out_c);
    CHECK(x.groups == y.groups);
    CHECK(x.kernel_h == y.kernel_h);
    CHECK(x.reads_bits == y.reads_bits);
    CHECK(x.bias == y.bias);
    CHECK(x.partner == y.partner);
    CHECK(x.exit == y.exit);
    CHECK(x.head == y.head);
  }
  for (int k = 0; k < a.exit_count; ++k) CHECK(structure_hash(a, k) == structure_hash(b, k));
}

template <class Net>
void as_it_is() {
  const auto widths = host::find_widths(Net::view());
  same_network(host::with_widths(Net::view(), widths, host::widths_now(widths)).view(), Net::view());
}

template <int A, int B>
using grows = network<
    image<16, 16, 3>,
    stage<conv2d<A, 3>, batch_norm, residual<sign, conv2d<A, 3, binary>, batch_norm>,
          residual<sign, conv2d<2 * A, 3, binary, stride{2}>, batch_norm>, blur_pool<3, 2>>,
    exit_head<4, conv2d<7, 1>, relu, global_avg_pool>,
    stage<depthwise_conv2d<3, multiplier{2}>, batch_norm, relu, conv2d<B, 1>, relu, conv2d<12, 3, groups{4}>, relu>,
    cascade_head<4>>;

}  // namespace

TEST_CASE("find_widths: residuals tie, heads are fixed, groups step") {
  const auto w = host::find_widths(grows<20, 24>::view());
  REQUIRE(w.size() == 3);
  CHECK(w[0].width == 20);
  CHECK(w[0].layers == ints{0, 4, 9});
  CHECK(w[0].factors == ints{1, 1, 2});
  CHECK(w[0].step == 1);
  CHECK(w[1].width == 24);
  CHECK(w[1].step == 4);  // read in four groups
  CHECK(w[2].width == 12);
  CHECK(w[2].step == 4);
}

TEST_CASE("find_widths: what a residual ties to a concatenation or a user's layer stays") {
  using concatenated = network<image<8, 8, 2>,
                               stage<conv2d<16, 3>, concat<branch<conv2d<4, 1>>, branch<conv2d<12, 1>>>,
                                     residual<conv2d<16, 3>>, concat<branch<>, branch<conv2d<5, 1>>>, conv2d<9, 1>>,
                               exit_head<3>>;
  const auto w = host::find_widths(concatenated::view());
  REQUIRE(w.size() == 3);
  CHECK(w[0].width == 16);
  CHECK(w[0].layers == ints{0});
  CHECK(w[1].width == 5);
  CHECK(w[2].width == 9);
  // The stream is the input.
  using of_input = network<image<8, 8, 4>, stage<residual<relu, conv2d<4, 3>>, conv2d<8, 3>>, exit_head<3>>;
  CHECK(host::find_widths(of_input::view()).size() == 1);
  // A body that shares its width with nothing else, seen through a depthwise convolution.
  using inverted = network<image<8, 8, 4>,
                           stage<conv2d<6, 3>, residual<conv2d<24, 1>, relu, depthwise_conv2d<3>, relu, conv2d<6, 1>>>,
                           exit_head<3>>;
  const auto i = host::find_widths(inverted::view());
  REQUIRE(i.size() == 2);
  CHECK(i[0].layers == ints{0, 6});
  CHECK(i[1].width == 24);
  CHECK(host::find_widths(nets::one_dimensional::view()).size() == 1);  // a user's layer reads the first
}

TEST_CASE("with_widths: the network of the type with these widths") {
  as_it_is<nets::residuals>();
  as_it_is<nets::pooled>();
  as_it_is<nets::signs>();
  as_it_is<nets::blocks>();
  as_it_is<nets::grouped>();
  as_it_is<nets::nested>();
  as_it_is<nets::mixed>();
  as_it_is<nets::one_dimensional>();
  using small = grows<20, 24>;
  const auto w = host::find_widths(small::view());
  same_network(host::with_widths(small::view(), w, {32, 8, 12}).view(), grows<32, 8>::view());
}

TEST_CASE("with_widths: widths that cannot be are refused") {
  using small = grows<20, 24>;
  const auto w = host::find_widths(small::view());
  CHECK(message_of([&] {
          host::with_widths(small::view(), w, {20, 24});
        }) == "with_widths: found 2 widths, expected 3");
  CHECK(message_of([&] {
          host::with_widths(small::view(), w, {20, 26, 12});
        }) == "with_widths: width 1 is 26, expected a positive multiple of 4");
  CHECK(message_of([&] {
          host::with_widths(small::view(), w, {0, 24, 12});
        }) == "with_widths: width 0 is 0, expected a positive multiple of 1");
  // Variables of another network.
  auto other = w;
  other[0].layers = {0};
  other[0].factors = {1};
  CHECK(message_of([&] {
          host::with_widths(small::view(), other, {32, 24, 12});
        }) == "with_widths: layer 6 does not fit: found 20, expected 32");
}
