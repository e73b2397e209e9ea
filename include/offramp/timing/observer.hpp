// Timing hooks: an observer is told when every op of a session starts and ends, and when a head has been judged.
// Without one (`no_observer`) the calls vanish: the disassembly is that of a network that never heard of them.
#ifndef OFFRAMP_TIMING_OBSERVER_HPP
#define OFFRAMP_TIMING_OBSERVER_HPP

#include <type_traits>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

// To provide: `void enter(int step)` and `void leave(int step)` around step number `step` of the network's plan, and
// `void exit_judged(int exit, bool taken)` after head `exit` was computed and its criterion asked.
template <class Observer>
concept session_observer = requires(Observer o) {
  o.enter(0);
  o.leave(0);
  o.exit_judged(0, true);
};

struct no_observer {
  static constexpr void enter(int) {}
  static constexpr void leave(int) {}
  static constexpr void exit_judged(int, bool) {}
};

// Two observers of one session: observe_both both{trace, recorder}. The second one stands next to the op, so that its
// times do not hold the first one's work. Both must outlive it.
template <session_observer Outer, session_observer Inner>
class observe_both {
 public:
  constexpr observe_both(Outer& outer, Inner& inner) : outer_{outer}, inner_{inner} {}
  constexpr void enter(int step) {
    outer_.enter(step);
    inner_.enter(step);
  }
  constexpr void leave(int step) {
    inner_.leave(step);
    outer_.leave(step);
  }
  constexpr void exit_judged(int exit, bool taken) {
    inner_.exit_judged(exit, taken);
    outer_.exit_judged(exit, taken);
  }

 private:
  Outer& outer_;
  Inner& inner_;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
