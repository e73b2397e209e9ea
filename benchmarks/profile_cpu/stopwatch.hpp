// Time of one run of an op among others, as in a network: the counter is read right before and behind, and what the two
// readings take themselves is taken off.
#ifndef BENCHMARKS_PROFILE_CPU_STOPWATCH_HPP
#define BENCHMARKS_PROFILE_CPU_STOPWATCH_HPP

#include <algorithm>
#include <chrono>
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

// The least step that two readings can differ by, in nanoseconds.
inline double resolution_ns() {
  static const double value = [] {
    std::uint64_t least = ~std::uint64_t{0};
    for (int i = 0; i < 2000; ++i) {
      const std::uint64_t from = ticks();
      std::uint64_t to = ticks();
      while (to == from) to = ticks();
      least = std::min(least, to - from);
    }
    return static_cast<double>(least) * tick_ns();
  }();
  return value;
}

// The value below which a share of the readings lies; they are reordered.
inline double quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

namespace detail {
template <class Read>
double cost_of(Read read) {
  void (*volatile nothing)() = [] {};
  std::vector<double> found;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t from = read();
    nothing();
    found.push_back(static_cast<double>(read() - from));
  }
  return quantile(found, 0.5);
}
}  // namespace detail

// What two readings around a call of nothing take, in ticks: of either kind.
inline double reading_cost() {
  static const double value = detail::cost_of(&ticks);
  return value;
}
inline double settled_reading_cost() {
  static const double value = detail::cost_of(&settled_ticks);
  return value;
}

}  // namespace profile_cpu

#endif
