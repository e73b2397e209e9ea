// A convolution in groups reads all its channels.
// expect: offramp: a convolution in groups keeps its channels
// expect: width_of_groups<0, 1, 4, 8>

#include <offramp/elastic/nested.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, conv2d<8, 3, groups{2}>, conv2d<8, 1>>, exit_head<3>>;
#ifdef FAULTY
using family = nested<net, widths<4, 8, 4>>;
#else
using family = nested<net, widths<8, 8, 4>>;
#endif
[[maybe_unused]] constexpr auto described = family::level<0>::view();
