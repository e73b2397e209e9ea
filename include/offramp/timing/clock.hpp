// What a clock is: a type with a static `now()` that returns an unsigned counter, and what one count means. Counters
// may wrap, also ones narrower than the type they are read as; the difference of two readings, taken modulo the
// counter's own width, is right as long as less than one wrap lies between them.
#ifndef OFFRAMP_TIMING_CLOCK_HPP
#define OFFRAMP_TIMING_CLOCK_HPP

#include <cstdint>
#include <limits>
#include <type_traits>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

// The unit of a clock's counts, and of every figure made from them.
enum class time_unit : std::uint8_t { nanoseconds, cycles, instructions, ticks };

constexpr const char* to_string(time_unit u) {
  constexpr const char* names[] = {"nanoseconds", "cycles", "instructions", "ticks"};
  return static_cast<int>(u) < 4 ? names[static_cast<int>(u)] : "unknown";
}

// To provide: `static T now()` with T unsigned, and `static constexpr time_unit unit`. A counter that wraps before T
// does also has `static constexpr int bits`; one that must be switched on has `static bool start()`, which says whether
// it then advances.
template <class Clock>
concept clock_source = requires {
  Clock::now();
  requires std::is_unsigned_v<decltype(Clock::now())>;
  requires std::is_same_v<decltype(Clock::unit), const time_unit>;
};

// What a clock's readings and their differences are.
template <clock_source Clock>
using count_of = decltype(Clock::now());

// The width of a clock's counter: a wrap is 2^bits counts.
template <clock_source Clock>
constexpr int clock_bits() {
  constexpr int most = std::numeric_limits<count_of<Clock>>::digits;
  if constexpr (requires { Clock::bits; }) {
    static_assert(0 < Clock::bits && Clock::bits <= most, "offramp: a clock's bits fit into what its now() returns");
    return 0 < Clock::bits && Clock::bits <= most ? Clock::bits : most;  // one mistake, one error
  } else {
    return most;
  }
}

// Counts between two readings of a counter that fills its type; right across one wrap.
template <class T>
constexpr T elapsed(T from, T to) {
  static_assert(std::is_unsigned_v<T>, "offramp: clock readings are unsigned");
  return static_cast<T>(to - from);
}

// The same for any clock, by its type: elapsed<board_clock>(start, board_clock::now()).
template <clock_source Clock>
constexpr count_of<Clock> elapsed(count_of<Clock> from, count_of<Clock> to) {
  using count = count_of<Clock>;
  constexpr auto wrap = static_cast<count>(std::numeric_limits<count>::max() >>
                                           (std::numeric_limits<count>::digits - clock_bits<Clock>()));
  return static_cast<count>(static_cast<count>(to - from) & wrap);
}

// Does the clock count? Reads it until it changes, `tries` times at most: for counters that may be switched off,
// missing on this chip or emulated as a constant.
template <clock_source Clock>
constexpr bool advances(std::uint32_t tries = 100'000) {
  const count_of<Clock> first = Clock::now();
  for (std::uint32_t i = 0; i < tries; ++i)
    if (Clock::now() != first) return true;
  return false;
}

// Switches the clock on where that is needed. Returns whether it counts.
template <clock_source Clock>
constexpr bool start_clock() {
  if constexpr (requires { Clock::start(); })
    return Clock::start();
  else
    return advances<Clock>();
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
