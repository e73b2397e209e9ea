// A mixture of signs, which are bits.
// expect: offramp: mixed_pool reads numbers: put it before the sign, or pool signs by max_pool or avg_pool
// expect: mixed_pool_of_numbers<3, 0, 1>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<10, sdn_pool>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm>, exit_head<10, sdn_pool>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
