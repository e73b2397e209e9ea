// A counter of the user's as a clock: any function that returns it, how wide it is, whether it counts down. For what is
// more than a function, write the type itself: clock.hpp says what it needs.
#ifndef OFFRAMP_TIMING_CLOCKS_USER_COUNTER_HPP
#define OFFRAMP_TIMING_CLOCKS_USER_COUNTER_HPP

#include <cstdint>
#include <limits>
#include <type_traits>

#include <offramp/timing/clock.hpp>

namespace offramp::inline OFFRAMP_ABI {

enum class counting : std::uint8_t { up, down };

// Read: a function, or a lambda without captures, that returns an unsigned number. `Bits` is the counter's width, 0
// that of the number: using board_clock = user_counter<read_timer2, time_unit::ticks, 16, counting::down>;
template <auto Read, time_unit Unit = time_unit::ticks, int Bits = 0, counting Direction = counting::up>
struct user_counter {
  using count = decltype(Read());
  static_assert(std::is_unsigned_v<count>, "offramp: a counter is read as an unsigned number");
  static constexpr time_unit unit = Unit;
  static constexpr int bits = Bits == 0 ? std::numeric_limits<count>::digits : Bits;

  static constexpr count now() {
    if constexpr (Direction == counting::down)
      return elapsed<user_counter>(Read(), 0);
    else
      return elapsed<user_counter>(0, Read());  // without what may stand above the counter's bits
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
