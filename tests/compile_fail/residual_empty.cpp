// A residual around nothing.
// expect: offramp: residual<> needs layers in its body

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = residual<>;
#else
using layer = residual<conv2d<8, 3>>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
