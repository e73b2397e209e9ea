// A network without an exit has no answer.
// expect: offramp: a network needs at least one stage followed by an exit_head
// expect: exit_heads_in_network<0, 0, 1>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
