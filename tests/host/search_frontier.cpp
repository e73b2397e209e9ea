// The search for a frontier: its figures are those of its thresholds, nothing tried is better, what all combinations of
// thresholds can reach is nearly reached, and bad candidates are refused.
#include <offramp/host/search_frontier.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/offramp.hpp>
#include <offramp/select/selector.hpp>
#include <tests/host/frontier_cases.hpp>
#include <tests/select/flat_profile.hpp>
#include <tests/support/host_test.hpp>

using namespace offramp;
using offramp_test::made_up_candidate;
using offramp_test::message_of;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Where an image leaves under thresholds, the plain way.
std::size_t left_at(const host::frontier_candidate& c, std::size_t image, const std::vector<std::int32_t>& thresholds) {
  std::size_t k = 0;
  while (k + 1 < c.to_exit.size() && c.outputs.score_q16[k][image] < thresholds[k]) ++k;
  return k;
}

// What a candidate costs and has right under thresholds.
frontier_point simulated(const host::frontier_candidate& c, const std::vector<std::int32_t>& thresholds) {
  double cost = 0;
  int right = 0;
  for (std::size_t i = 0; i < c.outputs.truth.size(); ++i) {
    const std::size_t k = left_at(c, i, thresholds);
    cost += c.to_exit[k];
    right += c.outputs.label[k][i] == c.outputs.truth[i] ? 1 : 0;
  }
  const auto n = static_cast<double>(c.outputs.truth.size());
  frontier_point p;
  p.mean_cost = static_cast<std::uint32_t>(std::ceil(cost / n - 1e-9));
  p.accuracy_e4 = static_cast<std::uint16_t>(std::lround(right / n * 10000));
  return p;
}

std::vector<host::frontier_candidate> family() {
  return {made_up_candidate("small", 0, 3, 100), made_up_candidate("wide", 1, 3, 250, 5),
          made_up_candidate("one exit", 2, 1, 180, 2)};
}

}  // namespace

TEST_CASE("every point does what it says") {
  const auto candidates = family();
  for (const double merge : {0.0, 0.05}) {
    const host::searched_frontier f = host::search_frontier(candidates, {.unit = time_unit::cycles, .merge = merge});
    CHECK(f.unit == time_unit::cycles);
    REQUIRE(check_frontier(f.view()) == frontier_status::ok);
    CHECK(f.points.size() > 5);
    for (int i = 0; i < f.view().count; ++i) {
      const frontier_point& p = f.view()[i];
      const host::frontier_candidate& c = candidates.at(p.choice.network);
      const std::vector<std::int32_t>& t = f.thresholds_of(i);
      REQUIRE(t.size() == c.to_exit.size());
      const frontier_point s = simulated(c, t);
      CHECK(p.mean_cost == s.mean_cost);
      CHECK(p.accuracy_e4 == s.accuracy_e4);
      const auto last = static_cast<std::size_t>(p.choice.last_exit(static_cast<int>(t.size())));
      CHECK(p.longest_path == std::ceil(1.25 * c.to_exit[last]));
      CHECK(t[last] == host::always_q16);
      CHECK(p.arena_bytes == c.arena_bytes);
      CHECK(p.weight_bytes == c.weight_bytes);
      CHECK(p.energy_nj == no_limit);
      CHECK(f.names.at(p.choice.network) == c.name);
      for (int k = 0; k < static_cast<int>(t.size()); ++k) {  // exits are used, or not, as said
        int left = 0;
        for (std::size_t image = 0; image < c.outputs.truth.size(); ++image)
          left += static_cast<int>(host::exit_of(c.outputs, image, t)) == k ? 1 : 0;
        CHECK((left > 0) == p.choice.may_leave_at(k));
      }
    }
  }
}

TEST_CASE("nothing that was tried is better, and thinning keeps what it promises") {
  const auto candidates = family();
  const host::searched_frontier all = host::search_frontier(candidates, {.merge = 0});
  const host::searched_frontier some = host::search_frontier(candidates, {.merge = 0.05});
  CHECK(some.points.size() < all.points.size());
  const auto as_good = [](const host::searched_frontier& f, const frontier_point& p, double merge) {
    for (const frontier_point& q : f.points)
      if (host::detail::stands_for(q, p, merge)) return true;
    return false;
  };
  for (const host::frontier_candidate& c : candidates)
    for (int exits = 1; exits <= c.outputs.exits(); ++exits)
      for (std::int32_t t = 0; t <= 21; ++t) {
        std::vector<std::int32_t> thresholds(c.to_exit.size(), host::always_q16);
        for (int k = 0; k + 1 < exits; ++k) thresholds[static_cast<std::size_t>(k)] = t;
        frontier_point p = simulated(c, thresholds);
        p.longest_path = static_cast<std::uint32_t>(std::ceil(1.25 * c.to_exit[static_cast<std::size_t>(exits) - 1]));
        p.arena_bytes = static_cast<std::uint32_t>(c.arena_bytes);
        p.weight_bytes = static_cast<std::uint32_t>(c.weight_bytes);
        CHECK(as_good(all, p, 0));
        CHECK(as_good(some, p, 0.05));
      }
  for (const frontier_point& p : all.points) CHECK(as_good(some, p, 0.05));
  CHECK(some.points.front().mean_cost == all.points.front().mean_cost);
}

TEST_CASE("within every budget it is nearly as accurate as the best of all combinations") {
  const std::vector<host::frontier_candidate> one = {made_up_candidate("small", 0, 3, 100, 0, 200)};
  const host::searched_frontier f = host::search_frontier(one, {.merge = 0});
  double lost = 0;
  int budgets = 0;
  std::vector<frontier_point> every;
  for (std::int32_t a = 0; a <= 21; ++a)
    for (std::int32_t b = 0; b <= 21; ++b) every.push_back(simulated(one[0], {a, b, 0}));
  for (std::uint32_t budget = 100; budget <= 300; budget += 10, ++budgets) {
    int best = 0;
    for (const frontier_point& p : every)
      if (p.mean_cost <= budget) best = std::max<int>(best, p.accuracy_e4);
    const selection s = select(f.view(), {.deadline = budget, .on = deadline_on::mean});
    REQUIRE(static_cast<bool>(s));
    const int found = f.view()[s.index].accuracy_e4;
    CHECK(found <= best);
    CHECK(found >= best - 300);  // 3 points, on 200 images: 6 of them
    lost += best - found;
  }
  CHECK(lost / budgets < 100);
}

TEST_CASE("means are raised by the standard error of what images take, and the frontier is that of raised means") {
  const auto candidates = family();
  const auto raised = [](const host::frontier_candidate& c, const std::vector<std::int32_t>& thresholds) {
    std::vector<double> took;  // by each image
    for (std::size_t i = 0; i < c.outputs.truth.size(); ++i) took.push_back(c.to_exit[left_at(c, i, thresholds)]);
    const auto n = static_cast<double>(took.size());
    double sum = 0, of_squares = 0;
    for (const double t : took) sum += t, of_squares += t * t;
    const double variance = of_squares / n - sum / n * (sum / n);
    return std::pair{sum / n, std::min(sum / n + 2 * std::sqrt(std::max(0.0, variance) / n),
                                       *std::max_element(took.begin(), took.end()))};
  };
  const host::searched_frontier f = host::search_frontier(candidates, {.merge = 0, .standard_errors = 2});
  REQUIRE(check_frontier(f.view()) == frontier_status::ok);
  int higher = 0;
  for (int i = 0; i < f.view().count; ++i) {
    const frontier_point& p = f.view()[i];
    const auto [mean, most] = raised(candidates.at(p.choice.network), f.thresholds_of(i));
    CHECK(p.mean_cost >= std::floor(most));
    CHECK(p.mean_cost <= std::ceil(most) + 1);
    higher += p.mean_cost > mean + 1 ? 1 : 0;
  }
  CHECK(higher > 5);
  // Whatever is best by plain means has something nearly as good by raised ones.
  const host::searched_frontier plain = host::search_frontier(candidates, {.merge = 0});
  for (int i = 0; i < plain.view().count; ++i) {
    frontier_point p = plain.view()[i];
    p.mean_cost = static_cast<std::uint32_t>(
        std::ceil(raised(candidates.at(p.choice.network), plain.thresholds_of(i)).second + 1));
    CHECK(std::any_of(f.points.begin(), f.points.end(),
                      [&](const frontier_point& q) { return host::detail::stands_for(q, p, 0.02); }));
  }
  for (const double bad : {-1.0, std::nan("")})
    CHECK(contains(message_of([&] { (void)host::search_frontier(candidates, {.standard_errors = bad}); }),
                   "standard errors, expected a finite number of at least 0"));
}

TEST_CASE("energy, if it is known, is a cost like others") {
  auto candidates = family();
  for (auto& c : candidates)
    for (const double t : c.to_exit) c.energy_to_exit.push_back(t / 10);
  const host::searched_frontier f = host::search_frontier(candidates);
  for (const frontier_point& p : f.points) CHECK(std::fabs(p.energy_nj - p.mean_cost / 10.0) <= 1);
}

TEST_CASE("a network, its plan and a profile make a candidate") {
  using net =
      lower<network<image<8, 8, 1>, stage<conv2d<4, 3>, relu>, exit_head<10>, stage<conv2d<4, 3>, relu>, exit_head<10>>,
            i8>;
  static constexpr auto cpu = offramp_test::flat_profile<path::portable>();
  const auto c =
      host::candidate_of<net>("two", {.network = 3, .level = 1}, offramp_test::made_up_outputs(5, 20, 2), cpu);
  CHECK(c.choice.path == path::portable::id);
  CHECK(c.choice.level == 1);
  CHECK(c.to_exit.size() == 2);
  CHECK(c.longest_path == doctest::Approx(1.25 * c.to_exit[1]));
  CHECK(c.arena_bytes == memory<net, path::portable>.arena_bytes);
  CHECK(c.weight_bytes == memory<net, path::portable>.weight_bytes);
  const host::searched_frontier f = host::search_frontier({c});
  CHECK(f.points.front().choice.network == 3);
  CHECK(f.points.front().choice.level == 1);
}

TEST_CASE("a table of energies gives a candidate its energy, and a limit on it binds") {
  using net =
      lower<network<image<8, 8, 1>, stage<conv2d<4, 3>, relu>, exit_head<10>, stage<conv2d<4, 3>, relu>, exit_head<10>>,
            i8>;
  static constexpr auto cpu = offramp_test::flat_profile<path::portable>();
  energy_table table;
  table.integer_product = 1000;  // pJ: a nanojoule each
  const auto c = host::with_energy<net, path::portable>(
      host::candidate_of<net>("two", {}, offramp_test::made_up_outputs(5, 20, 2), cpu), table);
  REQUIRE(c.energy_to_exit.size() == 2);
  const double first = 8 * 8 * 9 * 4 + 10 * 4, second = first + 8 * 8 * 9 * 4 * 4 + 10 * 4;  // convolution and head
  CHECK(c.energy_to_exit[0] == doctest::Approx(first));
  CHECK(c.energy_to_exit[1] == doctest::Approx(second));
  const host::searched_frontier f = host::search_frontier({c});
  const auto less_than_one_exit = static_cast<std::uint32_t>(first / 2);
  const selection s = select(f.view(), {.energy_nj = less_than_one_exit});
  CHECK_FALSE(s);
  CHECK(s.binds() == limit::energy);
}

TEST_CASE("measured times take the place of predicted ones") {
  const auto small = made_up_candidate("small", 0, 3, 100);
  const host::frontier_candidate c = host::with_times(small, {70, 150, 240});
  CHECK(c.to_exit == std::vector<double>{70, 150, 240});
  CHECK(c.longest_path == doctest::Approx(300));
  CHECK(message_of([&] {
          host::with_times(small, {70, 240});
        }) == "with_times: found 2 measured times for candidate 'small', expected one above 0 for each of 3 exits");
  for (const double nonsense : {0.0, -1.0, std::nan("")})
    CHECK(contains(message_of([&] { host::with_times(small, {70, nonsense, 240}); }), "3 (not all positive) measured"));
}

TEST_CASE("candidates that cannot be compared are refused") {
  const auto refused = [](auto change, const std::string& expected) {
    auto candidates = family();
    change(candidates);
    const std::string said = message_of([&] { host::search_frontier(candidates); });
    INFO(said);
    CHECK(contains(said, expected));
  };
  using list = std::vector<host::frontier_candidate>;
  refused([](list& l) { l.clear(); }, "found no candidates, expected at least one");
  refused([](list& l) { l[1].outputs = {}; }, "candidate 'wide' has no validation outputs");
  refused([](list& l) { l[1].outputs.score_q16.clear(); }, "candidate 'wide': these outputs have no scores");
  refused([](list& l) { l[1].outputs.classes = 4; },
          "candidate 'wide' tells 4 classes apart, candidate 'small' 10: expected networks for one task");
  refused([](list& l) { l[2].outputs.truth[7] += 1; },
          "candidate 'one exit' was validated on other inputs than candidate 'small' (60 and 60)");
  refused([](list& l) { l[1].to_exit.pop_back(); },
          "the time of candidate 'wide' has 2 values, expected one for each of 3 exits");
  refused([](list& l) { l[1].to_exit[1] = std::numeric_limits<double>::infinity(); },
          "the time of candidate 'wide' is inf to exit 2, expected a finite number of at least 0 (does the profile");
  refused([](list& l) { l[0].to_exit[0] = std::nan(""); }, "expected a finite number");
  refused([](list& l) { l[0].to_exit[0] = -1; }, "is -1.000000 to exit 1, expected a finite number");
  refused([](list& l) { std::swap(l[0].to_exit[0], l[0].to_exit[2]); },
          "the time of candidate 'small' is 200.000000 to exit 2, less than the 300.000000 to the exit before it");
  refused([](list& l) { l[0].energy_to_exit = {1}; },
          "the energy of candidate 'small' has 1 values, expected one for each of 3 exits");
  refused([](list& l) { l[0].longest_path = 299; },
          "the longest path of candidate 'small' is 299.000000, expected at least the 300.000000 to its last exit");
  refused([](list& l) { l[0].longest_path = std::numeric_limits<double>::infinity(); }, "is inf, expected at least");
  refused([](list& l) { l[0].longest_path = 5e9; }, "expected less than 2^32: choose a larger unit");
  refused([](list& l) { l[2].choice.network = 0; },
          "candidate 'small' and candidate 'one exit' are both network 0 and have 3 and 1 exits: number them apart");
}
