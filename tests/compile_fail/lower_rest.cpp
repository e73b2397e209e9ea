// What is not binary becomes i8 or f32.
// expect: offramp: lower<Net, Rest>: Rest is i8 or f32
// expect: lower<.*> ?>, .*(i16|4)

#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;

#ifdef FAULTY
using net = lower<small, i16>;
#else
using net = lower<small, i8>;
#endif
[[maybe_unused]] constexpr int exits = net::exits;
