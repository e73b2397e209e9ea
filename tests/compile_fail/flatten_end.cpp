// A convolution reads images, flat or not.
// expect: offramp: flatten does nothing but announce a dense layer: put a dense behind it
// expect: dense_behind_flatten<1, 0, 1>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 6>, stage<conv2d<8, 3>, flatten, relu>, exit_head<10>>;
#else
using net = network<image<8, 8, 6>, stage<conv2d<8, 3>, flatten, dense<8>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
