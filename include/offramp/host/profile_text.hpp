// A profile as a page that a person reads: for every class of ops its leaves, each as the conditions that lead there
// and the costs that hold there.
#ifndef OFFRAMP_HOST_PROFILE_TEXT_HPP
#define OFFRAMP_HOST_PROFILE_TEXT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <offramp/core/kind.hpp>
#include <offramp/host/profile_header.hpp>
#include <offramp/host/table.hpp>
#include <offramp/latency/profile.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

constexpr const char* short_name(time_unit u) {
  constexpr const char* names[] = {"ns", "cycles", "instructions", "ticks"};
  return static_cast<int>(u) < 4 ? names[static_cast<int>(u)] : "counts";
}

// Three digits that count, two of small numbers: "1.10", "23.4", "120", "4,560", "0.0031".
inline std::string three_digits(double v) {
  if (v >= 999.5) return grouped(std::llround(v));
  if (v >= 0.0995) return fixed(v, v < 9.995 ? 2 : v < 99.95 ? 1 : 0);
  return v > 0 ? fixed(v, std::min(15, 1 - static_cast<int>(std::floor(std::log10(v))))) : "0";
}

// "1.10 ns per kOP": of one, a thousand or a million, so that the number is one people like.
inline std::string cost_text(regressor r, double cost, time_unit unit) {
  struct wording {
    const char* one;
    const char* thousand;
    const char* million;
    const char* behind;
  };
  constexpr wording words[regressors] = {
      {"", "", "", ""},
      {"row", "1000 rows", "1,000,000 rows", ""},
      {"position", "1000 positions", "1,000,000 positions", ""},
      {"output", "1000 outputs", "1,000,000 outputs", ""},
      {"OP", "kOP", "MOP", ""},
      {"OP", "kOP", "MOP", " (output channels rounded up to 8)"},
      {"OP", "kOP", "MOP", " (output channels rounded up to 16)"},
      {"OP", "kOP", "MOP", " (output channels rounded up to 64)"},
      {"OP", "kOP", "MOP", " (input channels rounded up to 32)"},
      {"OP", "kOP", "MOP", " (input channels rounded up to 64)"},
      {"byte", "kB", "MB", " in the windows"},
      {"byte", "kB", "MB", " of input"},
      {"byte", "kB", "MB", " of output"},
      {"byte", "kB", "MB", " of weights"},
      {"byte", "kB", "MB", " of scratch"},
      {"step", "1000 steps", "1,000,000 steps", " that the kernel's rule reckons"},
      {"OP", "kOP", "MOP", " (without those on padding)"},
      {"sign", "1000 signs", "1,000,000 signs", " stored"},
      {"byte", "1000 bytes", "1,000,000 bytes", " stored"},
      {"integer", "1000 integers", "1,000,000 integers", " stored"},
      {"float", "1000 floats", "1,000,000 floats", " stored"},
      {"output", "1000 outputs", "1,000,000 outputs", " added to what was there"},
      {"output", "1000 outputs", "1,000,000 outputs", " with two slopes or a rectifier"},
      {"byte", "kB", "MB", " beyond 32 KiB of operands"},
      {"unit", "1000 units", "1,000,000 units", " of its tiles"},
      {"unit", "1000 units", "1,000,000 units", " of making its input ready"},
      {"output", "1000 outputs", "1,000,000 outputs", " that does not fill a vector"}};
  const wording& w = words[static_cast<int>(r)];
  if (r == regressor::fixed) return three_digits(cost) + " " + short_name(unit);
  const char* per = w.one;
  // OPs and bytes come by the thousand in any case, so that costs of one kind are said alike.
  const bool many = w.thousand[0] == 'k';
  for (const char* larger : {w.thousand, w.million}) {
    if (cost >= (many && larger == w.million ? 0.02 : many ? 1e30 : 0.1)) break;
    cost *= 1000;
    per = larger;
  }
  return three_digits(cost) + " " + short_name(unit) + " per " + per + w.behind;
}

inline std::string leaf_text(const latency_leaf& leaf, time_unit unit) {
  // What grows fastest first, what is there anyway last.
  constexpr regressor order[] = {
      regressor::work,          regressor::work_inside, regressor::work_out_8, regressor::work_out_16,
      regressor::work_out_64,   regressor::work_in_32,  regressor::work_in_64, regressor::reckoned,
      regressor::weight_bytes,  regressor::in_bytes,    regressor::out_bytes,  regressor::gathered_bytes,
      regressor::scratch_bytes, regressor::far_bytes,   regressor::turns,      regressor::moved,
      regressor::outputs,       regressor::to_bits,     regressor::to_bytes,   regressor::to_words,
      regressor::to_floats,     regressor::added,       regressor::bent,       regressor::positions,
      regressor::uneven,        regressor::rows,        regressor::fixed};
  static_assert(sizeof order / sizeof order[0] == regressors);
  std::string text;
  for (const regressor r : order) {
    const double cost = static_cast<double>(leaf.cost[static_cast<int>(r)]);
    if (cost > 0) text += (text.empty() ? "" : " + ") + cost_text(r, cost, unit);
  }
  return text.empty() ? "nothing" : text;
}

// Which loops: a path, and of its kernels which, in which form (kernels/kernel_set.hpp).
inline std::string variant_text(std::int32_t v) {
  std::string text = "kernel " + std::to_string(v % 4096 / 16);
  if (v % 16 != 0) text += " in form " + std::to_string(v % 16);
  return text + " of path " + std::to_string(v / 4096);
}

// "out_channels a multiple of 16", or what holds where that does not.
inline std::string condition_text(const latency_node& n, bool yes) {
  const std::string name = to_string(n.of);
  switch (n.of) {
    case condition::adds: return (n.value != 0) == yes ? "adding to its output" : "not adding to its output";
    case condition::two_slopes: return (n.value != 0) == yes ? "two slopes" : "one slope";
    case condition::variant:
      if (n.test == tree_test::equals) return (yes ? "" : "not ") + variant_text(n.value);
      break;
    case condition::in_kind:
    case condition::out_kind:
      if (n.test == tree_test::equals) return name + (yes ? " " : " not ") + to_string(static_cast<kind>(n.value));
      break;
    case condition::what:
      if (n.test == tree_test::equals)
        return (yes ? "" : "not ") + std::string{to_string(static_cast<op_kind>(n.value))};
      break;
    case condition::in_layout:
    case condition::out_layout:
      if (n.test == tree_test::equals) return name + (yes ? " " : " not ") + to_string(static_cast<layout>(n.value));
      break;
    default: break;
  }
  const std::string value = grouped(n.value);
  switch (n.test) {
    case tree_test::at_most: return name + (yes ? " up to " : " above ") + value;
    case tree_test::multiple_of: return name + (yes ? " a multiple of " : " no multiple of ") + value;
    case tree_test::equals: return name + (yes ? " " : " not ") + value;
    case tree_test::leaf: break;
  }
  return "";
}

struct answered {
  latency_node ask;
  bool yes = false;
};

// A range asked for twice is said once, by the narrower.
inline bool is_implied(const answered& a, const std::vector<answered>& all) {
  if (a.ask.test != tree_test::at_most) return false;
  for (const answered& b : all)
    if (b.ask.test == tree_test::at_most && b.ask.of == a.ask.of && b.yes == a.yes &&
        (a.yes ? b.ask.value < a.ask.value : b.ask.value > a.ask.value))
      return true;
  return false;
}

inline std::string where_text(const std::vector<answered>& on_the_way) {
  std::vector<answered> say;
  for (const answered& a : on_the_way)
    if (!is_implied(a, on_the_way)) say.push_back(a);
  std::string text;
  for (std::size_t i = 0; i < say.size(); ++i) {
    const latency_node& n = say[i].ask;
    std::size_t other = i;  // the other end of a range
    for (std::size_t k = 0; k < say.size(); ++k)
      if (n.test == tree_test::at_most && say[k].ask.test == n.test && say[k].ask.of == n.of && k != i) other = k;
    if (other < i) continue;
    std::string one = condition_text(n, say[i].yes);
    if (other > i) {
      const std::int32_t a = say[i].yes ? say[other].ask.value : n.value;
      const std::int32_t b = say[i].yes ? n.value : say[other].ask.value;
      one = std::string{to_string(n.of)} + " " + grouped(std::int64_t{a} + 1) + " to " + grouped(b);
    }
    text += (text.empty() ? "" : ", ") + one;
  }
  return text;
}

inline void leaves_text(const profile_data& p, int node, std::vector<answered>& on_the_way, std::string& text) {
  const latency_node& n = p.nodes[node];
  if (n.test == tree_test::leaf) {
    const std::string where = where_text(on_the_way);
    text += "  " + (where.empty() ? std::string{} : where + ":\n      ") + leaf_text(p.leaves[n.value], p.unit) + "\n";
    return;
  }
  on_the_way.push_back({n, true});
  leaves_text(p, n.yes, on_the_way, text);
  on_the_way.back().yes = false;
  leaves_text(p, n.no, on_the_way, text);
  on_the_way.pop_back();
}

inline std::string percent(double share) { return fixed(share * 100, 1) + " %"; }

inline std::string ops_text(double ops) {
  if (ops < 1e3) return fixed(ops, 0) + " OPs";
  return ops < 1e6 ? fixed(ops / 1e3, 1) + " kOPs" : fixed(ops / 1e6, 1) + " MOPs";
}

}  // namespace detail

// Lines of text; throws where the profile is not sound.
inline std::string profile_text(const profile_data& p) {
  detail::expect_sound(p, detail::called(p));
  const std::string unit = detail::short_name(p.unit);
  std::string text = std::string{p.name[0] != 0 ? p.name : "a CPU without a name"} + "\n";
  text += std::string{"  "} + to_string(p.from) + " in " + to_string(p.unit) + " on " + grouped(p.samples) +
          " ops; kernels: path " + std::to_string(p.path_id) + " in version " + std::to_string(p.path_version);
  if (p.gigahertz > 0) text += "; " + fixed(static_cast<double>(p.gigahertz), 2) + " GHz";
  text += "\n";
  if (p.repeatability > 0)
    text += "  two measurements of one op differ by " + detail::percent(static_cast<double>(p.repeatability)) + "\n";
  text += "  beside the ops: " + detail::three_digits(static_cast<double>(p.per_sample)) + " " + unit +
          " per sample + " + detail::three_digits(static_cast<double>(p.per_step)) + " " + unit + " per op + " +
          detail::three_digits(static_cast<double>(p.per_exit)) + " " + unit + " per exit\n";
  if (p.quantile > 0)
    text += "  " + detail::percent(static_cast<double>(p.quantile)) + " of runs of unseen networks took at most " +
            fixed(static_cast<double>(p.quantile_ratio), 3) + " times what is predicted\n";
  std::string missing;
  for (int c = 0; c < op_classes; ++c) {
    const class_profile& one = p.classes[c];
    const std::string name = to_string(static_cast<op_class>(c));
    if (one.root == class_profile::not_measured) {
      missing += (missing.empty() ? "" : ", ") + name;
      continue;
    }
    text += "\n" + name + " (off by " + detail::percent(static_cast<double>(one.error)) +
            " on ops it was not fitted on; known up to " + detail::ops_text(static_cast<double>(one.largest_work));
    if (one.gigahertz > 0) text += "; " + fixed(static_cast<double>(one.gigahertz), 2) + " GHz";
    text += ")\n";
    std::vector<detail::answered> on_the_way;
    detail::leaves_text(p, one.root, on_the_way, text);
  }
  if (!missing.empty()) text += "\nnot measured: " + missing + "\n";
  return text;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
