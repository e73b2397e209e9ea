// An observer that keeps the latest times of every op, and how often each exit was judged and taken, in fixed memory
// that its type states: for boards as well as hosts. The clock's own cost is measured and taken off. Knows no network,
// only how many steps and exits it has; exits/recorded.hpp asks a network for them.
#ifndef OFFRAMP_TIMING_RECORDER_HPP
#define OFFRAMP_TIMING_RECORDER_HPP

#include <cstddef>
#include <cstdint>
#include <limits>

#include <offramp/core/config.hpp>
#include <offramp/timing/clock.hpp>
#include <offramp/timing/robust.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Whether the figures of a recorder mean anything.
enum class clock_status : std::uint8_t {
  ok = 0,
  not_started,   // `start` was not called
  not_advancing  // the clock does not count: switched off, missing on this chip, in use for something else
};

constexpr const char* to_string(clock_status s) {
  constexpr const char* names[] = {"ok", "not started: call start()",
                                   "not advancing: off, missing on this chip or used by something else"};
  return static_cast<int>(s) < 3 ? names[static_cast<int>(s)] : "unknown";
}

// Times of one op, in counts of the clock's unit, the clock's own cost taken off. Median, deviation and minimum: of the
// runs kept.
template <class Count>
struct op_times {
  std::uint32_t runs = 0;  // since `start`
  std::uint32_t kept = 0;
  Count median = 0;
  Count deviation = 0;  // median absolute deviation
  Count minimum = 0;
};

// `Steps` ops and `Exits` heads; of each op the last `Samples` runs are kept. An op must take less than one wrap of the
// clock. Costs two readings of the clock and three stores per op.
template <clock_source Clock, int Steps, int Exits, int Samples>
class recorder {
  static_assert(Steps >= 1 && Exits >= 1 && Samples >= 1,
                "offramp: a recorder has one step, one exit, one sample or more");

 public:
  using clock = Clock;
  using count = count_of<Clock>;
  static constexpr int steps = Steps, exits = Exits, samples = Samples;

  // Forgets everything, switches the clock on where that is needed, and measures what reading it costs. A clock that
  // does not count is reported; all times are then 0.
  constexpr clock_status start() {
    clear();
    overhead_ = 0;
    started_ = true;
    advancing_ = start_clock<Clock>();
    if (!advancing_) return status();
    constexpr int empty_runs = 33;
    count empty[empty_runs];
    for (count& e : empty) {
      start_ = Clock::now();
      e = elapsed<Clock>(start_, Clock::now());
    }
    overhead_ = offramp::median(empty, empty_runs);
    return status();
  }

  // Forgets the times and counts, not the clock's cost.
  constexpr void clear() {
    for (ring& r : ops_) r.runs = 0;
    for (exit_counts& e : exits_) e = {};
  }

  constexpr void enter(int) { start_ = Clock::now(); }
  constexpr void leave(int step) {
    const count t = elapsed<Clock>(start_, Clock::now());
    OFFRAMP_ASSERT(0 <= step && step < Steps);
    ring& r = ops_[step];
    r.times[r.runs++ % size] = t;
  }
  constexpr void exit_judged(int exit, bool taken) {
    OFFRAMP_ASSERT(0 <= exit && exit < Exits);
    ++exits_[exit].judged;
    if (taken) ++exits_[exit].taken;
  }

  [[nodiscard]] constexpr clock_status status() const {
    return !started_ ? clock_status::not_started : advancing_ ? clock_status::ok : clock_status::not_advancing;
  }
  // What one pair of readings costs, in counts: the median of some.
  [[nodiscard]] constexpr count overhead() const { return overhead_; }

  // Takes 1 x Samples counts of stack, and time in proportion to them.
  [[nodiscard]] constexpr op_times<count> times(int step) const {
    OFFRAMP_ASSERT(0 <= step && step < Steps);
    op_times<count> t;
    t.runs = ops_[step].runs;
    t.kept = t.runs < size ? t.runs : size;
    if (t.kept == 0) return t;
    count sorted[size];  // not cleared: that would be a call of memset
    t.minimum = std::numeric_limits<count>::max();
    for (std::uint32_t i = 0; i < t.kept; ++i) {
      const count raw = ops_[step].times[i];
      sorted[i] = raw > overhead_ ? static_cast<count>(raw - overhead_) : count{0};
      if (sorted[i] < t.minimum) t.minimum = sorted[i];
    }
    t.median = offramp::median(sorted, t.kept);
    t.deviation = median_absolute_deviation(sorted, t.kept, t.median);
    return t;
  }

  // Samples whose head `exit` was judged since `start` or `clear`, and those that left there. Counted by `classify`;
  // loops of one's own over step() may call `exit_judged` themselves.
  [[nodiscard]] constexpr std::uint32_t judged(int exit) const { return exits_[exit].judged; }
  [[nodiscard]] constexpr std::uint32_t taken(int exit) const { return exits_[exit].taken; }

 private:
  static constexpr std::uint32_t size = Samples;
  struct ring {
    std::uint32_t runs = 0;
    count times[size]{};
  };
  struct exit_counts {
    std::uint32_t judged = 0;
    std::uint32_t taken = 0;
  };

  count start_{};
  count overhead_{};
  bool started_ = false, advancing_ = false;  // all zero before `start`: a global recorder takes no flash
  exit_counts exits_[Exits]{};
  ring ops_[Steps]{};
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
