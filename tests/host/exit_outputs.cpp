// Stored outputs of all exits are what sessions say, and points of operation follow from them.
#include <offramp/host/exit_outputs.hpp>

#include <limits>

#include <doctest/doctest.h>

#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>

#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

using net = network<image<4, 4, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<3>,
                    stage<conv2d<8, 3, binary>, batch_norm, relu>, exit_head<3>, stage<conv2d<8, 3>>, exit_head<3>>;
using device = lower<net>;

}  // namespace

TEST_CASE("exit_outputs: what sessions say, for any number of threads") {
  const auto images = offramp_test::random_images({4, 4, 1}, 3, 70, 120);  // more than one piece of 64
  const auto q = host::quantize<device>(offramp_test::random_model(net::view(), 121, false), images.slice(0, 16), 1);
  const auto words = host::pack_model<device, path::portable>(q, {}, {images.image(0), 16});
  host::deployed<device> on{words};
  const auto bound = host::bind_or_throw<device>(words, "test");
  host::thread_pool pool{2};
  host::thread_pool alone{1};
  const auto o = host::run_all_exits(bound, images, pool);
  CHECK(o.score_q16 == host::run_all_exits(bound, images, alone).score_q16);
  REQUIRE(o.exits() == 3);
  REQUIRE(o.count() == 70);
  for (std::size_t i = 0; i < 70; ++i) {
    CHECK(o.truth[i] == images.labels[i]);
    on->begin(session<device>::input_view::unchecked(images.image(static_cast<int>(i))));
    for (std::size_t k = 0; k < 3; ++k) {
      on->step();
      CHECK(o.score_q16[k][i] == on->score());
      CHECK(o.label[k][i] == on->best().label);
    }
  }
  for (std::size_t k = 0; k < 3; ++k) CHECK(o.ops[k] == session<device>::ops_to_exit(static_cast<int>(k)));
  CHECK(o.full_ops == planned<device, path::portable>::cost_without_exits().ops());
  CHECK(o.full_ops < o.ops[2]);

  // A point of operation is the stream classified with these thresholds.
  const std::vector<std::int32_t> thresholds{40000, 45000, 0};
  const auto p = host::evaluate_thresholds(o, thresholds);
  std::vector<int> left(3);
  double ops = 0;
  int right = 0;
  for (int i = 0; i < 70; ++i) {
    const prediction a = host::classify(*on, {images.image(i), 16}, exit_thresholds<3>{{40000, 45000, 0}});
    ++left[static_cast<std::size_t>(a.exit)];
    ops += static_cast<double>(a.spent);
    right += a.label == images.labels[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  CHECK(p.left == left);
  CHECK(p.mean_ops == doctest::Approx(ops / 70));
  CHECK(p.accuracy == doctest::Approx(right / 70.0));
}

TEST_CASE("exit_outputs: points of operation by hand") {
  host::exit_outputs o;
  o.truth = {0, 1, 2, 3};
  o.label = {{0, 0, 2, 0}, {0, 1, 0, 0}};
  o.score_q16 = {{10, 20, 30, 40}, {0, 0, 0, 0}};
  o.ops = {100, 300};
  const auto at = [&](std::int32_t t) { return host::evaluate_thresholds(o, {t, 12345}); };
  CHECK(at(25).left == std::vector<int>{2, 2});
  CHECK(at(25).correct == std::vector<int>{1, 2});
  CHECK(at(25).accuracy == 0.75);
  CHECK(at(25).mean_ops == 200);
  CHECK(at(30).left == std::vector<int>{2, 2});  // at the threshold is certain enough
  CHECK(at(31).left == std::vector<int>{1, 3});
  CHECK(at(0).left == std::vector<int>{4, 0});
  CHECK(at(std::numeric_limits<std::int32_t>::max()).left == std::vector<int>{0, 4});
  CHECK(host::exit_accuracy(o, 0) == 0.5);
  CHECK(host::exit_accuracy(o, 1) == 0.5);
}
