// One way to time every contender: samples of some 40 us, their minimum and median, and the clock frequency in situ, by
// a chain of dependent additions right behind each sample, while the core still runs at the frequency that the work
// before has caused. A chain of `add $1` would not do: newer cores fold additions of constants into one another.
#ifndef BENCHMARKS_PEERS_MEASURE_HPP
#define BENCHMARKS_PEERS_MEASURE_HPP

#include <regex.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace peers {

inline double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

namespace detail {

#define BENCHMARKS_FOUR(x) x x x x
#define BENCHMARKS_SIXTY_FOUR(x) BENCHMARKS_FOUR(BENCHMARKS_FOUR(BENCHMARKS_FOUR(x)))
inline constexpr int chain_length = 64;
// Takes one cycle for each of its additions.
inline void addition_chain() {
#if defined(__x86_64__)
  asm volatile(BENCHMARKS_SIXTY_FOUR("add %%rcx, %%rax\n")::: "rax", "cc");
#elif defined(__aarch64__)
  asm volatile(BENCHMARKS_SIXTY_FOUR("add x0, x0, x1\n")::: "x0");
#else
  asm volatile("");  // no frequency: cycles mean nothing here
#endif
}
#undef BENCHMARKS_SIXTY_FOUR
#undef BENCHMARKS_FOUR

// What reading the clock twice takes.
inline double clock_overhead_s() {
  static const double least = [] {
    double best = 1;
    for (int i = 0; i < 2000; ++i) {
      const double start = now_s();
      best = std::min(best, now_s() - start);
    }
    return best;
  }();
  return least;
}

}  // namespace detail

// Cycles per second right now; takes some 1.3 us.
inline double clock_hz() {
  constexpr int repeats = 60;
  const double overhead = detail::clock_overhead_s();
  const double start = now_s();
  for (int i = 0; i < repeats; ++i) detail::addition_chain();
  return detail::chain_length * repeats / std::max(1e-9, now_s() - start - overhead);
}

struct timing {
  double min_us = 0;
  double median_us = 0;
  double ghz = 0;  // behind the fastest samples
};

// Runs `run()` for `budget_s` seconds and 15 samples at least, but gives up behind five times that budget and three
// samples. Everything that it reads and writes must be memory whose address has escaped (`memory` below).
template <class Run>
[[gnu::noinline]] timing measure(Run&& run, double budget_s) {
  const auto once = [&] {
    run();
    asm volatile("" ::: "memory");
  };
  int warm = 0;
  const double begin = now_s();
  for (once(); warm < 2 || now_s() - begin < 0.03; ++warm) {
    once();
    if (now_s() - begin > budget_s && warm > 0) break;
  }
  const double estimate = (now_s() - begin) / (warm + 1);
  const int repeats = std::max(1, static_cast<int>(40e-6 / estimate));
  std::vector<std::pair<double, double>> samples;  // seconds, Hz
  const double start = now_s();
  for (;;) {
    const double spent = now_s() - start;
    const bool enough = samples.size() >= 15 && spent >= budget_s;
    if (enough || samples.size() >= 20000 || (samples.size() >= 3 && spent >= 5 * budget_s)) break;
    const double before = now_s();
    for (int i = 0; i < repeats; ++i) once();
    const double took = (now_s() - before) / repeats;
    samples.emplace_back(took, clock_hz());
  }
  std::sort(samples.begin(), samples.end());
  timing t{samples.front().first * 1e6, samples[samples.size() / 2].first * 1e6, 0};
  // A chain can be disturbed as well: the median of those behind samples as fast as the fastest.
  std::vector<double> clocks;
  for (const auto& [seconds, hz] : samples)
    if (seconds <= 1.02 * samples.front().first) clocks.push_back(hz * 1e-9);
  std::sort(clocks.begin(), clocks.end());
  t.ghz = clocks[clocks.size() / 2];
  return t;
}

// Zeroed memory at a page, kept until the program ends, whose contents no optimiser knows.
template <class T>
T* memory(std::size_t count) {
  const std::size_t bytes = (count * sizeof(T) + 64 + 4095) / 4096 * 4096;
  void* p = std::aligned_alloc(4096, bytes);
  if (p == nullptr) throw std::bad_alloc{};
  std::memset(p, 0, bytes);
  asm volatile("" : "+r"(p)::"memory");
  return static_cast<T*>(p);
}

// What a contender is asked to do, from its environment: ONLY, an extended regular expression that names shapes;
// BUDGET, seconds a row; CHECK=0 leaves out the comparison with a plain loop; SUFFIX goes behind the contender's names.
inline const char* environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != 0 ? value : otherwise;
}
inline bool wanted(const char* shape) {
  static regex_t pattern;
  static const bool sound = regcomp(&pattern, environment("ONLY", "."), REG_EXTENDED | REG_NOSUB) == 0;
  return sound && regexec(&pattern, shape, 0, nullptr, 0) == 0;
}
inline double budget_s() { return std::atof(environment("BUDGET", "0.15")); }
inline bool checks() { return *environment("CHECK", "1") != '0'; }

// A row: peer,shape,MACs,min_us,median_us,GHz,GMAC/s,MAC/cycle
inline void print_row(const char* peer, const char* shape, double macs, const timing& t) {
  std::printf("%s%s,%s,%.0f,%.3f,%.3f,%.3f,%.2f,%.2f\n", peer, environment("SUFFIX", ""), shape, macs, t.min_us,
              t.median_us, t.ghz, macs / t.min_us * 1e-3, t.ghz > 0 ? macs / (t.min_us * t.ghz * 1e3) : 0);
  std::fflush(stdout);
}

}  // namespace peers

#endif
