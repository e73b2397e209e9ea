// A signed counter has no defined wrap.
// expect: offramp: clock readings are unsigned
// expect: T = int|elapsed<int

#include <offramp/timing/clock.hpp>

using namespace offramp;

#ifdef FAULTY
int reading = 5;
#else
unsigned reading = 5;
#endif
auto difference = elapsed(reading, reading);
