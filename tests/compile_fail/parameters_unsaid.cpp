// A criterion that stores more than thresholds says that it cannot run without.
// expect: offramp: a criterion's words are its thresholds, then its parameters \(has_parameters = true\)

#include <offramp/exits/policies.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;
using device = lower<small>;

struct mine {
  static constexpr std::uint32_t id = 1000;
#ifndef FAULTY
  static constexpr bool has_parameters = true;
#endif
  template <int>
  static constexpr int words = 3;
  static std::int32_t score(const std::int32_t*, int, fixed_factor, const std::uint32_t*) { return 0; }
  static float score(const float*, int, const std::uint32_t*) { return 0; }
};
[[maybe_unused]] constexpr int exits = session<device, path::portable, mine>::exits;
