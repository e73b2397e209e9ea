// 7 rows cannot be averaged to 4.
// expect: offramp: the residual.s input height is not a multiple of its body.s output height
// expect: residual_body_height<3, 4, 7>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<7, 7, 1>, stage<conv2d<8, 3>, residual<conv2d<8, 3, stride{2}>>>, exit_head<10>>;
#else
using net = network<image<7, 7, 1>, stage<conv2d<8, 3>, residual<conv2d<8, 3>>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
