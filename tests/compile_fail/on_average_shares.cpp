// Shares of the inputs, one for each exit.
// expect: offramp: on_average<Net, Leaving> takes one share for every exit
// expect: shares_of_exits<2, 1>

#include <offramp/offramp.hpp>
#include <offramp/select/best_within.hpp>

#include "../select/flat_profile.hpp"

using namespace offramp;

using net = lower<network<image<4, 4, 1>, stage<conv2d<4, 3>, relu>, exit_head<3>>, i8>;
constexpr auto cpu = offramp_test::flat_profile<path::portable>();

#ifdef FAULTY
constexpr double leaving[] = {0.5, 0.5};
#else
constexpr double leaving[] = {1.0};
#endif
[[maybe_unused]] constexpr int exits = best_within<cpu, 2000, on_average<net, leaving>>::exits;
