// One class needs no network.
// expect: offramp: exit_head<Classes> needs at least two classes
// expect: exit_head<1

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layer = exit_head<1>;
#else
using layer = exit_head<2>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
