// Turns OFFRAMP_ASSERT on for the checked test build, which includes this file in front of every test.
// An aborting expression, so that it also works in constant expressions (a violated one then does not compile).
#ifndef OFFRAMP_TESTS_CHECKED_HPP
#define OFFRAMP_TESTS_CHECKED_HPP

#define OFFRAMP_ASSERT(condition) static_cast<void>((condition) ? 0 : (__builtin_trap(), 0))

#endif
