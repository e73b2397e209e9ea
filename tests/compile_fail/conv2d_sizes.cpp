// A convolution into no channels.
// expect: offramp: conv2d<OutChannels, Kernel> needs both positive
// expect: conv2d<0, 3

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = conv2d<0, 3>;
#else
using layer = conv2d<1, 3>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
