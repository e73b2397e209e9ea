// Outputs per input channel are for convolutions that take each channel by itself.
// expect: offramp: multiplier is an option of depthwise_conv2d; conv2d is given its output channels
// expect: conv2d<8, 3

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = conv2d<8, 3, multiplier{2}>;
#else
using layer = depthwise_conv2d<3, multiplier{2}>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
