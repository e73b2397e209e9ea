// No network is fast enough: the least that one takes is named.
// expect: offramp: none of these networks meets the deadline
// expect: least_latency<700, 8[0-9]+>

#include <offramp/offramp.hpp>
#include <offramp/select/best_within.hpp>

#include "../select/flat_profile.hpp"

using namespace offramp;

using net = lower<network<image<4, 4, 1>, stage<conv2d<4, 3>, relu>, exit_head<3>>, i8>;
constexpr auto cpu = offramp_test::flat_profile<path::portable>();

#ifdef FAULTY
using chosen = best_within<cpu, 700, net>;
#else
using chosen = best_within<cpu, 2000, net>;
#endif
[[maybe_unused]] constexpr int exits = chosen::exits;
