// 8 rows become 4 while 7 columns become 4: no square average does that.
// expect: offramp: the residual.s body must shrink width by the same factor as height
// expect: residual_body_width<3, 4, 3>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 7, 1>, stage<conv2d<8, 3>, residual<conv2d<8, 3, stride{2}>>>, exit_head<10>>;
#else
using net = network<image<8, 6, 1>, stage<conv2d<8, 3>, residual<conv2d<8, 3, stride{2}>>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
