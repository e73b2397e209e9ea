// How fast a core is at this moment, by two loops that no data, cache or network can slow. Of additions, each of which
// needs the one before: a cycle each, so that their time tells the clock. And of instructions that do nothing, as many
// at a time as the core takes: they last longer beside the first ones when a second hardware thread has work for the
// same core, which slows all else by a third to a half and cannot be seen otherwise from inside a virtual machine.
#ifndef OFFRAMP_TIMING_CONTROL_CHAIN_HPP
#define OFFRAMP_TIMING_CONTROL_CHAIN_HPP

#include <cstdint>

#include <offramp/core/config.hpp>
#include <offramp/timing/clock.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Is there a control on this machine? Counted instructions know no frequency and need none.
#if defined(__x86_64__) || defined(__aarch64__)
inline constexpr bool has_control_chain = true;
#else
inline constexpr bool has_control_chain = false;
#endif

inline constexpr int control_chain_additions = 64 * 60;  // some 2 us

// 64 additions a turn, each of which needs the one before. Not of constants: newer cores fold those into one another.
inline void dependent_additions(int turns) {
#if defined(__x86_64__)
  __asm__ volatile(".p2align 6\n1:\n\t.rept 64\n\tadd %%rcx, %%rax\n\t.endr\n\tdec %0\n\tjnz 1b"
                   : "+r"(turns)
                   :
                   : "rax", "cc");
#elif defined(__aarch64__)
  __asm__ volatile(".p2align 6\n1:\n\t.rept 64\n\tadd x9, x9, x10\n\t.endr\n\tsubs %w0, %w0, #1\n\tb.ne 1b"
                   : "+r"(turns)
                   :
                   : "x9", "cc");
#else
  static_cast<void>(turns);
#endif
}

// 256 a turn, which need nothing but a way through the core. Independent additions would do in theory; but how well
// they spread over a core's adders differs from one moment to the next, by 5 %.
inline void idle_instructions(int turns) {
#if defined(__x86_64__)
  __asm__ volatile(".p2align 6\n1:\n\t.rept 256\n\tnopl 0(%%rax)\n\t.endr\n\tdec %0\n\tjnz 1b" : "+r"(turns) : : "cc");
#elif defined(__aarch64__)
  __asm__ volatile(".p2align 6\n1:\n\t.rept 256\n\tnop\n\t.endr\n\tsubs %w0, %w0, #1\n\tb.ne 1b"
                   : "+r"(turns)
                   :
                   : "cc");
#else
  static_cast<void>(turns);
#endif
}

// Counts of a clock that the two loops took, for as many turns each.
struct control_reading {
  double dependent = 0, idle = 0;

  [[nodiscard]] constexpr double counts_per_cycle() const { return dependent / control_chain_additions; }
  [[nodiscard]] constexpr double ratio() const { return dependent > 0 ? idle / dependent : 0; }
};

// Takes some 3 us.
template <clock_source Clock>
control_reading read_control() {
  constexpr int turns = control_chain_additions / 64;
  const auto begin = Clock::now();
  dependent_additions(turns);
  const auto between = Clock::now();
  idle_instructions(turns);
  const auto end = Clock::now();
  return {static_cast<double>(elapsed<Clock>(begin, between)), static_cast<double>(elapsed<Clock>(between, end))};
}

// Finds what the ratio of the two loops is while the core is alone: where the first of the heaps is in which its
// readings lie. What lies before are some of interrupts during the first loop. What was known before, from a profile
// of this CPU, counts unless less is seen.
class core_watch {
 public:
  constexpr explicit core_watch(double alone = 0) : known_(alone) {}

  constexpr void see(const control_reading& r) {
    const double at = r.ratio() / step;
    if (!(at >= 1 && at < bins)) return;
    ++count_[static_cast<int>(at)];
    ++seen_;
  }
  // 0: nothing is known.
  [[nodiscard]] constexpr double alone() const {
    constexpr int gap = 6, before = 10;  // bins: the heap begins over some, and these lie before it
    std::uint32_t background = 0;        // their count
    for (int i = 0; i < before; ++i) background += count_[i];
    for (int i = before + gap; i + 1 < bins; ++i) {
      background += count_[i - gap] - count_[i - gap - before];
      const std::uint32_t here = count_[i] + count_[i + 1];
      if (here < 3 || here < seen_ / 500 || here * before < 4 * 2 * background) continue;
      int top = i;
      for (int k = i + 1; k < i + 8 && k < bins; ++k) top = count_[k] > count_[top] ? k : top;
      const double heap = (top + 0.5) * step;
      return known_ > 0 && known_ < heap ? known_ : heap;
    }
    return known_;
  }
  // In company the ratio is 1.15 to 2.2 times that. Alone it spreads by 1 %, but is up to 1.13 times that for some
  // microseconds behind vectors of 512 bits (a Sapphire Rapids, neighbours of all kinds).
  [[nodiscard]] static constexpr bool is_alone(double ratio, double alone) {
    return ratio <= 1.14 * alone && ratio >= 0.97 * alone;
  }
  [[nodiscard]] constexpr std::uint32_t seen() const { return seen_; }

 private:
  static constexpr int bins = 512;
  static constexpr double step = 0.004;
  double known_ = 0;
  std::uint32_t seen_ = 0;
  std::uint32_t count_[bins]{};
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
