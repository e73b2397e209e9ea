// A profile that knows nothing of the network's ops.
// expect: offramp: the profile has not measured the kinds of ops that these networks need

#include <offramp/offramp.hpp>
#include <offramp/select/best_within.hpp>

#include "../select/flat_profile.hpp"

using namespace offramp;

using net = lower<network<image<4, 4, 1>, stage<conv2d<4, 3>, relu>, exit_head<3>>, i8>;
constexpr auto cpu = [] {
  auto flat = offramp_test::flat_profile<path::portable>();
#ifdef FAULTY
  for (class_profile& c : flat.data.classes) c.root = class_profile::not_measured;
#endif
  return flat;
}();

[[maybe_unused]] constexpr int exits = best_within<cpu, 2000, net>::exits;
