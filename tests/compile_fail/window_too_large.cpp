// A convolution larger than its padded input; the second layer, 5 x 5 against 4 x 4.
// expect: offramp: this layer.s window is larger than its padded input
// expect: window_fits_input<2, 5, 4>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, max_pool<2>, conv2d<8, 5, valid>>, exit_head<10>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, max_pool<2>, conv2d<8, 3, valid>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
