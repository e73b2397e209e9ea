// Choices, against a second, slow way to find them; and what is said where there is none.
#include <offramp/select/selector.hpp>

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include <tests/select/random_frontier.hpp>

using namespace offramp;

namespace {

constexpr frontier_point three[] = {{{}, 10, 20, 100, 1000, no_limit, 7000},
                                    {{}, 20, 35, 100, 1000, no_limit, 8500},
                                    {{}, 30, 30, 200, 2000, no_limit, 9000}};
constexpr frontier_view family{three};
static_assert(check_frontier(family) == frontier_status::ok);
static_assert(select(family, {}).index == 2);
static_assert(select(family, {.deadline = 20, .on = deadline_on::mean}).index == 1);
static_assert(select(family, {.deadline = 34}).index == 2);
static_assert(select(family, {.deadline = 34, .arena_bytes = 100}).index == 0);

std::vector<std::size_t> admitted(const std::vector<frontier_point>& points, const constraints& c,
                                  std::uint64_t factor_q16) {
  std::vector<std::size_t> list;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const frontier_point& p = points[i];
    const std::uint64_t time = c.on == deadline_on::mean ? p.mean_cost : p.longest_path;
    if (time * factor_q16 <= std::uint64_t{c.deadline} * 65536 && p.arena_bytes <= c.arena_bytes &&
        p.weight_bytes <= c.weight_bytes && p.energy_nj <= c.energy_nj && p.accuracy_e4 >= c.least_accuracy_e4)
      list.push_back(i);
  }
  return list;
}

constraints random_constraints(offramp_test::random_numbers& random) {
  using offramp_test::from;
  constraints c;
  if (!random.one_in(4)) c.deadline = from(random, 5, 250);
  if (random.one_in(2)) c.on = deadline_on::mean;
  if (random.one_in(2)) c.arena_bytes = from(random, 50, 900);
  if (random.one_in(2)) c.weight_bytes = from(random, 500, 9000);
  if (random.one_in(3)) c.energy_nj = from(random, 0, 22);
  if (random.one_in(3)) c.least_accuracy_e4 = static_cast<std::uint16_t>(from(random, 4000, 10000));
  return c;
}

double worst_share(const frontier_point& p, const constraints& c) {
  const auto share = [](double value, double allowed) {
    return std::max(0.0, value - allowed) / std::max(1.0, allowed);
  };
  const double time = c.on == deadline_on::mean ? p.mean_cost : p.longest_path;
  const double floor = c.least_accuracy_e4;
  return std::max({share(time, c.deadline), share(p.arena_bytes, c.arena_bytes), share(p.weight_bytes, c.weight_bytes),
                   share(p.energy_nj, c.energy_nj), std::max(0.0, floor - p.accuracy_e4) / std::max(1.0, floor)});
}

}  // namespace

TEST_CASE("the choice is the best of all that are admitted") {
  offramp_test::random_numbers random{702};
  int found = 0, none = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto points = offramp_test::random_frontier(random, random.between(1, 30));
    const frontier_view f{points.data(), static_cast<int>(points.size())};
    const constraints c = random_constraints(random);
    const std::uint32_t factor = random.one_in(2) ? 65536 : offramp_test::from(random, 20000, 200000);
    const auto list = admitted(points, c, factor);
    const selection s = select(f, c, objective::most_accurate, factor);
    const selection cheap = select(f, c, objective::cheapest, factor);
    REQUIRE(static_cast<bool>(s) == !list.empty());
    REQUIRE(static_cast<bool>(cheap) == !list.empty());
    if (list.empty()) {
      ++none;
      continue;
    }
    ++found;
    CHECK(s.nearest == s.index);
    CHECK(s.misses.none());
    const auto at = [](const selection& chosen) { return static_cast<std::size_t>(chosen.index); };
    CHECK(std::find(list.begin(), list.end(), at(s)) != list.end());
    CHECK(std::find(list.begin(), list.end(), at(cheap)) != list.end());
    for (const std::size_t i : list) {
      const frontier_point& best = points[at(s)];
      CHECK(points[i].accuracy_e4 <= best.accuracy_e4);
      if (points[i].accuracy_e4 == best.accuracy_e4) CHECK(points[i].mean_cost >= best.mean_cost);
      CHECK(points[i].mean_cost >= points[at(cheap)].mean_cost);
    }
  }
  CHECK(found > 200);
  CHECK(none > 200);
}

TEST_CASE("where nothing is admitted, the nearest point and what it misses are named") {
  offramp_test::random_numbers random{703};
  for (int round = 0; round < 2000; ++round) {
    const auto points = offramp_test::random_frontier(random, random.between(1, 30));
    const frontier_view f{points.data(), static_cast<int>(points.size())};
    constraints c = random_constraints(random);
    const selection s = select(f, c);
    if (s) continue;
    REQUIRE(s.nearest >= 0);
    const double share = worst_share(points[static_cast<std::size_t>(s.nearest)], c);
    CHECK(share > 0);
    for (const frontier_point& p : points) CHECK(worst_share(p, c) >= share - 1e-12);
    CHECK(s.by() > 0);
    // Limits wider by what is said admit it; by one less in the one that binds, they do not.
    const auto wider = [&](std::uint32_t less) {
      constraints w = c;
      const auto by = [&](limit l) { return s.misses.by[static_cast<int>(l)] - (l == s.binds() ? less : 0); };
      w.deadline += by(limit::deadline);
      w.arena_bytes += by(limit::arena_bytes);
      w.weight_bytes += by(limit::weight_bytes);
      w.energy_nj += by(limit::energy);
      w.least_accuracy_e4 = static_cast<std::uint16_t>(w.least_accuracy_e4 - by(limit::accuracy));
      return missed(points[static_cast<std::size_t>(s.nearest)], w).none();
    };
    CHECK(wider(0));
    CHECK_FALSE(wider(1));
  }
}

TEST_CASE("nothing to choose from") {
  const selection s = select({}, {.deadline = 3});
  CHECK_FALSE(s);
  CHECK(s.index == -1);
  CHECK(s.nearest == -1);
}

TEST_CASE("the limit that binds") {
  const selection s = select(family, {.deadline = 15, .on = deadline_on::mean, .least_accuracy_e4 = 8000});
  CHECK_FALSE(s);
  CHECK(s.nearest == 0);  // 12.5 % of the accuracy; the next one takes a third more time
  CHECK(s.binds() == limit::accuracy);
  CHECK(s.by() == 1000);
}
