// What a CPU's speed looks like: for every class of ops a linear model tree, whose leaves are sums of counts times
// non-negative costs. Plain data, so that a prediction is a constant expression; measured and fitted on the host
// (host/fit_latency.hpp), kept as JSON and as a constexpr header.
#ifndef OFFRAMP_LATENCY_PROFILE_HPP
#define OFFRAMP_LATENCY_PROFILE_HPP

#include <cstdint>

#include <offramp/core/status.hpp>
#include <offramp/latency/features.hpp>
#include <offramp/timing/clock.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Where the figures of a profile come from.
enum class provenance : std::uint8_t { measured, emulated, estimated };

constexpr const char* to_string(provenance p) {
  constexpr const char* names[] = {"measured", "emulated", "estimated"};
  return static_cast<int>(p) < 3 ? names[static_cast<int>(p)] : "unknown";
}

// What a node of a tree asks; a leaf asks nothing.
enum class tree_test : std::uint8_t { leaf, at_most, multiple_of, equals };

constexpr const char* to_string(tree_test t) {
  constexpr const char* names[] = {"leaf", "at_most", "multiple_of", "equals"};
  return static_cast<int>(t) < 4 ? names[static_cast<int>(t)] : "unknown";
}

struct latency_node {
  tree_test test = tree_test::leaf;
  condition of{};
  std::int32_t value = 0;  // of a leaf: its number
  std::uint8_t yes = 0;    // nodes
  std::uint8_t no = 0;

  [[nodiscard]] constexpr bool holds(const op_features& f) const {
    const std::int32_t v = f.get(of);
    switch (test) {
      case tree_test::at_most: return v <= value;
      case tree_test::multiple_of: return value > 0 && v % value == 0;
      case tree_test::equals: return v == value;
      case tree_test::leaf: break;
    }
    return false;
  }
};

struct latency_leaf {
  float cost[regressors]{};  // counts of the profile's unit per one of each regressor, none negative
};

// What is known of one class.
struct class_profile {
  static constexpr std::uint8_t not_measured = 255;
  std::uint8_t root = not_measured;  // node
  float largest_work = 0;            // OPs of the largest op measured: beyond it, a prediction extrapolates
  float error = 0;                   // mean |predicted - measured| / measured on ops that it was not fitted on
  float gigahertz = 0;               // clock while ops of this class run, for units of cycles; 0: that of the profile
};

struct profile_data {
  static constexpr int max_nodes = 250;
  static constexpr int max_leaves = 128;

  char name[64]{};  // "Intel Xeon (avx512_popcnt)"
  time_unit unit = time_unit::nanoseconds;
  provenance from = provenance::measured;
  std::uint16_t path_id = 0;
  std::uint16_t path_version = 0;
  std::uint16_t features = features_version;
  float gigahertz = 0;       // cycles per nanosecond while it was measured (timing/control_chain.hpp); 0: not known
  float alone = 0;           // ratio of the control's loops with the core running nothing else; 0: not known
  float per_sample = 0;      // beside the ops, in counts: entering and leaving a session,
  float per_step = 0;        // going from op to op,
  float per_exit = 0;        // judging a head
  float quantile = 0;        // share of runs of unseen networks within
  float quantile_ratio = 1;  // this ratio of measured to predicted time
  float repeatability = 0;   // median relative difference of two measurements of one op
  std::int32_t samples = 0;  // ops measured
  class_profile classes[op_classes]{};
  std::int32_t node_count = 0;
  latency_node nodes[max_nodes]{};
  std::int32_t leaf_count = 0;
  latency_leaf leaves[max_leaves]{};
};

// The profile as it is at another clock, in cycles per nanosecond: read the control, cycles_per_ns(). Costs in
// nanoseconds grow as the clock falls; all others, and those of a profile without a clock, are as they were. What waits
// for memory beyond the core's own caches does not follow the clock.
constexpr profile_data at_clock(profile_data p, double gigahertz) {
  if (!(p.gigahertz > 0) || !(gigahertz > 0)) return p;
  const double slower = static_cast<double>(p.gigahertz) / gigahertz;
  const auto scale = [slower](float& v) { v = static_cast<float>(static_cast<double>(v) * slower); };
  if (p.unit == time_unit::nanoseconds) {
    for (int i = 0; i < p.leaf_count; ++i)
      for (float& c : p.leaves[i].cost) scale(c);
    scale(p.per_sample);
    scale(p.per_step);
    scale(p.per_exit);
  }
  for (class_profile& c : p.classes) c.gigahertz = static_cast<float>(static_cast<double>(c.gigahertz) / slower);
  p.gigahertz = static_cast<float>(gigahertz);
  return p;
}

// A profile of the kernels of Path, in the version they have now.
template <class Path>
struct cpu_profile {
  using path = Path;
  profile_data data{};
};

// Can `p` be used for Path, and is it sound? Malformed are trees that lead nowhere, and costs that are negative or not
// numbers.
enum class profile_status : std::uint8_t { ok, wrong_path, wrong_version, wrong_features, malformed };

constexpr const char* to_string(profile_status s) {
  constexpr const char* names[] = {"ok", "wrong_path", "wrong_version", "wrong_features", "malformed"};
  return static_cast<int>(s) < 5 ? names[static_cast<int>(s)] : "unknown";
}

constexpr bool is_sound(const profile_data& p) {
  if (p.node_count < 0 || p.node_count > profile_data::max_nodes) return false;
  if (p.leaf_count < 0 || p.leaf_count > profile_data::max_leaves) return false;
  for (int i = 0; i < p.node_count; ++i) {
    const latency_node& n = p.nodes[i];
    if (static_cast<int>(n.test) > 3 || static_cast<int>(n.of) >= conditions) return false;
    if (n.test == tree_test::leaf) {
      if (n.value < 0 || n.value >= p.leaf_count) return false;
    } else if (n.yes <= i || n.no <= i || n.yes >= p.node_count || n.no >= p.node_count) {
      return false;  // children follow their parent, so that every walk ends
    }
  }
  for (int i = 0; i < p.leaf_count; ++i)
    for (const float c : p.leaves[i].cost)
      if (!(c >= 0 && c < 1e30f)) return false;
  for (const class_profile& c : p.classes) {
    if (c.root != class_profile::not_measured && c.root >= p.node_count) return false;
    const float figures[] = {c.largest_work, c.error, c.gigahertz};
    for (const float v : figures)
      if (!(v >= 0 && v < 1e30f)) return false;
  }
  const float figures[] = {p.gigahertz, p.per_sample, p.per_step, p.per_exit, p.quantile, p.repeatability, p.alone};
  for (const float v : figures)
    if (!(v >= 0 && v < 1e30f)) return false;
  return p.quantile_ratio >= 1 && p.quantile_ratio < 1e6f;
}

template <class Path>
constexpr profile_status check_profile(const profile_data& p) {
  if (p.path_id != Path::id) return profile_status::wrong_path;
  if (p.path_version != Path::version) return profile_status::wrong_version;
  if (p.features != features_version) return profile_status::wrong_features;
  return is_sound(p) ? profile_status::ok : profile_status::malformed;
}

// For types made from a constexpr profile: status_of the profile must be ok.
template <profile_status Status>
struct profile_of_path {
  static_assert(Status == profile_status::ok,
                "offramp: this profile is of another path or version of it, or malformed: measure this CPU again");
  static constexpr bool checked = true;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
