// Frontiers: order, what covers what, and what is wrong with one.
#include <offramp/select/frontier.hpp>

#include <string>

#include <doctest/doctest.h>

#include <tests/select/random_frontier.hpp>

using namespace offramp;

namespace {

constexpr frontier_point point(std::uint32_t mean, std::uint32_t longest, std::uint16_t accuracy) {
  frontier_point p;
  p.mean_cost = mean;
  p.longest_path = longest;
  p.accuracy_e4 = accuracy;
  return p;
}

constexpr frontier_point good[] = {point(10, 20, 5000), point(15, 30, 8000), point(40, 40, 9000)};
static_assert(check_frontier(frontier_view{good}) == frontier_status::ok);
static_assert(sizeof(frontier_point) <= 40);

template <std::size_t N>
frontier_status of(const frontier_point (&all)[N]) {
  return check_frontier(frontier_view{all, time_unit::cycles});
}

}  // namespace

TEST_CASE("what is wrong with a frontier is said") {
  CHECK(check_frontier({}) == frontier_status::empty);
  CHECK(of({point(15, 30, 8000), point(10, 20, 5000)}) == frontier_status::unsorted);
  CHECK(of({point(10, 20, 5000), point(15, 30, 5000)}) == frontier_status::dominated);
  CHECK(of({point(10, 20, 5000), point(10, 20, 5000)}) == frontier_status::dominated);
  CHECK(of({point(10, 20, 5000), point(15, 15, 5000)}) == frontier_status::ok);  // better on its longest path
  CHECK(of({point(10, 20, 5000), point(15, 14, 8000)}) == frontier_status::bad_point);
  CHECK(of({point(10, 20, 10001)}) == frontier_status::bad_point);
  CHECK(std::string{to_string(frontier_status::dominated)} == "dominated");
  CHECK(std::string{to_string(static_cast<frontier_status>(9))} == "unknown");
}

TEST_CASE("every cost and the accuracy count") {
  frontier_point a = point(10, 20, 5000);
  a.arena_bytes = a.weight_bytes = a.energy_nj = 5;
  CHECK(covers(a, a));
  CHECK_FALSE(stands_before(a, a));
  const auto worse_in = [&a](auto member, auto value) {
    frontier_point b = a;
    b.*member = value;
    CHECK(covers(a, b));
    CHECK_FALSE(covers(b, a));
    return b;
  };
  CHECK(stands_before(a, worse_in(&frontier_point::mean_cost, 11u)));
  CHECK(stands_before(a, worse_in(&frontier_point::longest_path, 21u)));
  CHECK(stands_before(a, worse_in(&frontier_point::arena_bytes, 6u)));
  CHECK(stands_before(a, worse_in(&frontier_point::weight_bytes, 6u)));
  CHECK(stands_before(a, worse_in(&frontier_point::energy_nj, 6u)));
  worse_in(&frontier_point::accuracy_e4, std::uint16_t{4999});
}

TEST_CASE("random frontiers are sound until one more point is covered or moved") {
  offramp_test::random_numbers random{701};
  for (int round = 0; round < 100; ++round) {
    auto points = offramp_test::random_frontier(random, random.between(2, 40));
    const frontier_view f{points.data(), static_cast<int>(points.size())};
    REQUIRE(check_frontier(f) == frontier_status::ok);
    const auto at = static_cast<std::size_t>(random.between(0, f.count - 1));
    frontier_point worse = points[at];
    ++worse.energy_nj;
    points.insert(points.begin() + static_cast<std::ptrdiff_t>(at) + 1, worse);
    const frontier_status said = check_frontier({points.data(), static_cast<int>(points.size())});
    CHECK(said == frontier_status::dominated);
    std::swap(points[at], points[at + 1]);
    CHECK(check_frontier({points.data(), static_cast<int>(points.size())}) == frontier_status::unsorted);
  }
}
