// A deadline wants the cost of every exit but the first.
// expect: offramp: next_cost has one entry for every exit but the last: what it takes to reach the next one

#include <offramp/exits/policies.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;
using device = lower<small>;

struct ticks {
  static constexpr time_unit unit = time_unit::ticks;
  static std::uint32_t now() { return 0; }
};
#ifdef FAULTY
constexpr std::uint32_t next_cost[2]{100, 200};
#else
constexpr std::uint32_t next_cost[1]{100};
#endif
prediction classify(session<device>& net, const std::uint8_t (&x)[64]) {
  return net.classify(x, deadline_in<ticks>(150u, next_cost));
}
