// An exit needs something to look at.
// expect: offramp: an exit_head needs a stage before it
// expect: stages_before_first_head<0, 0, 1>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, exit_head<10>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<10>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
