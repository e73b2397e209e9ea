// What is predicted for a network at run time is what the compiler predicts for its type, op by op, on any path.
#include <offramp/host/predicted_network.hpp>

#include <cstddef>
#include <string>

#include <doctest/doctest.h>

#include <offramp/kernels/avx2/traits.hpp>
#include <offramp/kernels/avx512/traits.hpp>
#include <offramp/kernels/avx512_popcnt/traits.hpp>
#include <offramp/kernels/avx512_vnni/traits.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/networks.hpp"
#include "tests/support/stair_profile.hpp"

namespace {

using namespace offramp;
using offramp_test::message_of;
namespace nets = offramp_test::networks;

// The same sums; a compiler may contract one of them.
doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-12); }

template <class Net, class Path, kind Rest>
void same_prediction() {
  static constexpr cpu_profile<Path> cpu = offramp_test::busy_profile<Path>();
  using lowered = lower<Net, Rest>;
  static constexpr auto expected = latency<lowered>(cpu);
  const host::network_prediction found = host::predict_network<Path>(Net::view(), cpu.data, Rest);
  REQUIRE(found.to_exit.size() == static_cast<std::size_t>(Net::exits));
  for (int k = 0; k < Net::exits; ++k) CHECK(found.to_exit[static_cast<std::size_t>(k)] == near(expected.to_exit[k]));
  CHECK(found.longest_path == near(expected.longest_path));
  CHECK(found.known == expected.known);
  CHECK(found.extrapolated == expected.extrapolated);
  REQUIRE(found.steps.size() == static_cast<std::size_t>(planned<lowered, Path>::steps));
  for (int i = 0; i < planned<lowered, Path>::steps; ++i)
    CHECK(found.steps[static_cast<std::size_t>(i)] == near(step_latency<lowered>(cpu, i)));
  CHECK(found.ops == planned<lowered, Path>::cost_to_exit(Net::exits - 1).ops());
}

template <class Net>
void on_all_paths() {
  same_prediction<Net, path::portable, kind::i8>();
  same_prediction<Net, path::avx512_popcnt, kind::i8>();
  same_prediction<Net, path::avx512_popcnt, kind::f32>();
}

}  // namespace

TEST_CASE("predict_network: what the compiler says of the type") {
  on_all_paths<nets::residuals>();
  on_all_paths<nets::pooled>();
  on_all_paths<nets::signs>();
  on_all_paths<nets::blocks>();
  on_all_paths<nets::grouped>();
  on_all_paths<nets::nested>();
  on_all_paths<nets::mixed>();
  on_all_paths<nets::one_dimensional>();
}

TEST_CASE("predict_network: by hand") {
  using net = network<image<6, 6, 3>, stage<conv2d<20, 3>, relu>, exit_head<4>>;
  constexpr cpu_profile<path::portable> cpu = offramp_test::stair_profile<path::portable>();
  const host::network_prediction p = host::predict_network<path::portable>(net::view(), cpu.data);
  // Convolution: 36 positions x 27 products x 32 of 20 channels; pooling; dense: 20 products x 16 of 4 channels.
  CHECK(p.to_exit[0] == doctest::Approx(2 + 0.5 * 36 * 27 * 32 + 2 + 2 + 0.5 * 20 * 16));
  CHECK(p.longest_path == doctest::Approx(1.25 * p.to_exit[0]));
  CHECK(p.known);
  CHECK_FALSE(p.extrapolated);
}

TEST_CASE("predict_network: another stream, an op never measured, one larger than any that was") {
  using net = nets::residuals;
  cpu_profile<path::portable> cpu = offramp_test::busy_profile<path::portable>();
  const double i16 = host::predict_network<path::portable>(net::view(), cpu.data).longest_path;
  constexpr kind i8 = kind::i8;
  CHECK(host::predict_network<path::portable>(net::view(), cpu.data, i8, i8).longest_path ==
        near(latency<lower<net, i8, i8>>(cpu).longest_path));
  CHECK(host::predict_network<path::portable>(net::view(), cpu.data, i8, i8).longest_path != i16);
  for (class_profile& c : cpu.data.classes) c.largest_work = 1e9f;
  CHECK_FALSE(host::predict_network<path::portable>(net::view(), cpu.data).extrapolated);
  cpu.data.classes[static_cast<int>(op_class::pool)].root = class_profile::not_measured;
  const host::network_prediction p = host::predict_network<path::portable>(net::view(), cpu.data);
  CHECK_FALSE(p.known);
  CHECK(p.longest_path > 1e300);
}

TEST_CASE("predict_network: profiles that do not fit are refused") {
  const network_view net = nets::pooled::view();
  cpu_profile<path::portable> cpu = offramp_test::stair_profile<path::portable>();
  CHECK(message_of([&] { host::predict_network<path::avx2>(net, cpu.data); }) ==
        "predict: the profile \"s\" cannot be used: wrong_path: it is of path 1, expected 3 (avx2)");
  CHECK(message_of([&] { host::predict_network<path::portable>(net, cpu.data, kind::i16); }) ==
        "predict: found rest = i16, expected i8 or f32");
  CHECK(message_of([&] { host::predict_network<path::portable>(network_view{}, cpu.data); }) ==
        "predict: the network has no exit, expected at least one");
  cpu.data.path_version = 77;
  CHECK(message_of([&] { host::predict_network<path::portable>(net, cpu.data); }) ==
        "predict: the profile \"s\" cannot be used: wrong_version: it is of version 77 of portable, expected " +
            std::to_string(path::portable::version));
  cpu.data.path_version = path::portable::version;
  cpu.data.leaves[0].cost[0] = -1;
  CHECK(message_of([&] { host::predict_network<path::portable>(net, cpu.data); }) ==
        "predict: the profile \"s\" cannot be used: malformed");
}
