// Nine blocks, each within the one before.
// expect: offramp: residuals and concats are nested too deep
// expect: blocks_open<[0-9]+, 9, 8>

#include <offramp/offramp.hpp>

using namespace offramp;

template <class... Layers>
using thrice = concat<branch<>, branch<concat<branch<>, branch<concat<branch<>, branch<Layers...>>>>>>;

#ifdef FAULTY
using net = network<image<8, 8, 6>, stage<thrice<thrice<thrice<>>>>, exit_head<10>>;
#else
using net = network<image<8, 8, 6>, stage<thrice<thrice<>>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
