// One rectifier folds into the convolution that adds, batch norms on either side of it; two do not.
// expect: offramp: a residual.s body must end in conv2d \[batch_norm\] \[relu or prelu\] \[batch_norm\]
// expect: residual_body_end<6, 0, 1>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, residual<conv2d<8, 3>, prelu, batch_norm, relu>>, exit_head<10>>;
#else
using net =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, residual<conv2d<8, 3>, batch_norm, prelu, batch_norm>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
