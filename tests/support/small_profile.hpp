// A latency profile written by hand, with every kind of test, classes that were measured and classes that were not.
#ifndef OFFRAMP_TESTS_SUPPORT_SMALL_PROFILE_HPP
#define OFFRAMP_TESTS_SUPPORT_SMALL_PROFILE_HPP

#include <initializer_list>
#include <utility>

#include <offramp/latency/profile.hpp>

namespace offramp_test {

constexpr offramp::latency_leaf costs(std::initializer_list<std::pair<offramp::regressor, float>> given) {
  offramp::latency_leaf leaf;
  for (const auto& [r, cost] : given) leaf.cost[static_cast<int>(r)] = cost;
  return leaf;
}

// Of path::portable, in nanoseconds.
inline constexpr offramp::profile_data small_profile = [] {
  using namespace offramp;
  profile_data p{.name = "board \"7\", C:\\x", .unit = time_unit::nanoseconds, .from = provenance::emulated};
  p.path_id = path::portable::id;
  p.path_version = path::portable::version;
  p.gigahertz = 0.168f;
  p.alone = 1.155f;
  p.per_sample = 31.3f;
  p.per_step = 7.5f;
  p.per_exit = 100;
  p.quantile = 0.99f;
  p.quantile_ratio = 1.07f;
  p.repeatability = 0.012f;
  p.samples = 1234;
  const auto measured = [&](op_class c, int root, float largest, float error) {
    class_profile& to = p.classes[static_cast<int>(c)];
    to.root = static_cast<std::uint8_t>(root);
    to.largest_work = largest;
    to.error = error;
  };
  measured(op_class::binary_conv, 0, 2.5e6f, 0.031f);
  measured(op_class::integer_conv, 7, 123456789.0f, 1.0f / 3);
  measured(op_class::pool, 8, 900, 0);
  p.classes[static_cast<int>(op_class::pool)].gigahertz = 0.084f;
  const latency_node nodes[] = {{tree_test::multiple_of, condition::out_channels, 16, 1, 2},
                                {tree_test::leaf, {}, 0, 0, 0},
                                {tree_test::at_most, condition::weight_bytes, 32768, 3, 6},
                                {tree_test::at_most, condition::weight_bytes, 1024, 4, 5},
                                {tree_test::leaf, {}, 1, 0, 0},
                                {tree_test::leaf, {}, 2, 0, 0},
                                {tree_test::leaf, {}, 3, 0, 0},
                                {tree_test::leaf, {}, 4, 0, 0},
                                {tree_test::equals, condition::in_kind, static_cast<int>(kind::i8), 9, 10},
                                {tree_test::leaf, {}, 5, 0, 0},
                                {tree_test::leaf, {}, 6, 0, 0}};
  for (const latency_node& n : nodes) p.nodes[p.node_count++] = n;
  const latency_leaf leaves[] = {
      costs({{regressor::work, 0.0011f}, {regressor::weight_bytes, 0.0002f}, {regressor::fixed, 120}}),
      costs({{regressor::work, 0.0015f}, {regressor::fixed, 1e-3f}}),
      costs({{regressor::work_out_64, 1.7e-3f}, {regressor::rows, 3.5f}}),
      costs({{regressor::work, 2.25e-7f}, {regressor::reckoned, 0.3f}}),
      costs({{regressor::work, 1.0f / 3}, {regressor::in_bytes, 0.7f}, {regressor::fixed, 4567}}),
      costs({{regressor::outputs, 12.5f}}),
      costs({{regressor::positions, 0.05f}, {regressor::outputs, 30.25f}, {regressor::scratch_bytes, 1e-9f}})};
  for (const latency_leaf& leaf : leaves) p.leaves[p.leaf_count++] = leaf;
  return p;
}();

// In every figure that counts; nodes and leaves as far as they are in use.
constexpr bool same_profile(const offramp::profile_data& a, const offramp::profile_data& b) {
  bool same = a.unit == b.unit && a.from == b.from && a.path_id == b.path_id && a.path_version == b.path_version &&
              a.features == b.features && a.gigahertz == b.gigahertz && a.alone == b.alone &&
              a.per_sample == b.per_sample && a.per_step == b.per_step && a.per_exit == b.per_exit &&
              a.quantile == b.quantile && a.quantile_ratio == b.quantile_ratio && a.repeatability == b.repeatability &&
              a.samples == b.samples && a.node_count == b.node_count && a.leaf_count == b.leaf_count;
  for (int i = 0; i < static_cast<int>(sizeof a.name); ++i) same = same && a.name[i] == b.name[i];
  for (int c = 0; c < offramp::op_classes; ++c) {
    const offramp::class_profile& x = a.classes[c];
    const offramp::class_profile& y = b.classes[c];
    same = same && x.root == y.root && x.largest_work == y.largest_work && x.error == y.error &&
           x.gigahertz == y.gigahertz;
  }
  for (int i = 0; same && i < a.node_count; ++i) {
    const offramp::latency_node& x = a.nodes[i];
    const offramp::latency_node& y = b.nodes[i];
    same = x.test == y.test && x.of == y.of && x.value == y.value && x.yes == y.yes && x.no == y.no;
  }
  for (int i = 0; same && i < a.leaf_count; ++i)
    for (int r = 0; r < offramp::regressors; ++r) same = same && a.leaves[i].cost[r] == b.leaves[i].cost[r];
  return same;
}

}  // namespace offramp_test

#endif
