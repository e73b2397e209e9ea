// The first branch of a concatenation keeps its channels: those of the second stand behind them.
// expect: offramp: only the last branch of a concat may be narrower
// expect: width_of_branch<0, 3, 4, 8>

#include <offramp/elastic/nested.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using net =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, concat<branch<conv2d<8, 3>>, branch<conv2d<8, 3>>>>, exit_head<3>>;
#ifdef FAULTY
using family = nested<net, widths<4, 4, 4>>;
#else
using family = nested<net, widths<4, 8, 4>>;
#endif
[[maybe_unused]] constexpr auto described = family::level<0>::view();
