// A frontier as a table, a picture, a sentence and a header; the header compiles and says the same.
#include <offramp/host/frontier_text.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include <offramp/host/plot_curves.hpp>
#include <tests/host/frontier_cases.hpp>
#include <tests/support/host_test.hpp>

#include <tests/host/frontier_text_expected.hpp>  // what frontier_header(two_points(), "tiny_frontier") writes

using namespace offramp;
using offramp_test::message_of;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

host::searched_frontier two_points() {
  host::searched_frontier f;
  f.points = {{{0, 1, 0, 0, 1, kind::i8, 1}, 1500, 2000, 100, 1000, no_limit, 8050},
              {{0, 1, 1, 0, 3, kind::i8, 5}, 9900, 20000, 100, 1000, no_limit, 9100}};
  f.names = {{0, "tiny"}};
  f.thresholds_q16 = {{0, {{host::always_q16, host::always_q16}, {40000, host::always_q16}}}};
  return f;
}

}  // namespace

TEST_CASE("the table points at the choice") {
  const std::string t = host::frontier_table(two_points(), 1).text();
  CHECK(contains(t, "mean us"));
  CHECK_FALSE(contains(t, "nJ"));
  CHECK(contains(t, "\n     tiny         0  1      80.50 %      1.5         2.0  100    1,000\n"));
  CHECK(contains(t, "\n->   tiny         0  1 - 3  91.00 %      9.9        20.0  100    1,000\n"));
  host::searched_frontier f = two_points();
  f.unit = time_unit::cycles;
  f.points[0].energy_nj = 77;
  const std::string with = host::frontier_table(f).text();
  CHECK(contains(with, "mean cycles"));
  CHECK(contains(with, "9,900"));
  CHECK(contains(with, "nJ"));
  CHECK(contains(with, "77"));
  CHECK_FALSE(contains(with, "->"));
}

TEST_CASE("a choice, and what binds, in words") {
  const host::searched_frontier f = two_points();
  CHECK(host::describe(select(f.view(), {}), f) == "point 1 (tiny, 91.00 % right, mean 9.9 us, longest path 20.0 us)");
  const constraints too_much{.deadline = 1000, .arena_bytes = 90, .least_accuracy_e4 = 8100};
  CHECK(host::describe(select(f.view(), too_much), f) ==
        "nothing keeps all limits; point 0 (tiny, 80.50 % right, mean 1.5 us, longest path 2.0 us) comes nearest and "
        "misses the deadline of 1.0 us by 1.0 us and the arena bytes of 90 bytes by 10 bytes and the accuracy of "
        "81.00 % by 0.50 %");
  CHECK(host::describe(select({}, {}), {}) == "there is nothing to choose from: the frontier is empty");
}

TEST_CASE("the picture has a curve for each network and the chosen points") {
  host::searched_frontier f = two_points();
  f.points[1].choice.network = 4;
  const host::curve_plot p = host::frontier_plot(f, "title", {{1, "chosen"}});
  REQUIRE(p.curves.size() == 2);
  CHECK(p.curves[0].name == "tiny");
  CHECK(p.curves[1].name == "network 4");
  CHECK(p.curves[1].x.at(0) == doctest::Approx(9.9));
  CHECK(p.curves[1].y.at(0) == doctest::Approx(91.0));
  REQUIRE(p.marks.size() == 1);
  CHECK(p.marks[0].x == doctest::Approx(9.9));
  CHECK(contains(host::detail::draw(p).script, "chosen"));
  CHECK(message_of([&] {
          host::frontier_plot(f, "title", {{2, "none"}});
        }) == "frontier_plot: found the chosen point 2, expected 0 to 1");
}

TEST_CASE("the header says what was found") {
  const host::searched_frontier f = two_points();
  REQUIRE(tiny_frontier.count == 2);
  CHECK(tiny_frontier.unit == f.unit);
  for (int i = 0; i < 2; ++i) {
    const frontier_point &a = tiny_frontier[i], &b = f.view()[i];
    CHECK(a.choice == b.choice);
    CHECK(covers(a, b));
    CHECK(covers(b, a));
    for (std::size_t k = 0; k < 2; ++k)
      CHECK(tiny_frontier_thresholds_0[a.choice.thresholds].q16[k] == f.thresholds_of(i)[k]);
  }
  std::ifstream file{std::string{OFFRAMP_SOURCE_DIR} + "/tests/host/frontier_text_expected.hpp"};
  const std::string expected{std::istreambuf_iterator<char>{file}, {}};
  CHECK(host::frontier_header(f, "tiny_frontier") == expected);
  CHECK(message_of([&] { host::frontier_header(f, "2tiny"); }) ==
        "frontier_header: found the name '2tiny', expected an identifier of C++");
  CHECK(contains(message_of([&] { host::frontier_header({}, "tiny"); }), "the frontier has no points"));
}
