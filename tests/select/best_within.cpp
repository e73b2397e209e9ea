// A type for a deadline: the last that meets it, by longest path or by mean.
#include <offramp/select/best_within.hpp>

#include <type_traits>

#include <doctest/doctest.h>

#include <offramp/offramp.hpp>
#include <tests/select/flat_profile.hpp>

using namespace offramp;

namespace {

template <int Channels>
using net = lower<network<image<8, 8, 1>, stage<conv2d<Channels, 3>, relu>, exit_head<3>,
                          stage<conv2d<Channels, 3>, relu>, exit_head<3>>,
                  i8>;

constexpr auto cpu = offramp_test::flat_profile<path::portable>();

constexpr auto small = latency<net<4>>(cpu), large = latency<net<16>>(cpu);
constexpr double leaving[] = {0.75, 0.25};
static_assert(small.longest_path < large.longest_path);

constexpr auto up(double v) { return static_cast<std::int64_t>(v) + 1; }

static_assert(std::is_same_v<best_within<cpu, up(large.longest_path), net<4>, net<8>, net<16>>, net<16>>);
static_assert(std::is_same_v<best_within<cpu, up(large.longest_path) - 2, net<4>, net<8>, net<16>>, net<8>>);
static_assert(std::is_same_v<best_within<cpu, up(small.longest_path), net<4>, net<8>, net<16>>, net<4>>);
// The last given is the best, whatever it costs.
static_assert(std::is_same_v<best_within<cpu, 1'000'000'000, net<16>, net<8>>, net<8>>);
static_assert(best_within_index<cpu, up(small.longest_path), net<16>, net<4>, net<8>> == 1);

// On average, more fits.
constexpr auto mean = up(large.mean(leaving));
static_assert(mean < up(large.longest_path) - 2);
static_assert(std::is_same_v<best_within<cpu, mean, net<4>, on_average<net<16>, leaving>>, net<16>>);
static_assert(std::is_same_v<best_within<cpu, mean - 2, net<4>, on_average<net<16>, leaving>>, net<4>>);

}  // namespace

TEST_CASE("what meets the deadline can be asked at run time, too") {
  CHECK(best_within_index<cpu, up(large.longest_path), net<4>, net<8>, net<16>> == 2);
  const auto none = detail::find_within<cpu, net<4>, net<8>>(3);
  CHECK(none.best == -1);
  CHECK(static_cast<double>(none.least) >= small.longest_path);
  CHECK(static_cast<double>(none.least) < small.longest_path + 1);
}
