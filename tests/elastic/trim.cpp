// Blocks of networks, networks cut behind each of them, and the one a deadline leaves.
#include <offramp/elastic/trim.hpp>

#include <type_traits>

#include <doctest/doctest.h>

#include "tests/support/networks.hpp"

namespace {

using namespace offramp;

template <class A, class B>
inline constexpr bool same = std::is_same_v<A, B>;

using first = conv2d<16, 3, stride{2}>;
using body = residual<sign, conv2d<16, 3, binary>, batch_norm>;
using second = conv2d<32, 3, binary>;
// Blocks: first with its batch norm | body | first exit | sign, pool, second, relu | last convolution | last exit
using example =
    network<image<16, 16, 1>, stage<first, batch_norm, body>, exit_head<5, avg_pool<2>>,
            stage<batch_norm, sign, max_pool<2>, second, batch_norm, sign, conv2d<8, 1, binary>, relu>, exit_head<5>>;
using tail1 = stage<first, batch_norm>;
using tail3 = stage<first, batch_norm, body, batch_norm, sign, max_pool<2>, second, batch_norm>;
using tail4 =
    stage<first, batch_norm, body, batch_norm, sign, max_pool<2>, second, batch_norm, sign, conv2d<8, 1, binary>, relu>;

// 1 unit an op, so that a prediction counts ops.
constexpr cpu_profile<path::portable> counting = [] {
  cpu_profile<path::portable> cpu;
  cpu.data.path_id = path::portable::id;
  cpu.data.path_version = path::portable::version;
  cpu.data.node_count = cpu.data.leaf_count = 1;
  cpu.data.leaves[0].cost[static_cast<int>(regressor::fixed)] = 1;
  for (class_profile& c : cpu.data.classes) c.root = 0;
  return cpu;
}();

template <class Net>
constexpr double ops = latency<lower<Net>>(counting).longest_path;

}  // namespace

TEST_CASE("trim: blocks are counted across stages, residuals whole, heads not") {
  static_assert(backbone_blocks<example> == 4);
  static_assert(same<trim<example, 1>, network<image<16, 16, 1>, tail1, exit_head<5>>>);
  static_assert(same<trim<example, 2>, network<image<16, 16, 1>, stage<first, batch_norm, body>, exit_head<5>>>);
  static_assert(same<trim<example, 3>, network<image<16, 16, 1>, tail3, exit_head<5>>>);
  static_assert(same<trim<example, 4>, network<image<16, 16, 1>, tail4, exit_head<5>>>);
  // Another task.
  static_assert(same<trim<example, 1, default_head<3>>, network<image<16, 16, 1>, tail1, exit_head<3>>>);
  static_assert(trim<example, 1, exit_head<7, flatten>>::classes == 7);
  CHECK(trim<example, 3>::exits == 1);
}

TEST_CASE("trim_with_exits: the exits before the cut stay, and behind a stage it is cut") {
  using head = exit_head<5, avg_pool<2>>;
  static_assert(same<trim_with_exits<example, 1>, trim<example, 1>>);
  static_assert(same<trim_with_exits<example, 2>, cut<example, 1>>);
  static_assert(same<trim_with_exits<example, 3>,
                     network<image<16, 16, 1>, stage<first, batch_norm, body>, head,
                             stage<batch_norm, sign, max_pool<2>, second, batch_norm>, exit_head<5>>>);
  static_assert(same<trim_with_exits<example, 4>, example>);
  using family = trim_family_with_exits<example>;
  static_assert(family::size == 4 && family::keeps_exits && same<family::at<3>, example>);
  // What is shared has the longer network's identity.
  CHECK(structure_hash(trim_with_exits<example, 3>::view(), 0) == structure_hash(example::view(), 0));
}

TEST_CASE("trim_family: every block of every kind of layer is a place to cut") {
  using family = trim_family<example, default_head<9>>;
  static_assert(family::size == 4 && !family::keeps_exits && same<family::network, example>);
  static_assert(same<family::at<0>, trim<example, 1, default_head<9>>>);
  namespace n = offramp_test::networks;
  CHECK(backbone_blocks<n::residuals> == 3);
  CHECK(backbone_blocks<n::pooled> == 3);
  CHECK(backbone_blocks<n::signs> == 3);  // the sign that an exit reads belongs to the block before
  CHECK(backbone_blocks<n::blocks> == 5);
  CHECK(backbone_blocks<n::nested> == 3);
  CHECK(backbone_blocks<network<image<8, 8, 1>, stage<sign, max_pool<2>, first>, exit_head<2>>> == 1);
  CHECK(backbone_blocks<network<image<8, 8, 1>, stage<max_pool<2>>, exit_head<2>, stage<first>, exit_head<2>>> == 2);
  CHECK(trim<n::blocks, 2>::exits == 1);
  CHECK(trim_with_exits<n::blocks, 4>::exits == 2);
}

TEST_CASE("block_end: places in the longer network's description") {
  CHECK(block_end<example>(0) == 2);
  CHECK(block_end<example>(1) == 7);
  CHECK(block_end<example>(2) == 7 + 2 + 5);
  CHECK(block_end<example>(3) == 7 + 2 + 8);
  CHECK(block_end<example>(3) == example::description.exits[1].stage_last);
}

TEST_CASE("netcut_type: the longest trim within a deadline") {
  using family = trim_family<example>;
  static_assert(ops<family::at<0>> < ops<family::at<1>> && ops<family::at<1>> < ops<family::at<2>>);
  constexpr auto two = static_cast<long long>(ops<family::at<1>>);
  static_assert(same<netcut_type<family, counting, two>, family::at<1>>);
  static_assert(same<netcut_type<family, counting, two - 1>, family::at<0>>);
  static_assert(same<netcut_type<family, counting, 1000>, family::at<3>>);
  CHECK(detail::status_of(counting) == profile_status::ok);
  CHECK(detail::longest_within<family, counting, two, kind::i8, family::size - 1>() == 1);
  CHECK(detail::longest_within<family, counting, 0, kind::i8, family::size - 1>() == -1);
  CHECK(detail::shortest_latency<family, counting, kind::i8>() == static_cast<long long>(ops<family::at<0>>));
  CHECK(two == 5);  // convolution; sign and convolution of the residual; pooling and dense of the head
}
