// Estimates of trims from a profile of the whole network, worked out by hand; from a model, against the types; and what
// a deadline leaves of them.
#include <offramp/host/netcut.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"
#include "tests/support/stair_profile.hpp"

namespace {

using namespace offramp;
using offramp_test::message_of;

using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, relu, conv2d<16, 3>, relu>, exit_head<3>,
                    stage<conv2d<16, 3, stride{2}>, relu>, exit_head<3>>;
using whole = lower<net>;
using family = trim_family<net>;
// Ops: two convolutions, pooling, dense; convolution, pooling, dense.
const host::network_profile profile{80, {10, 20, 1, 2, 60, 3, 4}};

constexpr cpu_profile<path::portable> cpu = offramp_test::stair_profile<path::portable>();

// Advances by 2 with every reading.
struct counter {
  static constexpr time_unit unit = time_unit::cycles;
  static inline std::uint32_t time = 0;
  static std::uint32_t now() { return time += 2; }
};

double time_of(const std::vector<host::trim_estimate>& e, int i) { return e[static_cast<std::size_t>(i)].time; }

}  // namespace

TEST_CASE("estimate_by_profile: the share of the ops that stay, of the whole network's time") {
  static_assert(planned<whole, path::portable>::steps == 7);
  const auto e = host::estimate_by_profile<family, whole, path::portable>(profile, 1.5);
  REQUIRE(e.size() == 3);
  CHECK(time_of(e, 0) == doctest::Approx(80.0 * (10 + 7) / 100));
  CHECK(time_of(e, 1) == doctest::Approx(80.0 * (10 + 20 + 7) / 100));
  CHECK(time_of(e, 2) == doctest::Approx(80.0 * (10 + 20 + 60 + 7) / 100));  // without the early head
  CHECK(e[2].longest == doctest::Approx(1.5 * e[2].time));
  const auto x = host::estimate_by_profile<trim_family_with_exits<net>, whole, path::portable>(profile);
  CHECK(time_of(x, 0) == time_of(e, 0));
  CHECK(time_of(x, 1) == time_of(e, 1));
  CHECK(time_of(x, 2) == doctest::Approx(80));
}

TEST_CASE("estimate_by_profile: profiles that do not fit are refused") {
  const auto refused = [](const host::network_profile& p) {
    return message_of([&] { host::estimate_by_profile<family, whole, path::portable>(p); });
  };
  CHECK(refused({80, {10, 20}}) ==
        "netcut: found times of 2 ops, expected 7: the profile is another network's, path's or lowering's");
  CHECK(refused({80, {10, 20, 1, 2, 60, 3, -4}}) == "netcut: op 6 takes -4.000000, expected a time of 0 or more");
  CHECK(refused({0, {10, 20, 1, 2, 60, 3, 4}}) == "netcut: the whole network takes 0.000000, expected a time above 0");
  CHECK(refused({80, {0, 0, 0, 0, 0, 0, 0}}) == "netcut: the ops take no time at all: did the clock advance?");
}

TEST_CASE("profile_network: every op of the plan, and the whole") {
  const auto images = offramp_test::random_images({8, 8, 1}, 3, 4, 1);
  const host::quantized_model q = host::quantize<whole>(offramp_test::random_model(net::view(), 2, false), images, 1);
  const auto words = host::pack_model<whole, path::portable>(q, {}, {images.image(0), images.image_size()});
  const auto weights = host::bind_or_throw<whole, path::portable>(words, "test");
  counter::time = 0;
  const host::network_profile p = host::profile_network<counter>(weights, images.pixels, 20);
  REQUIRE(p.steps.size() == 7);
  CHECK(p.whole == 2);  // between two readings
  CHECK(host::estimate_by_profile<family, whole, path::portable>({p.whole, {1, 1, 1, 1, 1, 1, 1}}).size() == 3);
  CHECK(message_of([&] { host::profile_network<counter>(weights, {}, 20); }).find("profile_ops: found inputs of 0") ==
        0);
}

TEST_CASE("estimate_by_model: what latency says of every trim") {
  const auto e = host::estimate_by_model<family>(cpu);
  REQUIRE(e.size() == 3);
  constexpr auto second = latency<lower<family::at<1>>>(cpu);
  CHECK(e[1].time == doctest::Approx(second.to_exit[0]));
  CHECK(e[1].longest == doctest::Approx(second.longest_path));
  CHECK(host::estimate_by_model<family, kind::f32>(cpu).size() == 3);
  const auto x = host::estimate_by_model<trim_family_with_exits<net>>(cpu);
  CHECK(x[2].time == doctest::Approx(latency<whole>(cpu).to_exit[1]));
}

TEST_CASE("netcut: the longest trim that meets the deadline, or what binds") {
  const std::vector<host::trim_estimate> e = {{10, 12}, {20, 24}, {15, 18}, {40, 48}};
  CHECK(host::netcut(e, 100).index == 3);
  CHECK(host::netcut(e, 48).index == 3);
  CHECK(host::netcut(e, 47.9).index == 2);
  CHECK(host::netcut(e, 20).index == 2);  // a longer trim may be faster than a shorter one
  CHECK(host::netcut(e, 17).index == 0);
  CHECK(host::netcut(e, 17).missing() == 0);
  CHECK(host::describe(host::netcut(e, 17), "us") ==
        "trim of 1 block: 10.00 us expected, 12.00 us at most, deadline 17.00 us");
  const host::netcut_choice none = host::netcut(e, 10);
  CHECK_FALSE(none.found());
  CHECK(none.fastest == 0);
  CHECK(none.missing() == doctest::Approx(2));
  CHECK(host::describe(none, "us") ==
        "no trim meets the deadline of 10.00 us: the fastest, a trim of 1 block, takes 12.00 us, 2.00 us (20 %) too "
        "long");
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(host::describe(host::netcut(std::vector<host::trim_estimate>{{inf, inf}}, 10), "us") ==
        "no trim meets the deadline of 10.00 us: the profile knows nothing of some op of the trim of 1 block");
  const auto families = host::netcut({e, {{30, 30}}}, 25);
  REQUIRE(families.size() == 2);
  CHECK(families[0].index == 2);
  CHECK(families[1].index == -1);
}

TEST_CASE("netcut: the compiler chooses the same") {
  const auto e = host::estimate_by_model<family>(cpu);
  constexpr auto deadline = static_cast<long long>(latency<lower<family::at<1>>>(cpu).longest_path) + 1;
  static_assert(std::is_same_v<netcut_type<family, cpu, deadline>, family::at<1>>);
  CHECK(host::netcut(e, static_cast<double>(deadline)).index == 1);
}

TEST_CASE("netcut: bad input is said") {
  CHECK(message_of([] { host::netcut(std::vector<host::trim_estimate>{}, 1); }) ==
        "netcut: found no estimates, expected one for each trim of the family");
  CHECK(message_of([] {
          host::netcut(std::vector<host::trim_estimate>{{1, 1}}, 0);
        }) == "netcut: the deadline is 0.000000, expected above 0");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(message_of([&] {
          host::netcut(std::vector<host::trim_estimate>{{1, 1}, {nan, nan}}, 1);
        }) == "netcut: the estimate of trim 1 is " + std::to_string(nan) + ", expected 0 or more");
}
