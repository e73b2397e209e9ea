// Nothing would read the last stage.
// expect: offramp: a stage stands behind the last exit_head: nothing reads its output
// expect: items_up_to_last_head<2, 3, 2>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<10>, stage<conv2d<8, 3>>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
