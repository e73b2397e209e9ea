// Times in cycles of a core that ran nothing else. Nanoseconds say little where the clock changes and cores are shared
// with other programs, or other virtual machines: the control (timing/control_chain.hpp) is read before and behind
// whatever is timed. Readings taken in company are set aside; the others are divided by the clock.
#ifndef BENCHMARKS_PROFILE_CPU_WATCHED_CORE_HPP
#define BENCHMARKS_PROFILE_CPU_WATCHED_CORE_HPP

#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <offramp/timing/control_chain.hpp>

#include "benchmarks/profile_cpu/stopwatch.hpp"

namespace profile_cpu {

struct stopwatch_clock {
  static constexpr offramp::time_unit unit = offramp::time_unit::ticks;
  static std::uint64_t now() { return settled_ticks(); }
};

// What the core was like between two readings of the control.
struct core_state {
  double cycles_per_tick = 0;
  double ratio = 0;  // of the control's loops, the worse of the two; far off where the clock changed in between
};

class watched_core {
 public:
  // `alone`: what a profile of this CPU says; 0: nothing is known.
  explicit watched_core(double alone = 0) : watch_{alone} {
    hop();
    read();
  }

  // To be called right before what is timed, where the last call of `behind` is long ago.
  void before() { read(); }
  core_state behind() {
    const control was = last_;
    read();
    if (!offramp::has_control_chain) return {tick_ns(), 1};  // cycles of one gigahertz
    const double least = std::min(was.ticks, last_.ticks), most = std::max(was.ticks, last_.ticks);
    const bool steady = least > 0 && most < 1.02 * least;
    return {offramp::control_chain_additions / least, steady ? std::max(was.ratio, last_.ratio) : 100};
  }
  // Right now, in cycles per nanosecond.
  double gigahertz() { return behind().cycles_per_tick / tick_ns(); }
  [[nodiscard]] double alone() const { return offramp::has_control_chain ? watch_.alone() : 1; }
  [[nodiscard]] bool is_alone(const core_state& s) const { return offramp::core_watch::is_alone(s.ratio, alone()); }
  // Waits for the core to be alone, but not for long; where it is in company for long, goes to another of the cores
  // that this program may use. Returns whether it did: caches are cold there.
  bool wait(double patience_s) {
    const double start = now_s();
    for (;;) {
      before();
      if (is_alone(behind())) {
        in_company_ = 0;
        return false;
      }
      if (now_s() - start < patience_s) continue;
      if (++in_company_ < 7) return false;
      in_company_ = 0;
      return hop();
    }
  }

 private:
  struct control {
    double ticks = 0, ratio = 0;
  };
  void read() {
    if (!offramp::has_control_chain) return;
    const auto r = offramp::read_control<stopwatch_clock>();
    watch_.see(r);
    last_ = {r.dependent, r.ratio()};
  }
#if defined(__linux__)
  bool hop() {
    if (cores_.size() < 2) return false;
    at_ = (at_ + 1) % cores_.size();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cores_[at_], &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
  }
  static std::vector<int> cores_here() {
    cpu_set_t mine;
    std::vector<int> cores;
    if (sched_getaffinity(0, sizeof mine, &mine) == 0)
      for (int i = 0; i < CPU_SETSIZE; ++i)
        if (CPU_ISSET(i, &mine)) cores.push_back(i);
    return cores;
  }
  std::vector<int> cores_ = cores_here();
  std::size_t at_ = 0;
#else
  static bool hop() { return false; }
#endif
  int in_company_ = 0;  // waits in a row that came to nothing
  offramp::core_watch watch_;
  control last_;
};

// What was read of one subject, over many visits to it.
class watched_readings {
 public:
  struct value {
    double cycles = 0;
    double difference = 0;    // relative, of two disjoint halves of the visits
    double gigahertz = 0;     // meanwhile
    std::size_t counted = 0;  // readings
    bool alone = false;       // were they taken with the core alone? Else they are the least disturbed ones.
  };

  void add(int visit, double ticks, const core_state& core, bool good) {
    all_.push_back({visit, static_cast<float>(ticks * core.cycles_per_tick), static_cast<float>(core.ratio),
                    static_cast<float>(core.cycles_per_tick / tick_ns())});
    good_ += good ? 1 : 0;
  }
  // Readings with the core alone, as it seemed then.
  [[nodiscard]] int good() const { return good_; }
  [[nodiscard]] std::size_t size() const { return all_.size(); }

  // `alone`: of the watched core, when everything was read. Lower quartiles: whatever else a machine does slows.
  [[nodiscard]] value of(double alone) const {
    std::vector<reading> counted;
    for (const reading& r : all_)
      if (offramp::core_watch::is_alone(static_cast<double>(r.ratio), alone)) counted.push_back(r);
    value v;
    v.alone = counted.size() >= 4;
    if (!v.alone) {
      counted = all_;
      std::sort(counted.begin(), counted.end(), [](const reading& a, const reading& b) { return a.ratio < b.ratio; });
      counted.resize(std::min(counted.size(), std::max<std::size_t>(4, counted.size() / 3)));
    }
    v.counted = counted.size();
    std::vector<double> cycles, halves[2], clock;
    int last = -1, half = 1;
    std::sort(counted.begin(), counted.end(), [](const reading& a, const reading& b) { return a.visit < b.visit; });
    for (const reading& r : counted) {
      if (r.visit != last) half = 1 - half;
      last = r.visit;
      cycles.push_back(static_cast<double>(r.cycles));
      halves[half].push_back(static_cast<double>(r.cycles));
      clock.push_back(static_cast<double>(r.gigahertz));
    }
    v.gigahertz = quantile(clock, 0.5);
    const double step = resolution_ns() * v.gigahertz;  // in cycles
    v.cycles = quantile_between_steps(cycles, 0.25, step);
    const double a = quantile_between_steps(halves[0], 0.25, step), b = quantile_between_steps(halves[1], 0.25, step);
    v.difference = a > 0 && b > 0 ? std::fabs(a - b) / ((a + b) / 2) : 0;
    return v;
  }
  // Cycles of each reading with the core alone.
  [[nodiscard]] std::vector<double> single(double alone) const {
    std::vector<double> cycles;
    for (const reading& r : all_)
      if (offramp::core_watch::is_alone(static_cast<double>(r.ratio), alone))
        cycles.push_back(static_cast<double>(r.cycles));
    return cycles;
  }

 private:
  struct reading {
    int visit = 0;
    float cycles = 0, ratio = 0, gigahertz = 0;
  };
  std::vector<reading> all_;
  int good_ = 0;
};

}  // namespace profile_cpu

#endif
