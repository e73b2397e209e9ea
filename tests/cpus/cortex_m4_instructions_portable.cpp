// The shipped profile of an emulated Cortex-M4: what it says it is, and that it can be used in the compiler, on a
// network of every kind of op that devices have.
#include <offramp/cpus/cortex_m4_instructions_portable.hpp>

#include <doctest/doctest.h>

#include <offramp/latency/predict.hpp>
#include <offramp/offramp.hpp>

#include "tests/support/networks.hpp"

using namespace offramp;

namespace {

constexpr auto& cpu = cpus::cortex_m4_instructions_portable;
static_assert(check_profile<path::portable>(cpu.data) == profile_status::ok);
static_assert(cpu.data.unit == time_unit::instructions && cpu.data.from == provenance::emulated);

// Instructions to the last exit of a small network whose first layer has `Channels` outputs.
template <int Channels, kind Weights>
constexpr auto predicted() {
  using net = network<image<16, 16, 3, u8>,
                      stage<conv2d<Channels, 3>, batch_norm, sign, conv2d<64, 3, Weights>, batch_norm, relu>,
                      exit_head<10, global_avg_pool>>;
  return latency<lower<net>, path::portable>(cpu);
}

}  // namespace

TEST_CASE("emulated Cortex-M4: a prediction in the compiler") {
  constexpr auto binary = predicted<64, kind::bits>();
  static_assert(binary.known && !binary.extrapolated);
  static_assert(binary.longest_path >= binary.to_exit[0]);
  // 16 x 16 positions of 64 outputs: no core of one instruction at a time does the 2.4 million products of 32 bits with
  // less than one instruction for a word, nor needs ten for every product.
  CHECK(binary.to_exit[0] > 9.0 * 64 * 64 * 256 / 32);
  CHECK(binary.to_exit[0] < 10 * 9.0 * (64 + 3) * 64 * 256);
}

TEST_CASE("emulated Cortex-M4: more work takes longer, signs take less than numbers") {
  CHECK(predicted<32, kind::bits>().to_exit[0] < predicted<64, kind::bits>().to_exit[0]);
  CHECK(predicted<64, kind::bits>().to_exit[0] < predicted<128, kind::bits>().to_exit[0]);
  CHECK(2 * predicted<64, kind::bits>().to_exit[0] < predicted<64, kind::i8>().to_exit[0]);
}

TEST_CASE("emulated Cortex-M4: every class of integers is known, floats are not") {
  constexpr auto shrinking = latency<lower<offramp_test::networks::residuals>, path::portable>(cpu);
  static_assert(shrinking.known);
  CHECK(shrinking.to_exit[0] < shrinking.to_exit[1]);
  for (const auto c : {op_class::binary_conv, op_class::mixed_conv, op_class::integer_conv, op_class::grouped_conv,
                       op_class::pool, op_class::pointwise, op_class::rearrange})
    CHECK(cpu.data.classes[static_cast<int>(c)].root != class_profile::not_measured);
  CHECK(cpu.data.classes[static_cast<int>(op_class::float_conv)].root == class_profile::not_measured);
}
