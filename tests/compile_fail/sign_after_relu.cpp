// The sign of something that is never negative is constant.
// expect: offramp: sign right after relu is constant \(\+1\)
// expect: sign_behind_relu<2, 2, 2>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, relu, sign>, exit_head<10>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, relu, batch_norm, sign>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
