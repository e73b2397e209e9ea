// Two stages without a head between them are one stage.
// expect: offramp: two stages follow each other: merge them, or put an exit_head between
// expect: heads_between_stages<1, 0, 1>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, stage<max_pool<2>>, exit_head<10>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
