// Six channels do not make four groups.
// expect: offramp: the convolution's input channels are not a multiple of its groups
// expect: groups_of_input<0, 6, 4>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 6>, stage<conv2d<8, 3, groups{4}>>, exit_head<10>>;
#else
using net = network<image<8, 8, 6>, stage<conv2d<8, 3, groups{2}>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
