// Levels come narrowest first: 6 channels do not lie within 4.
// expect: offramp: a level is wider here than the next one
// expect: widths_rise<0, 2, 6, 4>

#include <offramp/elastic/nested.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, relu, conv2d<8, 1>>, exit_head<3>>;
#ifdef FAULTY
using family = nested<net, widths<2, 6>, widths<4, 4>>;
#else
using family = nested<net, widths<2, 4>, widths<4, 4>>;
#endif
[[maybe_unused]] constexpr auto described = family::level<0>::view();
