// The controller: within limits whenever something is, as good as what the margin allows once things are quiet, and
// never to and fro while limits stay and times vary by less than the margin.
#include <offramp/select/controller.hpp>

#include <algorithm>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include <tests/select/random_frontier.hpp>

using namespace offramp;
using offramp_test::from;

namespace {

constexpr frontier_point ladder[] = {{{.thresholds = 0}, 10, 20, 1, 1, 5, 7000},
                                     {{.thresholds = 1}, 20, 40, 1, 1, 10, 8000},
                                     {{.thresholds = 2}, 40, 60, 1, 1, 20, 9000}};
constexpr frontier_view family{ladder};

constexpr constraints mean_of(std::uint32_t deadline) { return {.deadline = deadline, .on = deadline_on::mean}; }

// At most one way: no point is left and come back to.
bool goes_to_and_fro(const std::vector<int>& path) {
  std::set<int> left;
  for (std::size_t i = 1; i < path.size(); ++i)
    if (path[i] != path[i - 1]) {
      left.insert(path[i - 1]);
      if (left.count(path[i]) != 0) return true;
    }
  return false;
}

}  // namespace

TEST_CASE("down at once, up after a while and only with room") {
  controller c{family, {.margin_q8 = 26, .hold = 3}};
  CHECK(c.running() == 0);
  CHECK(c.choice().thresholds == 0);
  CHECK(c.update(mean_of(50)).index == 2);  // the first update takes the best there is
  CHECK(c.update(mean_of(39)).index == 1);
  CHECK(c.running() == 1);
  for (int i = 0; i < 20; ++i) CHECK(c.update(mean_of(44)).index == 1);  // 40 of 44: within the margin of a tenth
  CHECK(c.update(mean_of(45)).index == 1);
  CHECK(c.update(mean_of(45)).index == 1);
  CHECK(c.update(mean_of(44)).index == 1);  // starts again
  CHECK(c.update(mean_of(45)).index == 1);
  CHECK(c.update(mean_of(45)).index == 1);
  CHECK(c.update(mean_of(45)).index == 2);
  CHECK(c.choice().thresholds == 2);
  for (int i = 0; i < 20; ++i) CHECK(c.update(mean_of(40)).index == 2);  // once there, all of the deadline is its own
}

TEST_CASE("an energy that runs out") {
  controller c{family, {.hold = 2}};
  CHECK(c.update({.energy_nj = 30}).index == 2);
  CHECK(c.update({.energy_nj = 19}).index == 1);
  CHECK(c.update({.energy_nj = 5}).index == 0);
  const selection s = c.update({.energy_nj = 4});
  CHECK_FALSE(s);
  CHECK(s.nearest == 0);
  CHECK(s.binds() == limit::energy);
  CHECK(s.by() == 1);
  CHECK(c.running() == 0);
}

TEST_CASE("a slower clock is learned and answered, and its return too") {
  controller c{family, {.hold = 4, .learning = 2}};
  REQUIRE(c.update(mean_of(50)).index == 2);
  int at = 0;
  for (; c.running() == 2; ++at) {
    REQUIRE(at < 20);
    c.observe(100, 200);
    static_cast<void>(c.update(mean_of(50)));
  }
  for (int i = 0; i < 40; ++i) {
    c.observe(100, 200);
    static_cast<void>(c.update(mean_of(50)));
  }
  CHECK(c.running() == 1);  // 20 at half the clock
  CHECK(c.factor().q16() > 130000);
  for (int i = 0; i < 40; ++i) {
    c.observe(100, 100);
    static_cast<void>(c.update(mean_of(50)));
  }
  CHECK(c.running() == 2);
  c.set_factor_q16(4 * 65536);
  CHECK(c.update(mean_of(50)).index == 0);
}

TEST_CASE("a constant budget: one move at most, and the best point that leaves the margin") {
  offramp_test::random_numbers random{705};
  for (int round = 0; round < 500; ++round) {
    const auto points = offramp_test::random_frontier(random, random.between(1, 30));
    const frontier_view f{points.data(), static_cast<int>(points.size())};
    const objective wish = random.one_in(3) ? objective::cheapest : objective::most_accurate;
    controller c{f, {.wish = wish, .margin_q8 = static_cast<std::uint8_t>(from(random, 0, 128)), .hold = 3}};
    const auto limits_now = [&] {
      constraints l{.deadline = from(random, 5, 300), .arena_bytes = from(random, 100, 900)};
      if (random.one_in(2)) l.on = deadline_on::mean;
      if (random.one_in(3)) l.energy_nj = from(random, 0, 22);
      return l;
    };
    for (int i = 0; i < 10; ++i) static_cast<void>(c.update(limits_now()));  // from anywhere
    const constraints stay = limits_now();
    const selection exact = select(f, stay, wish);
    selection s = c.update(stay);
    CHECK(static_cast<bool>(s) == static_cast<bool>(exact));  // within limits from the first moment on
    int moves = 0, before = c.running();
    for (int i = 0; i < 20; ++i) {
      s = c.update(stay);
      moves += c.running() != before ? 1 : 0;
      before = c.running();
    }
    CHECK(moves <= 1);
    if (!exact) continue;
    CHECK(missed(points[static_cast<std::size_t>(c.running())], stay).none());
    constraints tight = stay;
    const auto kept = [&](std::uint32_t v, std::uint32_t margin) {
      return v == no_limit ? v : v * (256 - margin) / 256;
    };
    tight.deadline = kept(stay.deadline, 128);
    tight.energy_nj = kept(stay.energy_nj, 128);
    if (const selection room = select(f, tight, wish))  // 128: the widest margin of this test
      CHECK_FALSE(
          preferred(points[static_cast<std::size_t>(room.index)], points[static_cast<std::size_t>(c.running())], wish));
  }
}

TEST_CASE("times that vary within the margin never send it to and fro") {
  offramp_test::random_numbers random{706};
  int moved = 0, would_have = 0;
  for (int round = 0; round < 500; ++round) {
    const auto points = offramp_test::random_frontier(random, random.between(2, 30));
    const frontier_view f{points.data(), static_cast<int>(points.size())};
    const constraints stay = mean_of(from(random, 30, 220));
    controller c{f, {.margin_q8 = 26, .hold = 2}};
    if (!select(f, stay, objective::most_accurate, 65536 * 11 / 10)) continue;
    std::vector<int> path, without;
    for (int i = 0; i < 200; ++i) {
      // 256 / 230 = 1.113 between the ends, less 1 % for counts that are small here and rounded up.
      const std::uint32_t now = from(random, 65536, 65536 * 110 / 100);
      c.set_factor_q16(now);
      static_cast<void>(c.update(stay));
      path.push_back(c.running());
      without.push_back(select(f, stay, objective::most_accurate, now).index);
    }
    CHECK_FALSE(goes_to_and_fro(path));
    moved += path.front() != path.back() ? 1 : 0;
    would_have += goes_to_and_fro(without) ? 1 : 0;
  }
  CHECK(moved > 3);
  CHECK(would_have > 20);  // the plain choice does
}

TEST_CASE("where nothing fits, the nearest runs, and it stays") {
  controller c{family};
  selection s = c.update(mean_of(8));
  CHECK_FALSE(s);
  CHECK(s.nearest == 0);
  CHECK(s.by() == 2);
  CHECK(c.running() == 0);
  s = c.update({.deadline = 12, .on = deadline_on::mean, .least_accuracy_e4 = 10000});  // 30 % too seldom right
  CHECK_FALSE(s);
  CHECK(c.running() == 0);  // the next takes two thirds too long
  CHECK(s.binds() == limit::accuracy);
  s = c.update({.deadline = 38, .on = deadline_on::mean, .least_accuracy_e4 = 9500});
  CHECK(c.running() == 2);
  CHECK(s.nearest == 2);
  controller none{frontier_view{}};
  CHECK(none.update(mean_of(8)).nearest == -1);
}

static_assert([] {  // a constant expression, no heap
  controller c{family};
  static_cast<void>(c.update(mean_of(25)));
  c.observe(10, 30);
  return c.choice().thresholds;
}() == 1);
