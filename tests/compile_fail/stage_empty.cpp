// A stage of nothing.
// expect: offramp: stage<> needs layers

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = stage<>;
#else
using layer = stage<relu>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
