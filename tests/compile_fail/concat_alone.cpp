// Nothing to put side by side.
// expect: offramp: concat<> needs at least two branches
// expect: concat<.*branch<

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using layers = concat<branch<relu>>;
#else
using layers = concat<branch<relu>, branch<>>;
#endif
[[maybe_unused]] constexpr int count = layers::layer_count;
