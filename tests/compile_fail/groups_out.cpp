// Ten output channels do not make three groups.
// expect: offramp: the convolution's output channels are not a multiple of its groups
// expect: groups_of_output<1, 10, 3>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 6>, stage<conv2d<9, 3>, conv2d<10, 3, groups{3}>>, exit_head<10>>;
#else
using net = network<image<8, 8, 6>, stage<conv2d<9, 3>, conv2d<12, 3, groups{3}>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
