// Pooling does not change that: the maximum of what is never negative is not, either.
// expect: offramp: sign right after relu is constant \(\+1\)
// expect: sign_behind_relu<3, 3, 3>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, relu, max_pool<2>, sign>, exit_head<10>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, relu, max_pool<2>, batch_norm, sign>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
