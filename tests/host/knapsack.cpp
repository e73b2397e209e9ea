// The knapsack against trying everything: chains, ties, memory, nesting, rounding of costs, messages.
#include <offramp/host/knapsack.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

struct problem {
  std::vector<host::width_choices> layers;
  host::layer_cost cost;
};

// A chain of `n` layers, widths 1, 2, ... times `step`, whole costs: u * w * taps, the classifier 3 * u.
problem random_chain(int n, std::uint64_t stream) {
  offramp_test::random_numbers r{stream};
  problem p;
  std::vector<int> taps;
  for (int i = 0; i < n; ++i) {
    host::width_choices c;
    double value = 0;
    const int step = r.between(1, 2), most = r.between(2, 5);
    for (int w = 1; w <= most; ++w) {
      c.widths.push_back(w * step);
      c.value.push_back(value += r.between(1, 50));
    }
    taps.push_back(r.between(1, 9));
    p.layers.push_back(c);
  }
  p.cost = [taps](int i, int u, int w) {
    if (i == static_cast<int>(taps.size())) return 3.0 * u;
    return static_cast<double>((i == 0 ? 2 : u) * w * taps[static_cast<std::size_t>(i)]);
  };
  return p;
}

double cost_of(const problem& p, const std::vector<int>& widths) {
  double sum = 0;
  for (std::size_t i = 0; i <= widths.size(); ++i)
    sum += p.cost(static_cast<int>(i), i == 0 ? 0 : widths[i - 1], i == widths.size() ? 0 : widths[i]);
  return sum;
}

// The most value within the budget, by trying all; below 0 where nothing fits.
double best_of_all(const problem& p, double budget, const host::knapsack_options& options) {
  std::vector<std::size_t> choice(p.layers.size(), 0);
  double best = -1;
  for (;;) {
    std::vector<int> widths;
    double value = 0;
    bool fits = true;
    for (std::size_t i = 0; i < choice.size(); ++i) {
      widths.push_back(p.layers[i].widths[choice[i]]);
      value += p.layers[i].value[choice[i]];
      if (p.layers[i].tied >= 0) fits = fits && choice[static_cast<std::size_t>(p.layers[i].tied)] == choice[i];
      if (!options.least.empty()) fits = fits && widths[i] >= options.least[i];
      if (options.memory)
        fits =
            fits && options.memory(static_cast<int>(i), i == 0 ? 0 : widths[i - 1], widths[i]) <= options.memory_bytes;
    }
    if (fits && cost_of(p, widths) <= budget && value > best) best = value;
    std::size_t i = 0;
    while (i < choice.size() && ++choice[i] == p.layers[i].widths.size()) choice[i++] = 0;
    if (i == choice.size()) return best;
  }
}

std::vector<int> extreme(const problem& p, bool widest) {
  std::vector<int> all;
  for (const auto& l : p.layers) all.push_back(widest ? l.widths.back() : l.widths.front());
  return all;
}

// One bucket per unit of cost: exact.
void check_best(const problem& p, double budget, host::knapsack_options options) {
  options.buckets = static_cast<int>(budget);
  const double best = best_of_all(p, budget, options);
  if (best < 0) {
    CHECK_THROWS_AS(static_cast<void>(host::knapsack(p.layers, p.cost, budget, options)), host::error);
    return;
  }
  const host::knapsack_result r = host::knapsack(p.layers, p.cost, budget, options);
  CHECK(r.value == best);
  CHECK(r.cost <= budget);
  CHECK(r.cost == cost_of(p, r.widths));
  double value = 0;
  for (std::size_t i = 0; i < r.widths.size(); ++i)
    for (std::size_t c = 0; c < p.layers[i].widths.size(); ++c)
      if (p.layers[i].widths[c] == r.widths[i]) value += p.layers[i].value[c];
  CHECK(value == best);
}

}  // namespace

TEST_CASE("a chain: the best of all that fits") {
  for (std::uint64_t n = 0; n < 60; ++n) {
    const problem p = random_chain(1 + static_cast<int>(n % 5), n);
    const double least = cost_of(p, extreme(p, false)), most = cost_of(p, extreme(p, true));
    for (const double share : {0.0, 0.2, 0.5, 0.9, 1.0}) {
      CAPTURE(n);
      CAPTURE(share);
      check_best(p, least + static_cast<double>(static_cast<int>(share * (most - least))), {});
    }
  }
}

TEST_CASE("layers that share a width") {
  for (std::uint64_t n = 0; n < 30; ++n) {
    problem p = random_chain(5, 100 + n);
    p.layers[2].widths.resize(2), p.layers[2].value.resize(2);
    for (const std::size_t tied : {std::size_t{3}, std::size_t{4}}) {
      p.layers[tied] = p.layers[2];
      p.layers[tied].tied = n % 2 == 0 ? 2 : static_cast<int>(tied) - 1;
      for (int& w : p.layers[tied].widths) w *= 2;  // the same choice, not the same number
    }
    const double most = cost_of(p, extreme(p, true));
    for (const double share : {0.3, 0.6, 1.0}) check_best(p, static_cast<double>(static_cast<int>(share * most)), {});
  }
}

TEST_CASE("a bound on memory, and on widths from below") {
  for (std::uint64_t n = 0; n < 30; ++n) {
    const problem p = random_chain(4, 200 + n);
    host::knapsack_options o;
    o.memory = [](int i, int u, int w) { return static_cast<double>((i + 1) * (u + w)); };
    o.memory_bytes = 9 + static_cast<double>(n % 12);
    const double most = cost_of(p, extreme(p, true));
    check_best(p, most, o);
    o.memory_bytes = 1e9;
    o.least = extreme(p, false);
    o.least[2] = p.layers[2].widths[1];
    check_best(p, static_cast<double>(static_cast<int>(0.7 * most)), o);
  }
}

TEST_CASE("rounding into buckets never exceeds the budget") {
  for (std::uint64_t n = 0; n < 40; ++n) {
    const problem p = random_chain(4, 300 + n);
    const double most = cost_of(p, extreme(p, true));
    host::knapsack_options o;
    o.buckets = 37;
    const host::knapsack_result r = host::knapsack(p.layers, p.cost, most, o);
    CHECK(r.cost <= most);
    CHECK(r.value <= best_of_all(p, most, o));
  }
}

TEST_CASE("budgets one after the other give nested widths, each alone does not") {
  int violated = 0;
  for (std::uint64_t n = 0; n < 40; ++n) {
    const problem p = random_chain(5, 400 + n);
    const double least = cost_of(p, extreme(p, false)), most = cost_of(p, extreme(p, true));
    std::vector<double> budgets;
    for (int i = 1; i <= 6; ++i) budgets.push_back(least + i * (most - least) / 6);
    host::knapsack_options o;
    o.buckets = static_cast<int>(most);
    const auto all = host::nested_knapsack(p.layers, p.cost, budgets, o);
    REQUIRE(all.size() == budgets.size());
    for (std::size_t s = 0; s < all.size(); ++s) {
      CHECK(all[s].cost <= budgets[s]);
      bool narrower = false;
      for (std::size_t i = 0; s > 0 && i < all[s].widths.size(); ++i) {
        CHECK(all[s].widths[i] >= all[s - 1].widths[i]);
        narrower = narrower || host::knapsack(p.layers, p.cost, budgets[s], o).widths[i] <
                                   host::knapsack(p.layers, p.cost, budgets[s - 1], o).widths[i];
      }
      violated += narrower ? 1 : 0;
    }
    CHECK(all.back().widths == extreme(p, true));
  }
  CHECK(violated > 0);  // what the bound from below is for
}

TEST_CASE("choices and budgets that cannot be") {
  const host::layer_cost cost = [](int, int, int w) { return 10.0 * w; };
  const auto message = [&](std::vector<host::width_choices> layers, double budget, host::knapsack_options o = {}) {
    try {
      host::knapsack(layers, cost, budget, o);
    } catch (const host::error& e) { return std::string{e.what()}; }
    return std::string{};
  };
  const host::width_choices good{{2, 4}, {1, 2}};
  CHECK(message({good}, 100).empty());
  CHECK(message({}, 100).find("no layers") != std::string::npos);
  CHECK(message({good}, 0).find("budget is 0") != std::string::npos);
  CHECK(message({good}, 19).find("the least widths cost 20.0") != std::string::npos);
  CHECK(message({{{4, 2}, {1, 2}}}, 100).find("choice 1 is width 2") != std::string::npos);
  CHECK(message({{{2, 4}, {2, 1}}}, 100).find("values that do not fall") != std::string::npos);
  CHECK(message({{{2, 4}, {1}}}, 100).find("2 widths and 1 values") != std::string::npos);
  CHECK(message({{{2, 4}, {1, 2}, 0}}, 100).find("tied to layer 0, expected an earlier one") != std::string::npos);
  CHECK(message({good, {{2}, {1}, 0}}, 100).find("has 1 widths, layer 0") != std::string::npos);
  host::knapsack_options o;
  o.least = {5};
  CHECK(message({good}, 100, o).find("at most 4 units, its least width is 5") != std::string::npos);
  o.least = {1, 1};
  CHECK(message({good}, 100, o).find("2 least widths, expected 1") != std::string::npos);
  o.least = {};
  o.memory = [](int, int, int w) { return 100.0 * w; };
  o.memory_bytes = 150;
  CHECK(message({good}, 100, o).find("they need 200.000000 bytes, the bound is 150") != std::string::npos);
  o = {};
  o.buckets = 0;
  CHECK(message({good}, 100, o).find("0 buckets") != std::string::npos);
  std::vector<double> falling{50, 40};
  CHECK_THROWS_WITH_AS(static_cast<void>(host::nested_knapsack({good}, cost, falling)),
                       doctest::Contains("expected budgets that rise"), host::error);
}
