// Configurations: size, defaults, which exits may be taken.
#include <offramp/select/configuration.hpp>

#include <doctest/doctest.h>

using namespace offramp;

TEST_CASE("a configuration is small and says which exits it uses") {
  static_assert(sizeof(configuration) <= 16);
  configuration c;
  CHECK(c.last_exit(4) == 3);
  CHECK(c.may_leave_at(0));
  CHECK(c.may_leave_at(31));
  CHECK_FALSE(c.may_leave_at(32));
  c.cut = 2;
  CHECK(c.last_exit(4) == 1);
  c.cut = 9;  // more than there are
  CHECK(c.last_exit(4) == 3);
  c.exits = 0b101;
  CHECK(c.may_leave_at(0));
  CHECK_FALSE(c.may_leave_at(1));
  CHECK(c.may_leave_at(2));
  CHECK(c != configuration{});
  CHECK(configuration{} == configuration{});
}
