// What a residual adds has one width.
// expect: offramp: a residual adds these channels to others: the last layer of its body narrows as its input does
// expect: width_of_stream<0, 4, 8, 4>

#include <offramp/elastic/nested.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, residual<conv2d<8, 3>, relu>>, exit_head<3>>;
#ifdef FAULTY
using family = nested<net, widths<4, 8>>;
#else
using family = nested<net, widths<4, 4>>;
#endif
[[maybe_unused]] constexpr auto described = family::level<0>::view();
