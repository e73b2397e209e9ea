// A profile of another version of a path's kernels says nothing about the present ones.
// expect: offramp: this profile is of another path or version of it, or malformed: measure this CPU again
// expect: profile_of_path<|wrong_version

#include <offramp/elastic/trim.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using small = network<image<8, 8, 1>, stage<conv2d<8, 3>, relu, conv2d<8, 3>, relu>, exit_head<3>>;

constexpr cpu_profile<path::portable> cpu = [] {
  cpu_profile<path::portable> p;
  p.data.path_id = path::portable::id;
#ifdef FAULTY
  p.data.path_version = path::portable::version + 1;
#else
  p.data.path_version = path::portable::version;
#endif
  p.data.node_count = p.data.leaf_count = 1;
  for (class_profile& c : p.data.classes) c.root = 0;
  return p;
}();

using net = netcut_type<trim_family<small>, cpu, 20>;
[[maybe_unused]] constexpr auto described = net::view();
