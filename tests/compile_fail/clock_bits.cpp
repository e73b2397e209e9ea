// A counter cannot be wider than the number it is read as.
// expect: offramp: a clock's bits fit into what its now.. returns

#include <offramp/timing/clock.hpp>

using namespace offramp;

struct counter {
  static constexpr time_unit unit = time_unit::cycles;
#ifdef FAULTY
  static constexpr int bits = 24;
#else
  static constexpr int bits = 12;
#endif
  static std::uint16_t now() { return 0; }
};
auto difference = elapsed<counter>(5, 7);
