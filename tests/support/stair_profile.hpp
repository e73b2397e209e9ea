// A profile made by hand, of which predictions can be worked out on paper: convolutions cost by their output channels
// rounded up to 16, as on a CPU with vectors of 16, everything else a fixed amount.
#ifndef OFFRAMP_TESTS_SUPPORT_STAIR_PROFILE_HPP
#define OFFRAMP_TESTS_SUPPORT_STAIR_PROFILE_HPP

#include <offramp/latency/profile.hpp>

namespace offramp_test {

using namespace offramp;

inline constexpr float stair_fixed = 2;      // of any op
inline constexpr float stair_per_op = 0.5f;  // of convolutions: an OP, output channels rounded up to 16

template <class Path>
constexpr cpu_profile<Path> stair_profile() {
  cpu_profile<Path> cpu;
  profile_data& p = cpu.data;
  p.name[0] = 's';
  p.path_id = Path::id;
  p.path_version = Path::version;
  p.quantile_ratio = 1.25f;
  const auto leaf = [&](float fixed, float work_out_16) {
    latency_leaf& l = p.leaves[p.leaf_count++];
    l.cost[static_cast<int>(regressor::fixed)] = fixed;
    l.cost[static_cast<int>(regressor::work_out_16)] = work_out_16;
    latency_node& n = p.nodes[p.node_count];
    n.value = p.leaf_count - 1;
    return static_cast<std::uint8_t>(p.node_count++);
  };
  const std::uint8_t conv = leaf(stair_fixed, stair_per_op), other = leaf(stair_fixed, 0);
  for (class_profile& c : p.classes) {
    c.root = other;
    c.largest_work = 1e9f;
  }
  for (const op_class c : {op_class::binary_conv, op_class::mixed_conv, op_class::integer_conv, op_class::float_conv})
    p.classes[static_cast<int>(c)].root = conv;
  return cpu;
}

// Every class a tree of its own with a condition, every regressor a cost: whatever differs, the prediction does.
template <class Path>
constexpr cpu_profile<Path> busy_profile() {
  cpu_profile<Path> cpu;
  profile_data& p = cpu.data;
  p.path_id = Path::id;
  p.path_version = Path::version;
  p.quantile_ratio = 1.5f;
  p.per_sample = 11;
  p.per_step = 0.75f;
  p.per_exit = 3;
  for (int c = 0; c < op_classes; ++c) {
    p.classes[c].root = static_cast<std::uint8_t>(p.node_count);
    p.classes[c].largest_work = 30000;
    latency_node& test = p.nodes[p.node_count++];
    test.test = tree_test::multiple_of;
    test.of = condition::out_channels;
    test.value = 8;
    test.yes = static_cast<std::uint8_t>(p.node_count);
    test.no = static_cast<std::uint8_t>(p.node_count + 1);
    for (int child = 0; child < 2; ++child) {
      p.nodes[p.node_count++].value = p.leaf_count;
      latency_leaf& l = p.leaves[p.leaf_count++];
      for (int r = 0; r < regressors; ++r) l.cost[r] = 0.01f * static_cast<float>((7 * r + 3 * c + 5 * child) % 11 + 1);
    }
  }
  return cpu;
}

}  // namespace offramp_test

#endif
