// A network of two exits cannot be cut at its third.
// expect: offramp: cut<Net, Exits> keeps between one exit and all of them
// expect: exits_to_keep<3, 2>|Exits = 3; int Has = 2

#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;

#ifdef FAULTY
using net = cut<small, 3>;
#else
using net = cut<small, 2>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
