// A network of three blocks cannot be trimmed to four.
// expect: offramp: trim<Net, Blocks> keeps between one block and all of them
// expect: blocks_to_keep<4, 3>|Blocks = 4; int Has = 3

#include <offramp/elastic/trim.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using small = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm, sign, conv2d<8, 3, binary>, batch_norm>,
                      exit_head<3>, stage<conv2d<8, 3>, relu>, exit_head<3>>;

#ifdef FAULTY
using net = trim<small, 4>;
#else
using net = trim<small, 3>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
