// A profile measured before the kernels changed.
// expect: offramp: this profile is of another path or version, or malformed: measure this CPU again
// expect: profile_for_this_path<.*wrong_version

#include <offramp/offramp.hpp>
#include <offramp/select/best_within.hpp>

#include "../select/flat_profile.hpp"

using namespace offramp;

using net = lower<network<image<4, 4, 1>, stage<conv2d<4, 3>, relu>, exit_head<3>>, i8>;
constexpr auto cpu = [] {
  auto flat = offramp_test::flat_profile<path::portable>();
#ifdef FAULTY
  ++flat.data.path_version;
#endif
  return flat;
}();

[[maybe_unused]] constexpr int exits = best_within<cpu, 2000, net>::exits;
