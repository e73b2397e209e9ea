// What is joined must be criteria.
// expect: offramp: a part of all_of or any_of is no exit criterion

#include <offramp/exits/policies.hpp>

using namespace offramp;

struct mine {
  static constexpr std::uint32_t id = 1000;
#ifndef FAULTY
  static std::int32_t score(const std::int32_t*, int, fixed_factor) { return 0; }
  static float score(const float*, int) { return 0; }
#endif
};
[[maybe_unused]] constexpr std::uint32_t id = any_of<entropy, mine>::id;
