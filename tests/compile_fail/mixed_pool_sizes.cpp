// A mixed pooling that never moves down.
// expect: offramp: mixed_pool<Size, Stride> needs both positive
// expect: mixed_pool<2, .*\{0, 1\}

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = mixed_pool<2, stride{0, 1}>;
#else
using layer = mixed_pool<2, stride{1, 1}>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
