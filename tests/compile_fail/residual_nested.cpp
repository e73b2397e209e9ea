// One stream at a time.
// expect: offramp: a residual stands inside a residual: put them one behind the other
// expect: residuals_open<2, 2, 1>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, residual<residual<sign, conv2d<8, 3>>, conv2d<8, 3>>>, exit_head<10>>;
#else
using net =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, residual<sign, conv2d<8, 3>>, residual<conv2d<8, 3>>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
