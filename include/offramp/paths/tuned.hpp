// Opt-in: `path::tuned<cpu>`, the kernels of another path with layouts of signs by the latency profile of one CPU. A
// path's own rule weighs its kernels as on the machine that it was fitted on. Here, a convolution of signs gets another
// one of the layouts that the rule weighs where the profile predicts it to take less in that one, a conversion before
// and one behind it included: so the change pays whatever layouts its neighbours have. It has to do so even if the one
// prediction is too short and the other too long by what the profile errs by on such convolutions.
#ifndef OFFRAMP_PATHS_TUNED_HPP
#define OFFRAMP_PATHS_TUNED_HPP

#include <cstdint>
#include <limits>
#include <type_traits>

#include <offramp/core/hash.hpp>
#include <offramp/latency/predict.hpp>

namespace offramp::inline OFFRAMP_ABI {

namespace detail {

// The layout of a convolution of signs, input and output alike, as `p` predicts; that of Base's rule for all other ops,
// and where the rule or the profile has no figure.
template <class Base>
constexpr layout layout_by_profile(const profile_data& p, const kernel_op& op) {
  const layout rule = kernels::reads<Base>(op);
  if (class_of(op.signature) != op_class::binary_conv || op.signature.out != kind::bits) return rule;
  const kernel_op all = for_stored_channels(op);
  const auto takes = [&](layout l) {
    kernel_op o = all;
    o.signature.in_layout = o.signature.out_layout = l;
    // What the rule does not reckon runs by plain loops that nobody measured.
    if (!kernels::writes<Base>(o, l) || kernels::reckoned<Base>(o).loops == 0)
      return std::numeric_limits<double>::infinity();
    return op_latency(p, features<Base>(o, static_cast<std::int64_t>(4 * kernels::weight_words<Base>(o))));
  };
  const auto converts = [&](shape e, layout from, layout to) {
    const kernel_op o{{op_kind::convert, kind::bits, kind::none, kind::bits, false, from, to},
                      make_window(e, e.c, 1, 1, 1, 0, 0)};
    return op_latency(p, features<Base>(o, 0));
  };
  layout best = rule;
  const double by_rule = takes(rule);
  if (by_rule == std::numeric_limits<double>::infinity()) return rule;
  const double error = static_cast<double>(p.classes[static_cast<int>(op_class::binary_conv)].error);
  double least = by_rule * (1 - error) / (1 + error);
  constexpr layout every[] = {layout::nhwc, layout::nhwc_wide, layout::bit_planes, layout::bit_rows};
  for (const layout l : every) {
    if (l == rule) continue;
    const double t = takes(l) + converts(all.geometry.in, rule, l) + converts(all.geometry.out, l, rule);
    if (t < least) least = t, best = l;
  }
  return best;
}

// Of what decides about layouts: what a profile says about convolutions of signs and conversions, and the kernels' own
// version.
constexpr std::uint16_t rule_version(const profile_data& p, std::uint16_t kernels) {
  const float error = p.classes[static_cast<int>(op_class::binary_conv)].error;
  std::uint64_t h = hash_mix(hash_mix(hash_seed, int{kernels}), __builtin_bit_cast(std::uint32_t, error));
  constexpr op_class deciding[] = {op_class::binary_conv, op_class::rearrange};
  for (const op_class c : deciding) {
    bool asked[profile_data::max_nodes]{};
    const std::uint8_t root = p.classes[static_cast<int>(c)].root;
    h = hash_mix(h, root == class_profile::not_measured ? 0 : 1);
    if (root != class_profile::not_measured) asked[root] = true;
    for (int i = 0; i < p.node_count; ++i) {  // children follow their parent
      if (!asked[i]) continue;
      const latency_node& n = p.nodes[i];
      h = hash_mix(h, static_cast<int>(n.test));
      if (n.test == tree_test::leaf) {
        for (const float cost : p.leaves[n.value].cost) h = hash_mix(h, __builtin_bit_cast(std::uint32_t, cost));
        continue;
      }
      asked[n.yes] = asked[n.no] = true;
      h = hash_mix(hash_mix(h, static_cast<int>(n.of)), n.value);
      h = hash_mix(hash_mix(h, n.yes - i), n.no - i);
    }
  }
  return static_cast<std::uint16_t>(h ^ h >> 16 ^ h >> 32 ^ h >> 48);
}

struct path_label {
  char text[48]{};
};
constexpr path_label tuned_name(const char* of) {
  path_label l;
  int n = 0;
  for (; of[n] != 0 && n < 40; ++n) l.text[n] = of[n];
  for (const char c : "_tuned") l.text[n++] = c;
  return l;
}

}  // namespace detail

namespace path {

// `Cpu`: a constexpr cpu_profile<Path>. All other ops, and all results, are those of Path. Its id is Path's with the
// highest bit set and its version a hash of the profile: models packed for one of them are refused by the other, as are
// those packed by another profile.
template <const auto& Cpu>
struct tuned {
  using parent = typename std::remove_cvref_t<decltype(Cpu)>::path;
  static_assert(profile_of_path<check_profile<parent>(Cpu.data)>::checked);
  static constexpr std::uint16_t id = 0x8000u | parent::id;
  static constexpr std::uint16_t version = detail::rule_version(Cpu.data, parent::version);

 private:
  static constexpr detail::path_label label = detail::tuned_name(parent::name);

 public:
  static constexpr const char* name = label.text;
  static constexpr const char* about = "the kernels of the path of this name, layouts of signs by a CPU's profile";
  static constexpr unsigned alignment = alignment_of<parent>;

  // The same profile, for predictions of what is planned on this path: latency<Net>(path::tuned<cpu>::profile).
  static constexpr cpu_profile<tuned> profile = [] {
    cpu_profile<tuned> p{Cpu.data};
    p.data.path_id = id;
    p.data.path_version = version;
    return p;
  }();
};

}  // namespace path

namespace kernels {

template <const auto& Cpu>
struct traits<path::tuned<Cpu>> : traits<typename path::tuned<Cpu>::parent> {
  static constexpr bool runs(const op_signature&) { return false; }
  static constexpr layout prefers(const kernel_op& op) {
    return offramp::detail::layout_by_profile<typename path::tuned<Cpu>::parent>(Cpu.data, op);
  }
};

}  // namespace kernels

}  // namespace offramp::inline OFFRAMP_ABI

#endif
