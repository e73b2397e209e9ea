// Median and median absolute deviation: by hand, against sorting, and unmoved by outliers.
#include <offramp/timing/robust.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

template <class T, std::size_t N>
constexpr T median_of(const T (&values)[N]) {
  T v[N];
  for (std::size_t i = 0; i < N; ++i) v[i] = values[i];
  return median(v, N);
}
template <class T, std::size_t N>
constexpr T deviation_of(const T (&values)[N]) {
  T v[N];
  for (std::size_t i = 0; i < N; ++i) v[i] = values[i];
  return median_absolute_deviation(v, N);
}

static_assert(median_of({7}) == 7);
static_assert(median_of({9, 1, 5}) == 5);
static_assert(median_of({9, 1, 5, 6}) == 5);  // 5.5, rounded down
static_assert(median_of({9.0, 1.0, 5.0, 6.0}) == 5.5);
static_assert(median_of({4u, 4u, 4u, 4u}) == 4u);
static_assert(deviation_of({1, 2, 3, 4, 100}) == 1);  // distances 2 1 0 1 97
static_assert(deviation_of({5u, 3u, 9u}) == 2u);      // unsigned distances do not wrap
static_assert(deviation_of({1.5, 1.5, 1.5}) == 0.0);

}  // namespace

TEST_CASE("robust: nothing gives zero") {
  CHECK(median(static_cast<int*>(nullptr), 0) == 0);
  CHECK(median_absolute_deviation(static_cast<double*>(nullptr), 0) == 0.0);
}

TEST_CASE("robust: extremes of the type") {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(median_of({most, std::uint64_t{0}}) == most / 2);
  CHECK(median_of({most, most - 1}) == most - 1);
}

TEST_CASE("robust: the n-th element and the median are those of sorted data") {
  offramp_test::random_numbers r{700};
  for (int round = 0; round < 400; ++round) {
    const int n = r.between(1, 40), most = r.between(0, 60);  // few values: many ties
    std::vector<int> v(static_cast<std::size_t>(n));
    for (int& x : v) x = r.between(-most, most);
    if (round % 4 == 1) std::sort(v.begin(), v.end());
    if (round % 4 == 2) std::sort(v.rbegin(), v.rend());
    std::vector<int> sorted = v;
    std::sort(sorted.begin(), sorted.end());
    const auto k = static_cast<std::size_t>(r.between(0, n - 1));
    std::vector<int> chosen = v;
    REQUIRE(select_nth(chosen.data(), chosen.size(), k) == sorted[k]);
    for (std::size_t i = 0; i < chosen.size(); ++i) REQUIRE((i < k ? chosen[i] <= chosen[k] : chosen[i] >= chosen[k]));
    std::sort(chosen.begin(), chosen.end());
    REQUIRE(chosen == sorted);  // reordered, nothing else
    const std::size_t half = sorted.size() / 2;
    const int lower = sorted[sorted.size() % 2 == 1 ? half : half - 1];
    std::vector<int> w = v;
    REQUIRE(median(w.data(), w.size()) == lower + (sorted[half] - lower) / 2);
  }
}

TEST_CASE("robust: NaN spoils the order and nothing else") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int at = 0; at < 6; ++at) {
    double v[6] = {3, 1, 2, 5, 4, 6};
    v[at] = nan;
    static_cast<void>(median(v, 6));
    CHECK(std::count_if(v, v + 6, [](double x) { return x != x; }) == 1);
  }
}

TEST_CASE("robust: outliers below half do not move it far") {
  std::vector<double> v;
  for (int i = 0; i < 61; ++i) v.push_back(100 + i % 3);
  for (int i = 0; i < 40; ++i) v.push_back(1e9);
  std::vector<double> w = v;
  CHECK(median(v.data(), v.size()) == 102);
  CHECK(median_absolute_deviation(w.data(), w.size()) <= 2);
}
