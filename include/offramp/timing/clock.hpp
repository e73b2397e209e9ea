// What a clock is: a type with a static `now()` that returns an unsigned counter, and what one count means. Counters
// may wrap; the difference of two unsigned readings is right as long as less than one wrap lies between them.
#ifndef OFFRAMP_TIMING_CLOCK_HPP
#define OFFRAMP_TIMING_CLOCK_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

// The unit of a clock's counts, and of every figure made from them.
enum class time_unit : std::uint8_t { nanoseconds, cycles, instructions, ticks };

// To provide: `static T now()` with T unsigned, and `static constexpr time_unit unit`.
template <class Clock>
concept clock_source = requires {
  Clock::now();
  requires std::is_unsigned_v<decltype(Clock::now())>;
  requires std::is_same_v<decltype(Clock::unit), const time_unit>;
};

// Counts between two readings of one clock; right across one wrap.
template <class T>
constexpr T elapsed(T from, T to) {
  static_assert(std::is_unsigned_v<T>, "offramp: clock readings are unsigned");
  return static_cast<T>(to - from);
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
