// A pooling window larger than the image, which is 8 x 6.
// expect: offramp: this layer.s window is larger than its padded input
// expect: window_fits_input<1, 7, 6>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 6, 1>, stage<conv2d<8, 3>, max_pool<7>>, exit_head<10>>;
#else
using net = network<image<8, 6, 1>, stage<conv2d<8, 3>, max_pool<6>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
