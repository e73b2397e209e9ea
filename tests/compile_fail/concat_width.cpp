// 8 columns beside 6, all 8 rows high.
// expect: offramp: a branch of this concat ends with another width than the first one
// expect: branch_width<5, 6, 8>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using net = network<image<8, 8, 6>, stage<concat<branch<relu>, branch<max_pool1d<3, 1>>>>, exit_head<10>>;
#else
using net = network<image<8, 8, 6>, stage<concat<branch<relu>, branch<conv1d<6, 3>>>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
