// A dense layer has no window to move.
// expect: offramp: the only option of dense is the kind of its weights: binary, i8 or f32
// expect: dense<10

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = dense<10, stride{2}>;
#else
using layer = dense<10, binary>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
