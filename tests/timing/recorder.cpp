// The recorder on clocks that obey: known times, the clock's own cost taken off, wraps of 24 and 32 bits, a ring of
// samples, counts of exits, and a clock that does not count.
#include <offramp/timing/recorder.hpp>

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include <offramp/timing/clocks/steady.hpp>
#include <offramp/timing/observer.hpp>

using namespace offramp;

namespace {

// Counts what a test lets pass, and `cost` with every reading.
template <class T, int Bits>
struct fake {
  static constexpr time_unit unit = time_unit::cycles;
  static constexpr int bits = Bits;
  static inline std::uint64_t time = 0, cost = 0;
  static T now() {
    time += cost;
    return static_cast<T>(time & ((std::uint64_t{1} << (Bits - 1) << 1) - 1));
  }
};

struct stands {
  static constexpr time_unit unit = time_unit::ticks;
  static std::uint32_t now() { return 42; }
};
struct missing {
  static constexpr time_unit unit = time_unit::ticks;
  static inline std::uint32_t reads = 0;
  static std::uint32_t now() { return ++reads; }
  static bool start() { return false; }
};

// Six counts a reading, and now and then something gets in between.
struct disturbed {
  static constexpr time_unit unit = time_unit::cycles;
  static std::uint32_t now() {
    static std::uint32_t time = 0;
    static int reads = 0;
    return time += ++reads % 10 == 0 ? 5000u : 6u;
  }
};

template <class Recorder>
void run_op(Recorder& r, int step, std::uint64_t takes) {
  r.enter(step);
  Recorder::clock::time += takes;
  r.leave(step);
}

static_assert(session_observer<recorder<steady_clock, 3, 2, 9>>);
static_assert(sizeof(recorder<fake<std::uint32_t, 32>, 10, 2, 16>) <= 10 * (16 + 1) * 4 + 2 * 8 + 3 * 4);
constinit recorder<steady_clock, 3, 2, 9> global{};  // no code at start-up

}  // namespace

TEST_CASE_TEMPLATE("recorder: what ops take, whatever reading the clock costs, across wraps", Clock,
                   fake<std::uint32_t, 24>, fake<std::uint32_t, 32>, fake<std::uint16_t, 16>, fake<std::uint64_t, 64>) {
  constexpr std::uint64_t wrap = std::uint64_t{1} << (Clock::bits - 1) << 1;  // 0 for 64 bits
  for (const std::uint64_t cost : {std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{40}}) {
    recorder<Clock, 3, 1, 5> r;
    Clock::time = 1000, Clock::cost = cost;
    REQUIRE(r.start() == clock_status::ok);
    CHECK(r.overhead() == cost);
    for (int i = 0; i < 5; ++i) {
      Clock::time = wrap - 60 - static_cast<std::uint64_t>(i);  // an op begins before the wrap and ends behind it
      run_op(r, 0, 10);
      run_op(r, 1, 100 + 3 * static_cast<std::uint64_t>(i % 3));  // 100 103 106 100 103
      run_op(r, 2, 0);
    }
    CHECK(r.times(0).runs == 5);
    CHECK(r.times(0).median == 10);
    CHECK(r.times(0).minimum == 10);
    CHECK(r.times(0).deviation == 0);
    CHECK(r.times(1).median == 103);
    CHECK(r.times(1).minimum == 100);
    CHECK(r.times(1).deviation == 3);
    CHECK(r.times(2).median == 0);
  }
}

TEST_CASE("recorder: one op of all but one wrap is told right, one of a whole wrap is not") {
  using clock = fake<std::uint32_t, 24>;
  clock::time = 0, clock::cost = 0;
  recorder<clock, 1, 1, 1> r;
  run_op(r, 0, (1u << 24) - 1);
  CHECK(r.times(0).median == (1u << 24) - 1);
  run_op(r, 0, 1u << 24);
  CHECK(r.times(0).median == 0);
}

TEST_CASE("recorder: a disturbed reading while starting does not count") {
  recorder<disturbed, 1, 1, 3> r;
  CHECK(r.start() == clock_status::ok);
  CHECK(r.overhead() == 6);
}

TEST_CASE("recorder: less than the clock's own cost is zero, not a wrap") {
  using clock = fake<std::uint32_t, 32>;
  clock::cost = 50, clock::time = 0;
  recorder<clock, 1, 1, 3> r;
  REQUIRE(r.start() == clock_status::ok);
  clock::cost = 20;
  run_op(r, 0, 5);
  CHECK(r.times(0).median == 0);
  CHECK(r.times(0).minimum == 0);
}

TEST_CASE("recorder: keeps the latest") {
  using clock = fake<std::uint32_t, 32>;
  clock::cost = 0, clock::time = 0;
  recorder<clock, 2, 1, 4> r;
  CHECK(r.times(0).runs == 0);
  CHECK(r.times(0).kept == 0);
  CHECK(r.times(0).median == 0);
  CHECK(r.times(0).minimum == 0);
  for (const unsigned t : {9u, 9u, 9u}) run_op(r, 0, t);
  CHECK(r.times(0).kept == 3);
  for (const unsigned t : {1u, 2u, 3u, 4u}) run_op(r, 0, t);
  CHECK(r.times(0).runs == 7);
  CHECK(r.times(0).kept == 4);
  CHECK(r.times(0).median == 2);  // of 1 2 3 4, rounded down
  CHECK(r.times(0).minimum == 1);
  run_op(r, 0, 50);  // in the place of 1
  CHECK(r.times(0).median == 3);
  CHECK(r.times(0).minimum == 2);
  CHECK(r.times(1).runs == 0);
  r.clear();
  CHECK(r.times(0).runs == 0);
  run_op(r, 0, 8);
  CHECK(r.times(0).median == 8);
}

TEST_CASE("recorder: exits judged and taken") {
  recorder<fake<std::uint32_t, 32>, 1, 3, 1> r;
  for (int i = 0; i < 10; ++i) {
    r.exit_judged(0, i < 6);
    if (i >= 6) r.exit_judged(1, i < 7);
    if (i >= 7) r.exit_judged(2, true);
  }
  CHECK(r.judged(0) == 10);
  CHECK(r.taken(0) == 6);
  CHECK(r.judged(1) == 4);
  CHECK(r.taken(1) == 1);
  CHECK(r.judged(2) == 3);
  CHECK(r.taken(2) == 3);
  r.clear();
  CHECK(r.judged(0) == 0);
  CHECK(r.taken(0) == 0);
}

TEST_CASE("recorder: a clock that does not count is reported, and so is one that nobody started") {
  recorder<stands, 1, 1, 3> r;
  CHECK(r.status() == clock_status::not_started);
  CHECK(r.start() == clock_status::not_advancing);
  CHECK(r.status() == clock_status::not_advancing);
  r.enter(0);
  r.leave(0);
  CHECK(r.times(0).runs == 1);
  CHECK(r.times(0).median == 0);
  recorder<missing, 1, 1, 3> m;
  CHECK(m.start() == clock_status::not_advancing);
  CHECK(m.overhead() == 0);
  CHECK(std::string{to_string(clock_status::ok)} == "ok");
  CHECK(std::string{to_string(clock_status::not_started)} == "not started: call start()");
  CHECK(std::string{to_string(clock_status::not_advancing)}.rfind("not advancing: ", 0) == 0);
  CHECK(std::string{to_string(static_cast<clock_status>(7))} == "unknown");
}

TEST_CASE("recorder: on the host's clock") {
  CHECK(global.status() == clock_status::not_started);
  REQUIRE(global.start() == clock_status::ok);
  for (int i = 0; i < 9; ++i) {
    global.enter(1);
    const auto from = steady_clock::now();
    while (elapsed(from, steady_clock::now()) < 20'000) {}
    global.leave(1);
  }
  CHECK(global.times(1).minimum >= 19'000);  // 20 us, less what two readings cost
  CHECK(global.times(1).median >= global.times(1).minimum);
}
