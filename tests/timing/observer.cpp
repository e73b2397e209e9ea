// Which types may watch a session, and two of them at once.
#include <offramp/timing/observer.hpp>

#include <string>
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

// Writes down who was told what.
struct diary {
  std::string& text;
  char name;
  void enter(int step) { text += name + std::string{"e"} + std::to_string(step) + ' '; }
  void leave(int step) { text += name + std::string{"l"} + std::to_string(step) + ' '; }
  void exit_judged(int exit, bool taken) { text += name + std::string{taken ? "t" : "s"} + std::to_string(exit) + ' '; }
};
static_assert(session_observer<observe_both<diary, counter>>);

}  // namespace

TEST_CASE("observer: nobody watches for nothing") {
  CHECK(std::is_empty_v<no_observer>);
  CHECK(std::is_trivially_destructible_v<no_observer>);
  constexpr bool vanishes = (no_observer::enter(1), no_observer::leave(1), no_observer::exit_judged(0, true), true);
  CHECK(vanishes);
}

TEST_CASE("observer: of two, the second stands next to the op") {
  std::string text;
  diary a{text, 'a'}, b{text, 'b'};
  observe_both both{a, b};
  both.enter(3);
  both.leave(3);
  both.exit_judged(0, false);
  both.exit_judged(1, true);
  CHECK(text == "ae3 be3 bl3 al3 bs0 as0 bt1 at1 ");
}
