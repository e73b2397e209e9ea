// The sign of signs is what they were.
// expect: offramp: sign after sign changes nothing
// expect: sign_behind_sign<3, 3, 3>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, sign, max_pool<2>, sign>, exit_head<10>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, sign, max_pool<2>, conv2d<8, 3, binary>, sign>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
