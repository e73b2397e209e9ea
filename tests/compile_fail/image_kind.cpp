// Raw signs are no image.
// expect: offramp: an image holds u8 or f32
// expect: image<28, 28, 1

#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using input = image<28, 28, 1, binary>;
#else
using input = image<28, 28, 1, f32>;
#endif
[[maybe_unused]] constexpr auto described = input::input;
