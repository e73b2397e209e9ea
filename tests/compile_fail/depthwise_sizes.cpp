// A window of no size.
// expect: offramp: depthwise_conv2d<Kernel> needs a positive size
// expect: depthwise_conv2d<0

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = depthwise_conv2d<0>;
#else
using layer = depthwise_conv2d<3>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
