// 8 channels cannot be repeated to 12.
// expect: offramp: the residual.s body has output channels that are not a multiple of its input channels
// expect: residual_body_channels<3, 12, 8>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, residual<conv2d<12, 3>>>, exit_head<10>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, residual<conv2d<16, 3>>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
