// All exits answer the same question.
// expect: offramp: this exit_head has another number of classes than the first one
// expect: exit_head_classes<3, 12, 10>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<10>, stage<conv2d<8, 3>>, exit_head<12>>;
#else
using net =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<10>, stage<conv2d<8, 3>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
