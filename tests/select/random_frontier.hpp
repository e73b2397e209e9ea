// Random frontiers for the tests of this room: points that no other covers, in order.
#ifndef OFFRAMP_TESTS_SELECT_RANDOM_FRONTIER_HPP
#define OFFRAMP_TESTS_SELECT_RANDOM_FRONTIER_HPP

#include <algorithm>
#include <cstdint>
#include <vector>

#include <offramp/select/frontier.hpp>
#include <tests/support/random.hpp>

namespace offramp_test {

inline std::uint32_t from(random_numbers& random, int low, int high) {
  return static_cast<std::uint32_t>(random.between(low, high));
}

inline std::vector<offramp::frontier_point> random_points(random_numbers& random, int n) {
  std::vector<offramp::frontier_point> all;
  for (int i = 0; i < n; ++i) {
    offramp::frontier_point p;
    p.mean_cost = from(random, 10, 200);
    p.longest_path = p.mean_cost + from(random, 0, 100);
    p.arena_bytes = from(random, 1, 8) * 100;
    p.weight_bytes = from(random, 1, 8) * 1000;
    p.energy_nj = from(random, 1, 20);
    p.accuracy_e4 = static_cast<std::uint16_t>(from(random, 50, 99) * 100);
    all.push_back(p);
  }
  return all;
}

inline std::vector<offramp::frontier_point> random_frontier(random_numbers& random, int n) {
  std::vector<offramp::frontier_point> kept;
  const auto all = random_points(random, n);
  for (std::size_t i = 0; i < all.size(); ++i) {
    bool needed = true;
    for (std::size_t j = 0; j < all.size() && needed; ++j)
      needed = i == j || !offramp::covers(all[j], all[i]) || (j > i && offramp::covers(all[i], all[j]));
    if (needed) kept.push_back(all[i]);
  }
  std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return offramp::stands_before(a, b); });
  return kept;
}

}  // namespace offramp_test

#endif
