// No group at all.
// expect: offramp: conv2d needs a positive number of groups; depthwise_conv2d has one for each channel
// expect: conv2d<8, 3

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = conv2d<8, 3, groups{0}>;
#else
using layer = conv2d<8, 3, groups{2}>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
