// Which profiles are refused: of another path, version or features, and malformed in every way there is.
#include <offramp/latency/profile.hpp>

#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/small_profile.hpp"

using namespace offramp;
using offramp_test::small_profile;

namespace {

template <class Change>
constexpr profile_data with(Change change) {
  profile_data p = small_profile;
  change(p);
  return p;
}
template <class Change>
constexpr profile_status status_with(Change change) {
  return check_profile<path::portable>(with(change));
}

static_assert(check_profile<path::portable>(small_profile) == profile_status::ok);
static_assert(check_profile<path::avx2>(small_profile) == profile_status::wrong_path);
static_assert(status_with([](profile_data& p) { ++p.path_version; }) == profile_status::wrong_version);
static_assert(status_with([](profile_data& p) { ++p.features; }) == profile_status::wrong_features);
static_assert(status_with([](profile_data& p) { p.nodes[0].yes = 0; }) == profile_status::malformed);

constexpr float nan_float = std::numeric_limits<float>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("profile: of another path, version, or features") {
  CHECK(check_profile<path::portable>(small_profile) == profile_status::ok);
  CHECK(check_profile<path::avx2>(small_profile) == profile_status::wrong_path);
  CHECK(status_with([](profile_data& p) { ++p.path_version; }) == profile_status::wrong_version);
  CHECK(status_with([](profile_data& p) { ++p.features; }) == profile_status::wrong_features);
  CHECK(is_sound(profile_data{}));  // nothing measured
}

TEST_CASE("profile: trees that lead nowhere, or round") {
  const auto malformed = [](auto change) { return status_with(change) == profile_status::malformed; };
  CHECK(malformed([](profile_data& p) { p.nodes[0].yes = 0; }));
  CHECK(malformed([](profile_data& p) { p.nodes[2].no = 1; }));
  CHECK(malformed([](profile_data& p) { p.nodes[2].no = static_cast<std::uint8_t>(p.node_count); }));
  CHECK(malformed([](profile_data& p) { p.nodes[8].yes = 200; }));
  CHECK(malformed([](profile_data& p) { p.nodes[1].value = p.leaf_count; }));
  CHECK(malformed([](profile_data& p) { p.nodes[1].value = -1; }));
  CHECK(malformed([](profile_data& p) { p.nodes[0].test = static_cast<tree_test>(4); }));
  CHECK(malformed([](profile_data& p) { p.nodes[0].of = static_cast<condition>(conditions); }));
  CHECK(malformed([](profile_data& p) { p.node_count = profile_data::max_nodes + 1; }));
  CHECK(malformed([](profile_data& p) { p.node_count = -1; }));
  CHECK(malformed([](profile_data& p) { p.leaf_count = profile_data::max_leaves + 1; }));
  CHECK(malformed([](profile_data& p) { p.leaf_count = -1; }));
  CHECK(malformed([](profile_data& p) { p.classes[3].root = 11; }));
}

TEST_CASE("profile: costs and figures that are none") {
  for (const float bad : {-1.0f, nan_float, infinite}) {
    const auto malformed = [](auto change) { return status_with(change) == profile_status::malformed; };
    CHECK(malformed([=](profile_data& p) { p.leaves[6].cost[15] = bad; }));
    CHECK(malformed([=](profile_data& p) { p.per_sample = bad; }));
    CHECK(malformed([=](profile_data& p) { p.per_step = bad; }));
    CHECK(malformed([=](profile_data& p) { p.per_exit = bad; }));
    CHECK(malformed([=](profile_data& p) { p.gigahertz = bad; }));
    CHECK(malformed([=](profile_data& p) { p.alone = bad; }));
    CHECK(malformed([=](profile_data& p) { p.quantile = bad; }));
    CHECK(malformed([=](profile_data& p) { p.quantile_ratio = bad; }));
    CHECK(malformed([=](profile_data& p) { p.repeatability = bad; }));
    CHECK(malformed([=](profile_data& p) { p.classes[0].largest_work = bad; }));
    CHECK(malformed([=](profile_data& p) { p.classes[0].error = bad; }));
    CHECK(malformed([=](profile_data& p) { p.classes[0].gigahertz = bad; }));
  }
  CHECK(!is_sound(with([](profile_data& p) { p.quantile_ratio = 0.99f; })));
}

TEST_CASE("profile: at another clock, nanoseconds change and nothing else") {
  static constexpr profile_data slow = at_clock(small_profile, 0.084);  // half of it
  static_assert(slow.gigahertz == 0.084f && slow.alone == small_profile.alone);
  CHECK(check_profile<path::portable>(slow) == profile_status::ok);
  CHECK(slow.per_sample == doctest::Approx(2 * 31.3));
  CHECK(slow.per_step == doctest::Approx(2 * 7.5));
  CHECK(slow.per_exit == doctest::Approx(2 * 100));
  CHECK(slow.quantile_ratio == small_profile.quantile_ratio);
  for (int i = 0; i < slow.leaf_count; ++i)
    for (int r = 0; r < regressors; ++r)
      CHECK(slow.leaves[i].cost[r] == doctest::Approx(2 * small_profile.leaves[i].cost[r]));
  CHECK(slow.classes[static_cast<int>(op_class::pool)].gigahertz == doctest::Approx(0.042));
  CHECK(slow.classes[0].gigahertz == 0);  // that of the profile
  CHECK(at_clock(slow, 0.168).per_step == doctest::Approx(7.5));

  // Cycles are cycles; and who knows no clock stays as it is.
  const profile_data cycles = with([](profile_data& p) { p.unit = time_unit::cycles; });
  CHECK(at_clock(cycles, 1).per_step == cycles.per_step);
  CHECK(at_clock(cycles, 1).gigahertz == 1);
  const profile_data unknown = with([](profile_data& p) { p.gigahertz = 0; });
  CHECK(offramp_test::same_profile(at_clock(unknown, 1), unknown));
  CHECK(offramp_test::same_profile(at_clock(small_profile, 0), small_profile));
}

TEST_CASE("profile: what a node asks") {
  op_features f;
  f.is[static_cast<int>(condition::depth)] = 48;
  const auto asks = [&](tree_test t, std::int32_t value) {
    return latency_node{t, condition::depth, value, 0, 0}.holds(f);
  };
  CHECK(asks(tree_test::at_most, 48));
  CHECK(!asks(tree_test::at_most, 47));
  CHECK(asks(tree_test::multiple_of, 16));
  CHECK(!asks(tree_test::multiple_of, 32));
  CHECK(!asks(tree_test::multiple_of, 0));
  CHECK(asks(tree_test::equals, 48));
  CHECK(!asks(tree_test::equals, 16));
  CHECK(!asks(tree_test::leaf, 48));
}

TEST_CASE("profile: names") {
  CHECK(std::string{to_string(provenance::emulated)} == "emulated");
  CHECK(std::string{to_string(static_cast<provenance>(9))} == "unknown");
  CHECK(std::string{to_string(profile_status::wrong_features)} == "wrong_features");
  CHECK(std::string{to_string(static_cast<profile_status>(9))} == "unknown");
}
