// A pooling window that does not move.
// expect: offramp: max_pool<Size, Stride> needs both positive
// expect: max_pool<2, 0>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = max_pool<2, 0>;
#else
using layer = max_pool<2, 1>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
