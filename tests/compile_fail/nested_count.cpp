// A network of three convolutions takes three widths.
// expect: offramp: a level needs one width for each convolution and dense layer of the backbone
// expect: widths_of_level<0, 0, 2, 3>

#include <offramp/elastic/nested.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using net =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, depthwise_conv2d<3>, conv2d<8, 1>, relu, conv2d<8, 1>>, exit_head<3>>;
#ifdef FAULTY
using family = nested<net, widths<4, 4>>;
#else
using family = nested<net, widths<4, 4, 6>>;
#endif
[[maybe_unused]] constexpr auto described = family::level<0>::view();
