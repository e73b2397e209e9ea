// Time of one run of an op among others, as in a network: the counter is read right before and behind, and what the two
// readings take themselves is taken off.
#ifndef BENCHMARKS_PROFILE_CPU_STOPWATCH_HPP
#define BENCHMARKS_PROFILE_CPU_STOPWATCH_HPP

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <vector>

#include <offramp/timing/clocks/tsc.hpp>

namespace profile_cpu {

inline double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

#if defined(__x86_64__)
inline constexpr const char* counter_name = "TSC";
inline std::uint64_t ticks() { return __builtin_ia32_rdtsc(); }
#elif defined(__aarch64__)
inline constexpr const char* counter_name = "CNTVCT";
inline std::uint64_t ticks() {
  std::uint64_t v;
  asm volatile("mrs %0, cntvct_el0" : "=r"(v));
  return v;
}
#else
inline constexpr const char* counter_name = "steady clock";
inline std::uint64_t ticks() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}
#endif

// The same once everything before has ended, and nothing behind has begun: or else the copy of an op's input, much of
// it still under way, would be counted as the op's.
inline std::uint64_t settled_ticks() {
#if defined(__x86_64__)
  return offramp::tsc_clock::now();
#elif defined(__aarch64__)
  asm volatile("dsb ish\n\tisb" ::: "memory");
  return ticks();
#else
  return ticks();
#endif
}

// Nanoseconds of one tick, compared with the steady clock over a fiftieth of a second.
inline double tick_ns() {
  static const double value = [] {
    std::vector<double> found;
    for (int i = 0; i < 7; ++i) {
      const double start = now_s();
      const std::uint64_t from = ticks();
      double end = start;
      while (end - start < 0.02) end = now_s();
      found.push_back((end - start) * 1e9 / static_cast<double>(ticks() - from));
    }
    std::sort(found.begin(), found.end());
    return found[found.size() / 2];
  }();
  return value;
}

namespace detail {
inline void turns(std::uint32_t n) {
  for (; n > 0; --n) asm volatile("" : "+r"(n)::"memory");
}
}  // namespace detail

// What the counter steps by, in nanoseconds: the least distance between two differences of readings, around work of all
// lengths, that are each seen often.
inline double resolution_ns() {
  static const double value = [] {
    constexpr int tried = 20000, longest = 4096;
    std::vector<int> seen(longest);
    for (int i = 0; i < tried; ++i) {
      const std::uint64_t from = ticks();
      detail::turns(static_cast<std::uint32_t>(i % 128));
      ++seen[static_cast<std::size_t>(std::min<std::uint64_t>(ticks() - from, longest - 1))];
    }
    int step = longest, before = -longest;
    for (int d = 0; d + 1 < longest; ++d) {
      if (seen[static_cast<std::size_t>(d)] < tried / 200) continue;
      step = std::min(step, d - before);
      before = d;
    }
    return (step < longest ? step : 1) * tick_ns();
  }();
  return value;
}

// Waits for less than a step of the counter, by chance. Some counters step in tens of cycles, and reading them waits
// for the step (Zen): the same op would always be rounded the same way.
inline void leave_step() {
  static const std::uint32_t most = [] {
    constexpr std::uint32_t many = 100000;
    const double start = now_s();
    detail::turns(many);
    const double turn_ns = (now_s() - start) * 1e9 / many;
    return static_cast<std::uint32_t>(resolution_ns() / turn_ns);
  }();
  if (most < 4) return;
  static std::uint32_t state = 1;
  state = state * 1664525u + 1013904223u;  // Numerical Recipes
  detail::turns((state >> 16) % most);
}
// To begin with what is timed. `settled_ticks` ends it where nothing follows; `ticks` where something does, as in a
// network: what comes next begins before the last instructions of an op have ended, some 30 ns on a large core.
inline std::uint64_t start_ticks() {
  const std::uint64_t from = settled_ticks();
  leave_step();
  return from;
}

// The value below which a share of the readings lies; they are reordered.
inline double quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

// The same to less than the counter's step: many a counter is much coarser than a cycle (10 ns on Zen, up to 40 on
// AArch64), so that a reading is a step too long or too short at random; the mean of those within a step of the
// quantile is neither.
inline double quantile_between_steps(std::vector<double>& values, double share, double step) {
  const double at = quantile(values, share);
  double sum = 0;
  int count = 0;
  for (const double v : values) {
    if (!(std::fabs(v - at) <= 1.25 * step)) continue;
    sum += v;
    ++count;
  }
  return count > 0 ? sum / count : at;
}

namespace detail {
template <class Start, class Read>
double cost_of(Start start, Read read) {
  void (*volatile nothing)() = [] {};
  std::vector<double> found;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t from = start();
    nothing();
    found.push_back(static_cast<double>(read() - from));
  }
  return quantile_between_steps(found, 0.5, resolution_ns() / tick_ns());
}
}  // namespace detail

// What two readings around a call of nothing take, in ticks: of either kind, and with `ticks` behind `start_ticks`.
inline double reading_cost() {
  static const double value = detail::cost_of(&ticks, &ticks);
  return value;
}
inline double started_reading_cost() {
  static const double value = detail::cost_of(&start_ticks, &ticks);
  return value;
}
inline double settled_reading_cost() {
  static const double value = detail::cost_of(&start_ticks, &settled_ticks);
  return value;
}

}  // namespace profile_cpu

#endif
