// Which types may watch a session.
#include <offramp/timing/observer.hpp>

#include <type_traits>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

struct counter {
  int entered = 0;
  void enter(int) { ++entered; }
  void leave(int) {}
  void exit_judged(int, bool) {}
};
struct without_leave {
  void enter(int) {}
  void exit_judged(int, bool) {}
};
struct without_exits {
  void enter(int) {}
  void leave(int) {}
};
struct of_another_form {
  void enter(const char*, double) {}
  void leave(int) {}
  void exit_judged(int, bool) {}
};

static_assert(session_observer<no_observer>);
static_assert(session_observer<counter>);
static_assert(!session_observer<without_leave>);
static_assert(!session_observer<without_exits>);
static_assert(!session_observer<of_another_form>);
static_assert(!session_observer<int>);

}  // namespace

TEST_CASE("observer: nobody watches for nothing") {
  CHECK(std::is_empty_v<no_observer>);
  CHECK(std::is_trivially_destructible_v<no_observer>);
  constexpr bool vanishes = (no_observer::enter(1), no_observer::leave(1), no_observer::exit_judged(0, true), true);
  CHECK(vanishes);
}
