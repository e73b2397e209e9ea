// The next stage reads what the last one left.
// expect: offramp: sign right after relu is constant \(\+1\)
// expect: sign_behind_relu<4, 4, 4>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, relu>, exit_head<10>, stage<sign, conv2d<8, 3, binary>>, exit_head<10>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, relu>, exit_head<10>, stage<conv2d<8, 3>, sign>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
