// A window of no length.
// expect: offramp: conv1d<OutChannels, Kernel> needs both positive
// expect: conv1d<8, 0

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = conv1d<8, 0>;
#else
using layer = conv1d<8, 1>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
