// A filter of one tap blurs nothing.
// expect: offramp: blur_pool<Size, Stride> has a size of 2 to 5
// expect: blur_pool<1

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = blur_pool<1>;
#else
using layer = blur_pool<3>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
