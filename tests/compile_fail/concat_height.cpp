// 8 rows beside 4.
// expect: offramp: a branch of this concat ends with another height than the first one
// expect: branch_height<4, 4, 8>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 6>, stage<concat<branch<>, branch<max_pool<2>>>>, exit_head<10>>;
#else
using net = network<image<8, 8, 6>, stage<concat<branch<max_pool<2>>, branch<max_pool<2>>>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
