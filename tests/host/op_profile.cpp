// A profile has a row for every op, in order and with what it costs; times are those of the clock; table and picture
// hold them.
#include <offramp/host/op_profile.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/export.hpp>
#include <offramp/host/plot.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/timing/clocks/user_counter.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;
using offramp_test::message_of;

namespace {

using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<4>,
                    stage<conv2d<8, 3, binary, stride{2}>, batch_norm, sign>, exit_head<4>>;
using device = lower<net>;
using here = path::portable;
using plan = planned<device, here>;

const host::labelled_images& images() {
  static const host::labelled_images set = offramp_test::random_images({8, 8, 1}, 4, 5, 71);
  return set;
}
bound_weights<device, here> weights() {
  static const std::vector<std::uint32_t> words = host::pack_model<device, here>(
      host::quantize<device>(offramp_test::random_model(net::view(), 70, false), images(), 1), {},
      {images().image(0), images().image_size()});
  return host::bind_or_throw<device, here>(words, "test");
}

// Ten counts between any two readings: every op takes what reading the clock costs.
std::uint32_t readings = 0;
std::uint32_t ten_each() { return 10 * ++readings; }
using even_clock = user_counter<&ten_each, time_unit::cycles>;
using standing_clock = user_counter<[] { return 3u; }>;

host::op_profile by_hand() {
  host::op_profile p;
  p.unit = time_unit::cycles;
  p.rows = {{"conv 3x3", 0, false, {4, 4, 8}, 1000, 250, 5, 240}, {"conv", 1, true, {1, 1, 4}, 3000, 750, 10, 740}};
  return p;
}

}  // namespace

TEST_CASE("op_profile: every op of the plan, with names and costs of the cost table") {
  const host::op_profile p = host::profile_ops(weights(), images().pixels, 5);
  CHECK(p.path == here::name);
  CHECK(p.unit == time_unit::nanoseconds);
  CHECK(p.runs == 5);
  REQUIRE(p.rows.size() == static_cast<std::size_t>(plan::steps));
  double sum = 0;
  for (std::size_t i = 0; i < p.rows.size(); ++i) {
    const step_desc& s = plan::program.steps[i];
    CHECK(p.rows[i].name == host::op_name(s));
    CHECK(p.rows[i].exit == s.exit);
    CHECK(p.rows[i].head == s.head);
    CHECK(p.rows[i].ops == s.cost.ops());
    CHECK(p.rows[i].minimum <= p.rows[i].median);
    sum += p.rows[i].median;
  }
  CHECK(p.total() == sum);
  CHECK(p.total() > 0);
  CHECK(p.total_ops() == plan::cost_to_exit(device::exits - 1).ops());
}

TEST_CASE("op_profile: what the clock costs is no time of the ops") {
  const host::op_profile p = host::profile_ops<even_clock>(weights(), images().pixels, 3);
  CHECK(p.unit == time_unit::cycles);
  CHECK(p.total() == 0);
  CHECK(host::op_table(p).text().find("nan") == std::string::npos);
}

TEST_CASE("op_profile: table") {
  const host::table t = host::op_table(by_hand());
  CHECK(t.headers() ==
        std::vector<std::string>{"op", "exit", "output", "median cycles", "MAD", "share", "OPs", "OPs/cycle"});
  REQUIRE(t.rows().size() == 3);
  CHECK(t.rows()[0] == std::vector<std::string>{"conv 3x3", "1", "4x4x8", "250", "5", "25.0 %", "1,000", "4.00"});
  CHECK(t.rows()[1] == std::vector<std::string>{"conv", "2 head", "1x1x4", "750", "10", "75.0 %", "3,000", "4.00"});
  CHECK(t.rows()[2] == std::vector<std::string>{"all ops", "", "", "1,000", "", "100.0 %", "4,000", "4.00"});
  host::op_profile none = by_hand();
  for (auto& r : none.rows) r.median = 0;
  CHECK(host::op_table(none).rows()[0][5] == "-");
  CHECK(host::op_table(none).rows()[2][7] == "-");
}

TEST_CASE("op_profile: picture") {
  host::op_profile p = by_hand();
  const host::bar_plot plot = host::op_plot(p, "Ops of a network");
  CHECK(plot.value.label == "median time (cycles)");
  CHECK(plot.categories == std::vector<std::string>{"1 conv 3x3", "2 conv, head 2"});
  CHECK(plot.series.at(0).values == std::vector<double>{250, 750});
  CHECK(plot.series.at(0).labels == std::vector<std::string>{"25.0 %", "75.0 %"});
  const std::string svg = host::render(plot);
  CHECK(svg.find("2 conv, head 2") != std::string::npos);
  CHECK(svg.find("75.0 %") != std::string::npos);
  p.unit = time_unit::nanoseconds;
  for (auto& r : p.rows) r.median *= 1000;
  CHECK(host::op_plot(p, "").value.label == "median time (us)");
  CHECK(host::op_plot(p, "").series.at(0).values == std::vector<double>{250, 750});
}

TEST_CASE("op_profile: what cannot be profiled is told") {
  const std::vector<std::uint8_t> half(100);
  CHECK(message_of([&] { host::profile_ops(weights(), half); }) ==
        "profile_ops: found inputs of 100 elements together, expected a multiple of 64");
  CHECK(message_of([&] { host::profile_ops(weights(), {}); }) ==
        "profile_ops: found inputs of 0 elements together, expected a multiple of 64");
  CHECK(message_of([&] { host::profile_ops(weights(), images().pixels, 0); }) ==
        "profile_ops: found runs = 0, expected 1 or more");
  CHECK(message_of([&] { host::profile_ops<standing_clock>(weights(), images().pixels); }) ==
        "profile_ops: the clock is not advancing: off, missing on this chip or used by something else");
}
