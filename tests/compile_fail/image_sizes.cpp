// An image without width.
// expect: offramp: image<Height, Width, Channels> needs positive sizes
// expect: image<28, 0, 1

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using input = image<28, 0, 1>;
#else
using input = image<28, 28, 1>;
#endif
[[maybe_unused]] constexpr auto described = input::input;
