// A profile that is easy to reckon with: one count per OP, whatever the op; longest paths a quarter longer.
#ifndef OFFRAMP_TESTS_SELECT_FLAT_PROFILE_HPP
#define OFFRAMP_TESTS_SELECT_FLAT_PROFILE_HPP

#include <offramp/latency/profile.hpp>

namespace offramp_test {

template <class Path>
constexpr offramp::cpu_profile<Path> flat_profile() {
  offramp::cpu_profile<Path> cpu;
  cpu.data.path_id = Path::id;
  cpu.data.path_version = Path::version;
  cpu.data.quantile_ratio = 1.25f;
  cpu.data.node_count = cpu.data.leaf_count = 1;
  cpu.data.leaves[0].cost[static_cast<int>(offramp::regressor::work)] = 1;
  for (offramp::class_profile& c : cpu.data.classes) c.root = 0, c.largest_work = 1e9f;
  return cpu;
}

}  // namespace offramp_test

#endif
