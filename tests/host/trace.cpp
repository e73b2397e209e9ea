// A trace holds what ran, ops in exits in samples, at the clock's times; it is JSON that reads back, and stays within
// its bounds.
#include <offramp/host/trace.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <offramp/exits/session.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/timing/clocks/user_counter.hpp>
#include <offramp/timing/recorder.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;
using nlohmann::json;
using offramp_test::folder;
using offramp_test::message_of;

namespace {

using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<4>,
                    stage<conv2d<8, 3, binary, stride{2}>, batch_norm, sign>, exit_head<4>>;
using device = lower<net>;
using here = path::portable;
using plan = planned<device, here>;

// Counts what a test lets pass, and one while it is asked whether it advances.
template <int Bits>
struct fake {
  static constexpr time_unit unit = time_unit::cycles;
  static constexpr int bits = Bits;
  static inline std::uint64_t time = 0;
  static std::uint32_t now() { return static_cast<std::uint32_t>(time & ((std::uint64_t{1} << Bits) - 1)); }
  static bool start() { return true; }
};

// One exit's ops of 10, 20, ... counts, 5 between them, then the judgement 3 later.
template <class Clock>
void run_exit(host::trace<Clock>& t, int k, bool taken) {
  for (int i = plan::program.exit_first[k]; i < plan::program.exit_first[k + 1]; ++i) {
    t.enter(i);
    Clock::time += static_cast<std::uint64_t>(10 * (i + 1));
    t.leave(i);
    Clock::time += 5;
  }
  Clock::time += 3;
  t.exit_judged(k, taken);
}

// Events as read back from the text.
std::vector<json> slices(const json& t, const std::string& category) {
  std::vector<json> found;
  for (const json& e : t.at("traceEvents"))
    if (e.at("ph") == "X" && (e.at("cat") == category || category.empty())) found.push_back(e);
  return found;
}
double end_of(const json& e) { return e.at("ts").get<double>() + e.at("dur").get<double>(); }
bool within(const json& inner, const json& outer) {
  return inner.at("ts").get<double>() >= outer.at("ts").get<double>() && end_of(inner) <= end_of(outer) + 1e-9;
}

}  // namespace

TEST_CASE_TEMPLATE("trace: times are those of the clock, whatever its width", Clock, fake<32>, fake<24>, fake<8>) {
  Clock::time = 200;
  auto t = host::trace<Clock>::template of<device, here>(4);
  const std::uint64_t began = Clock::time;
  run_exit(t, 0, false);
  run_exit(t, 1, true);
  Clock::time += 100;
  const std::uint64_t second = Clock::time;
  run_exit(t, 0, true);
  CHECK(t.samples() == 2);
  CHECK(t.dropped() == 0);
  const json read = json::parse(t.json(1.0).dump());  // one count a microsecond
  CHECK(read.at("displayTimeUnit") == "ns");
  CHECK(read.at("otherData").at("clock") == "cycles");

  const auto samples = slices(read, "sample"), exits = slices(read, "exit");
  REQUIRE(samples.size() == 2);
  REQUIRE(exits.size() == 3);
  CHECK(samples[0].at("ts") == 0);
  CHECK(samples[1].at("ts") == second - began);
  CHECK(samples[0].at("args").at("left at") == "exit 2");
  CHECK(samples[1].at("args").at("left at") == "exit 1");
  CHECK(exits[0].at("name") == "exit 1");
  CHECK(exits[0].at("args").at("judged") == "went on");
  CHECK(exits[1].at("args").at("judged") == "left");

  std::size_t at = 0, op_events = 0;
  for (const auto& e : slices(read, ""))
    if (e.at("cat") == "op" || e.at("cat") == "head") ++op_events;
  CHECK(op_events == static_cast<std::size_t>(plan::steps + plan::program.exit_first[1]));
  double time = 0;
  std::vector<json> ops;
  for (const auto& e : slices(read, ""))
    if (e.at("cat") == "op" || e.at("cat") == "head") ops.push_back(e);
  for (int k = 0; k < 2; ++k) {
    for (int i = plan::program.exit_first[k]; i < plan::program.exit_first[k + 1]; ++i, ++at) {
      const step_desc& s = plan::program.steps[i];
      CHECK(ops[at].at("name") == host::op_name(s));
      CHECK(ops[at].at("cat") == (s.head ? "head" : "op"));
      CHECK(ops[at].at("ts") == time);
      CHECK(ops[at].at("dur") == 10 * (i + 1));
      CHECK(ops[at].at("args").at("step") == i);
      CHECK(ops[at].at("args").at("OPs") == s.cost.ops());
      CHECK(within(ops[at], exits[static_cast<std::size_t>(k)]));
      time += 10 * (i + 1) + 5;
    }
    time += 3;
    CHECK(end_of(exits[static_cast<std::size_t>(k)]) == time);
    CHECK(within(exits[static_cast<std::size_t>(k)], samples[0]));
  }
}

TEST_CASE("trace: outer slices stand before inner ones") {
  fake<32>::time = 0;
  auto t = host::trace<fake<32>>::of<device, here>(1);
  run_exit(t, 0, true);
  const json read = json::parse(t.json().dump());
  const auto all = slices(read, "");
  CHECK(all.at(0).at("cat") == "sample");
  CHECK(all.at(1).at("cat") == "exit");
  CHECK(all.at(2).at("cat") == "op");
  // Not told how long a count is, it shows nanoseconds and says so.
  CHECK(all.at(2).at("dur") == 0.01);
  CHECK(read.at("otherData").at("clock") == "cycles, shown as nanoseconds");
}

TEST_CASE("trace: as many samples as there is room for, whole ones, and a count of the others") {
  auto t = host::trace<fake<32>>::of<device, here>(3);
  for (int i = 0; i < 10; ++i) {
    run_exit(t, 0, false);
    run_exit(t, 1, true);
  }
  CHECK(t.samples() == 3);
  CHECK(t.dropped() == 7);
  const json read = json::parse(t.json().dump());
  CHECK(slices(read, "sample").size() == 3);
  CHECK(slices(read, "exit").size() == 6);
  CHECK(read.at("otherData").at("samples dropped") == 7);
  // Calls that no session makes stay within bounds, too.
  t.clear();
  CHECK(t.samples() == 0);
  CHECK(slices(json::parse(t.json().dump()), "").empty());
  t.enter(0);
  for (int i = 0; i < 1000; ++i) t.leave(1), t.exit_judged(0, false);
  CHECK(slices(json::parse(t.json().dump()), "op").size() + slices(json::parse(t.json().dump()), "head").size() ==
        static_cast<std::size_t>(3 * plan::steps));
}

TEST_CASE("trace: a sample that nobody judged, run step by step") {
  auto t = host::trace<fake<32>>::of<device, here>(1);
  t.enter(0);
  fake<32>::time += 7;
  t.leave(0);
  const json read = json::parse(t.json(1).dump());
  CHECK(slices(read, "sample").at(0).at("dur") == 7);
  CHECK_FALSE(slices(read, "sample").at(0).at("args").contains("left at"));
  CHECK_FALSE(slices(read, "exit").at(0).at("args").contains("judged"));
}

TEST_CASE("trace: of a session, beside a recorder, into a file") {
  const auto images = offramp_test::random_images({8, 8, 1}, 4, 6, 81);
  const auto words = host::pack_model<device, here>(
      host::quantize<device>(offramp_test::random_model(net::view(), 80, false), images, 1), {},
      {images.image(0), images.image_size()});
  const auto weights = host::bind_or_throw<device, here>(words, "test");
  arena<device> memory;
  auto seen = host::trace<>::of<device, here>(100);
  recorder<steady_clock, plan::steps, device::exits, 8> times;
  REQUIRE(times.start() == clock_status::ok);
  observe_both both{seen, times};
  session<device, here, max_softmax, no_reuse, decltype(both)> s{weights, memory, both};
  for (int i = 0; i < images.count(); ++i)
    s.classify(decltype(s)::input_view::unchecked(images.image(i)), confidence{0.6f});
  CHECK(times.times(0).runs == 6);
  CHECK(seen.samples() == 6);
  const folder f;
  seen.save(f.path / "trace.json");
  std::ifstream in{f.path / "trace.json"};
  const json read = json::parse(in);
  CHECK(read.at("otherData").at("clock") == "nanoseconds");
  const auto samples = slices(read, "sample");
  REQUIRE(samples.size() == 6);
  std::uint32_t left_first = 0;
  double last = 0;
  for (const auto& e : samples) {
    left_first += e.at("args").at("left at") == "exit 1";
    CHECK(e.at("ts").get<double>() >= last);
    last = end_of(e);
  }
  CHECK(left_first == times.taken(0));
  CHECK(slices(read, "exit").size() == times.judged(0) + times.judged(1));
}

TEST_CASE("trace: what cannot be traced is told") {
  using standing_clock = user_counter<[] { return 3u; }>;
  CHECK(message_of([] { host::trace<standing_clock>::of<device, here>(1); }) ==
        "trace: the clock does not advance: it is off, missing on this machine or used by something else");
  const auto t = host::trace<fake<32>>::of<device, here>(1);
  CHECK(message_of([&] { static_cast<void>(t.json(-1)); }) ==
        "trace: found counts_per_us = -1.000000, expected a positive number");
  CHECK(message_of([&] { t.save("/no/such/folder/t.json"); }).find("/no/such/folder/t.json: ") == 0);
}
