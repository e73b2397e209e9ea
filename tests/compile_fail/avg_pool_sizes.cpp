// A pooling window of nothing.
// expect: offramp: avg_pool<Size, Stride> needs both positive
// expect: avg_pool<0, 1>

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = avg_pool<0, 1>;
#else
using layer = avg_pool<1, 1>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
