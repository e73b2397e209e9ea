// 7 columns cannot become 9 past a shortcut.
// expect: offramp: the residual.s body makes more columns than it reads
// expect: residual_body_width<3, 9, 7>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<7, 7, 1>, stage<conv2d<8, 3>, residual<conv2d<8, 3, padding{1, 2}>>>, exit_head<10>>;
#else
using net = network<image<7, 7, 1>, stage<conv2d<8, 3>, residual<conv2d<8, 3, stride{2}>>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
