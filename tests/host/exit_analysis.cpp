// Six images, three exits, counted by hand.
#include <offramp/host/exit_analysis.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"

namespace host = offramp::host;
using offramp_test::message_of;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Right:   exit 0: images 0, 2, 5; exit 1: 0, 1, 5; exit 2: 0, 2, 4. Image 3: never.
host::exit_outputs six() {
  host::exit_outputs o;
  o.truth = {0, 0, 1, 1, 2, 2};
  o.label = {{0, 1, 1, 0, 0, 2}, {0, 0, 0, 0, 1, 2}, {0, 1, 1, 0, 2, 0}};
  o.ops = {10, 20, 40};
  o.full_ops = 40;
  o.classes = 3;
  return o;
}

}  // namespace

TEST_CASE("exit analysis: overthinking and hindsight improvability") {
  const auto seen = host::overthinking_of(six());
  REQUIRE(seen.exits.size() == 3);
  CHECK(seen.images == 6);
  CHECK(seen.destructive == 2);  // images 1 and 5
  CHECK(seen.wasteful == 2);     // images 0 and 2
  CHECK(seen.unreached == 1);    // image 3
  CHECK(seen.destructive_share() == doctest::Approx(2.0 / 6));
  CHECK(seen.wasteful_share() == doctest::Approx(2.0 / 6));
  CHECK(seen.destructive_share_of_errors() == doctest::Approx(2.0 / 3));

  const std::vector<std::vector<int>> expected = {
      {3, 3, 1, 2, 1, 0},  // right, wrong, spoilt, wasted, mended, hindsight
      {3, 3, 2, 1, 2, 1},
      {3, 3, 0, 0, 0, 2},
  };
  for (std::size_t k = 0; k < 3; ++k) {
    CAPTURE(k);
    const auto& e = seen.exits[k];
    CHECK(std::vector<int>{e.right, e.wrong, e.spoilt, e.wasted, e.mended, e.hindsight} == expected[k]);
  }
  CHECK(seen.exits[0].hindsight_improvability() == 0);
  CHECK(seen.exits[1].hindsight_improvability() == doctest::Approx(1.0 / 3));
  CHECK(seen.exits[2].hindsight_improvability() == doctest::Approx(2.0 / 3));

  const auto text = host::overthinking_table(seen).text();
  CHECK(has(text, "50.00 %"));
  CHECK(has(text, "66.67 %"));  // the last exit's hindsight
}

TEST_CASE("exit analysis: an exit without errors has no hindsight improvability") {
  auto o = six();
  o.label[2] = o.truth;
  const auto seen = host::overthinking_of(o);
  CHECK(seen.destructive == 0);
  CHECK(seen.unreached == 0);
  CHECK(std::isnan(seen.exits[2].hindsight_improvability()));
  CHECK(std::isnan(seen.destructive_share_of_errors()));
  CHECK_FALSE(has(host::overthinking_table(seen).text(), "nan"));
}

TEST_CASE("exit analysis: classes by exit, with the right answers among them") {
  const auto found = host::exits_of_classes(six(), {0, 1, 0, 2, 2, 1});
  CHECK(found.left == std::vector<std::vector<int>>{{1, 1, 0}, {1, 0, 1}, {0, 1, 1}});
  CHECK(found.right == std::vector<std::vector<int>>{{1, 1, 0}, {1, 0, 0}, {0, 1, 1}});
}

TEST_CASE("exit analysis: the first right exit bounds every policy; exits agree with themselves") {
  const auto taken = host::first_right_exits(six());
  CHECK(taken == std::vector<std::size_t>{0, 1, 0, 2, 2, 0});
  const auto best = host::evaluate_exits(six(), taken);
  CHECK(best.accuracy == doctest::Approx(5.0 / 6));
  CHECK(best.mean_ops == doctest::Approx((10 + 20 + 10 + 40 + 40 + 10) / 6.0));
  const auto agreement = host::exit_agreement(six());
  const std::vector<std::vector<double>> expected = {{1, 3. / 6, 4. / 6}, {3. / 6, 1, 2. / 6}, {4. / 6, 2. / 6, 1}};
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t b = 0; b < 3; ++b) CHECK(agreement[a][b] == doctest::Approx(expected[a][b]));
}

TEST_CASE("exit analysis: outputs that do not fit together are refused") {
  auto o = six();
  o.label[1].pop_back();
  CHECK(message_of([&] { host::overthinking_of(o); }) ==
        "overthinking_of: exit 1 has 5 labels, expected 6, one for each image");
  CHECK(has(message_of([&] { host::exit_agreement(o); }), "exit_agreement: exit 1 has 5 labels"));
  CHECK(has(message_of([&] { host::overthinking_of(host::exit_outputs{}); }),
            "found 0 exits and 0 images, expected at least one of each"));
  CHECK(has(message_of([&] { host::first_right_exits(host::exit_outputs{}); }), "first_right_exits: found 0 exits"));
  o = six();
  CHECK(has(message_of([&] { host::exits_of_classes(o, {0, 1}); }), "found the exits of 2 images, expected 6"));
  CHECK(has(message_of([&] {
              host::exits_of_classes(o, {0, 1, 0, 3, 2, 1});
            }),
            "image 3 leaves at exit 3, expected 0 to 2"));
  o.truth[4] = 3;
  CHECK(has(message_of([&] {
              host::exits_of_classes(o, {0, 1, 0, 2, 2, 1});
            }),
            "image 4 is of class 3, expected 0 to 2"));
}
