// A second head behind the first would judge the same features.
// expect: offramp: two exit heads follow each other: put a stage between them
// expect: stages_between_heads<2, 0, 1>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<10>, exit_head<10>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
