// A recorder of a network's size sees every op of its sessions and the exits they judge, changes no answer, and says
// what the next exit costs.
#include <offramp/exits/recorded.hpp>

#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include <offramp/exits/deadline.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/timing/clocks/steady.hpp>

#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<4>,
                    stage<conv2d<8, 3, binary, stride{2}>, batch_norm, sign>, exit_head<4>,
                    stage<conv2d<8, 3, binary>, batch_norm, relu>, exit_head<4>>;
using device = lower<net>;
using here = path::portable;
using plan = planned<device, here>;
constexpr int steps = plan::steps;

// Counts what a test lets pass.
struct fake {
  static constexpr time_unit unit = time_unit::cycles;
  static inline std::uint16_t time = 0;
  static std::uint16_t now() { return time; }
};
using times_t = recorder_for<device, here, fake, 8>;
static_assert(times_t::steps == steps && times_t::exits == 3 && times_t::samples == 8);

void run_op(times_t& r, int step, int takes) {
  r.enter(step);
  fake::time = static_cast<std::uint16_t>(fake::time + takes);
  r.leave(step);
}

}  // namespace

TEST_CASE("recorded: all ops of the exits that ran, the exits that were judged, and the same answers") {
  const auto images = offramp_test::random_images({8, 8, 1}, 4, 20, 61);
  const host::quantized_model q = host::quantize<device>(offramp_test::random_model(net::view(), 60, false), images, 1);
  const auto words = host::pack_model<device, here>(q, {}, {images.image(0), images.image_size()});
  const auto weights = host::bind_or_throw<device, here>(words, "test");
  arena<device> memory, plain_memory;
  recorder_for<device, here, steady_clock, 7> times;
  recorded_session<device, here, steady_clock, 7> s{weights, memory, times};
  session<device> plain{weights, plain_memory};
  REQUIRE(times.start() == clock_status::ok);
  std::uint32_t left[3]{};
  for (int i = 0; i < images.count(); ++i) {
    using view_t = session<device>::input_view;
    const prediction p = s.classify(view_t::unchecked(images.image(i)), confidence{0.5f});
    const prediction expected = plain.classify(view_t::unchecked(images.image(i)), confidence{0.5f});
    CHECK(p.label == expected.label);
    CHECK(p.exit == expected.exit);
    ++left[p.exit];
  }
  REQUIRE(left[0] > 0);
  REQUIRE(left[0] < 20);
  std::uint32_t reached = 20;
  for (int k = 0; k < 3; ++k) {
    CHECK(times.judged(k) == reached);
    CHECK(times.taken(k) == left[k]);
    for (int i = plan::program.exit_first[k]; i < plan::program.exit_first[k + 1]; ++i) {
      CHECK(times.times(i).runs == reached);
      CHECK(times.times(i).kept == (reached < 7 ? reached : 7));
    }
    reached -= left[k];
  }
}

TEST_CASE("recorded: the cost of the next exit is that of the ops before it, and of how they vary") {
  times_t r;
  std::uint16_t next_cost[2]{7, 7};
  const auto run_all = [&](int more) {
    for (int i = 0; i < steps; ++i) run_op(r, i, 10 * (i + 1) + more);
  };
  CHECK_FALSE(recorded_next_cost<device, here>(r, next_cost));
  CHECK(next_cost[0] == 7);
  for (const int more : {0, 2, 2, 5, 1}) run_all(more);  // median 2, distances 2 0 0 3 1
  REQUIRE(recorded_next_cost<device, here>(r, next_cost, 0));
  int expected[2]{}, ops[2]{};
  for (int k = 0; k < 2; ++k)
    for (int i = plan::program.exit_first[k + 1]; i < plan::program.exit_first[k + 2]; ++i)
      expected[k] += 10 * (i + 1) + 2, ++ops[k];
  CHECK(next_cost[0] == expected[0]);
  CHECK(next_cost[1] == expected[1]);
  REQUIRE(recorded_next_cost<device, here>(r, next_cost));
  CHECK(next_cost[0] == expected[0] + 3 * ops[0]);
  CHECK(next_cost[1] == expected[1] + 3 * ops[1]);

  // What a deadline makes of it: at exit 0, just enough time for exit 1.
  fake::time = 100;
  const auto deadline = deadline_in<fake>(next_cost[0], next_cost);
  CHECK(deadline.allows(0));
  fake::time = 101;
  CHECK_FALSE(deadline.allows(0));
}

TEST_CASE("recorded: a cost too large for its type is the largest") {
  times_t r;
  for (int i = 0; i < steps; ++i) run_op(r, i, 40000);
  std::uint16_t next_cost[2]{};
  REQUIRE(recorded_next_cost<device, here>(r, next_cost));
  CHECK(next_cost[0] == std::numeric_limits<std::uint16_t>::max());
}
