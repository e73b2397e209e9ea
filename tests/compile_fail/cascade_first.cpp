// The first exit follows no other.
// expect: offramp: the first exit has no earlier logits to read: give it an exit_head, later ones a cascade_head
// expect: exits_before_cascade<3, 1, 2>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>>, cascade_head<10>>;
#else
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>>, exit_head<10>, stage<conv2d<8, 3>>, cascade_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
