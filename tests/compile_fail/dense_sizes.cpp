// A dense layer without outputs.
// expect: offramp: dense<Outputs> needs a positive number of outputs
// expect: dense<0

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = dense<0>;
#else
using layer = dense<1>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
