// Signs cannot be added into a stream.
// expect: offramp: a residual.s body must end in conv2d \[batch_norm\] \[relu or prelu\] \[batch_norm\]
// expect: residual_body_end<4, 0, 1>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, residual<conv2d<8, 3>, sign>>, exit_head<10>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, residual<sign, conv2d<8, 3>>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
