// covers: cpus/cortex_m0plus_instructions_cortex_m.hpp cpus/cortex_m3_instructions_cortex_m.hpp
// covers: cpus/cortex_m4_instructions_cortex_m_dsp.hpp cpus/cortex_m55_instructions_helium.hpp
// The shipped profiles of paths for Cortex-M: what each says it is, for which path alone it is, and that it can be used
// in the compiler, on a network of every kind of op that devices have.
#include <offramp/cpus/cortex_m0plus_instructions_cortex_m.hpp>
#include <offramp/cpus/cortex_m3_instructions_cortex_m.hpp>
#include <offramp/cpus/cortex_m4_instructions_cortex_m_dsp.hpp>
#include <offramp/cpus/cortex_m4_instructions_portable.hpp>
#include <offramp/cpus/cortex_m55_instructions_helium.hpp>

#include <doctest/doctest.h>

#include <offramp/latency/predict.hpp>
#include <offramp/offramp.hpp>
#include <offramp/paths/helium.hpp>

#include "tests/support/networks.hpp"

using namespace offramp;

namespace {

// A small network whose first layer has `Channels` outputs.
template <int Channels, kind Weights>
using small = lower<network<image<16, 16, 3, u8>,
                            stage<conv2d<Channels, 3>, batch_norm, sign, conv2d<64, 3, Weights>, batch_norm, relu>,
                            exit_head<10, global_avg_pool>>>;

template <class Path, class OtherPath>
void check_shipped(const cpu_profile<Path>& cpu) {
  CHECK(check_profile<Path>(cpu.data) == profile_status::ok);
  CHECK(check_profile<OtherPath>(cpu.data) == profile_status::wrong_path);
  CHECK(cpu.data.unit == time_unit::instructions);
  CHECK(cpu.data.from == provenance::emulated);
  const auto predicted = [&]<int Channels, kind Weights>() { return latency<small<Channels, Weights>>(cpu); };
  const auto binary = predicted.template operator()<64, kind::bits>();
  CHECK((binary.known && !binary.extrapolated));
  CHECK(binary.longest_path >= binary.to_exit[0]);
  // More work takes longer, signs take less than numbers.
  CHECK(predicted.template operator()<32, kind::bits>().to_exit[0] < binary.to_exit[0]);
  CHECK(binary.to_exit[0] < predicted.template operator()<128, kind::bits>().to_exit[0]);
  CHECK(binary.to_exit[0] < predicted.template operator()<64, kind::i8>().to_exit[0]);

  const auto shrinking = latency<lower<offramp_test::networks::residuals>>(cpu);
  CHECK(shrinking.known);
  CHECK(shrinking.to_exit[0] < shrinking.to_exit[1]);
  // Every class of integers is known, floats are not.
  for (const auto c : {op_class::binary_conv, op_class::mixed_conv, op_class::integer_conv, op_class::grouped_conv,
                       op_class::pool, op_class::pointwise, op_class::rearrange})
    CHECK(cpu.data.classes[static_cast<int>(c)].root != class_profile::not_measured);
  CHECK(cpu.data.classes[static_cast<int>(op_class::float_conv)].root == class_profile::not_measured);
}

// The line in a user's code; and a profile of another path is no argument of it.
using deployed = small<64, kind::bits>;
static_assert(latency<deployed>(cpus::cortex_m0plus_instructions_cortex_m).longest_path < 2e7);
static_assert(latency<deployed>(cpus::cortex_m3_instructions_cortex_m).longest_path < 5e6);
static_assert(latency<deployed>(cpus::cortex_m4_instructions_cortex_m_dsp).longest_path < 4e6);
static_assert(latency<deployed>(cpus::cortex_m55_instructions_helium).longest_path < 15e5);
template <class Path, class Profile>
constexpr bool takes(const Profile& cpu) {
  return requires { latency<deployed, Path>(cpu); };
}
static_assert(takes<path::cortex_m_dsp>(cpus::cortex_m4_instructions_cortex_m_dsp));
static_assert(!takes<path::portable>(cpus::cortex_m4_instructions_cortex_m_dsp));
static_assert(!takes<path::cortex_m_dsp>(cpus::cortex_m4_instructions_portable));

}  // namespace

TEST_CASE("emulated Cortex-M0+: path cortex_m") {
  check_shipped<path::cortex_m, path::portable>(cpus::cortex_m0plus_instructions_cortex_m);
}
TEST_CASE("emulated Cortex-M3: path cortex_m") {
  check_shipped<path::cortex_m, path::portable>(cpus::cortex_m3_instructions_cortex_m);
}
TEST_CASE("emulated Cortex-M4: path cortex_m_dsp") {
  check_shipped<path::cortex_m_dsp, path::cortex_m>(cpus::cortex_m4_instructions_cortex_m_dsp);
}
TEST_CASE("emulated Cortex-M55: path helium") {
  check_shipped<path::helium, path::cortex_m_dsp>(cpus::cortex_m55_instructions_helium);
}
TEST_CASE("emulated cores: kernels of their own take fewer instructions than portable ones") {
  const double portable = latency<deployed>(cpus::cortex_m4_instructions_portable).to_exit[0];
  const double dsp = latency<deployed>(cpus::cortex_m4_instructions_cortex_m_dsp).to_exit[0];
  CHECK(2 * dsp < portable);
  CHECK(latency<deployed>(cpus::cortex_m3_instructions_cortex_m).to_exit[0] < portable);
  CHECK(2 * latency<deployed>(cpus::cortex_m55_instructions_helium).to_exit[0] < dsp);
}
