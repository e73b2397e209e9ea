// Streams are numbers.
// expect: offramp: lower<Net, Rest, Stream>: Stream is i16, i8 or f32
// expect: lower<.*(i32|5)

#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;

#ifdef FAULTY
using net = lower<small, i8, i32>;
#else
using net = lower<small, i8, i8>;
#endif
[[maybe_unused]] constexpr int exits = net::exits;
