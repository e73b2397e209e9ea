// Where even the shortest trim is too slow, the message says how long it takes and how long it may.
// expect: offramp: even the shortest trim of this family misses the deadline
// expect: deadline_of_trims<30, 20>|(30 <= 20)

#include <offramp/elastic/trim.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using small = network<image<8, 8, 1>, stage<conv2d<8, 3>, relu, conv2d<8, 3>, relu>, exit_head<3>>;

// Ten counts an op; the shortest trim has three.
constexpr cpu_profile<path::portable> cpu = [] {
  cpu_profile<path::portable> p;
  p.data.path_id = path::portable::id;
  p.data.path_version = path::portable::version;
  p.data.node_count = p.data.leaf_count = 1;
  p.data.leaves[0].cost[static_cast<int>(regressor::fixed)] = 10;
  for (class_profile& c : p.data.classes) c.root = 0;
  return p;
}();

#ifdef FAULTY
using net = netcut_type<trim_family<small>, cpu, 20>;
#else
using net = netcut_type<trim_family<small>, cpu, 30>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
