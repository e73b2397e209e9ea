// A binary convolution reads words of 32 channels.
// expect: offramp: a binary layer reads these channels packed in words: a narrower width is a multiple of 32
// expect: width_of_packed_bits<0, 3, 40, 32>

#include <offramp/elastic/nested.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using net =
    network<image<8, 8, 1>, stage<conv2d<64, 3>, batch_norm, sign, conv2d<64, 3, binary>, batch_norm>, exit_head<3>>;
#ifdef FAULTY
using family = nested<net, widths<40, 64>>;
#else
using family = nested<net, widths<32, 40>>;
#endif
[[maybe_unused]] constexpr auto described = family::level<0>::view();
