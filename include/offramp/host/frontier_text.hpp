// A frontier to look at, and to compile: a table, a picture, a sentence about a choice, and a header of constants for a
// device.
#ifndef OFFRAMP_HOST_FRONTIER_TEXT_HPP
#define OFFRAMP_HOST_FRONTIER_TEXT_HPP

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/plot_data.hpp>
#include <offramp/host/search_frontier.hpp>
#include <offramp/host/table.hpp>
#include <offramp/select/selector.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// Nanoseconds are shown as microseconds, all else as it is.
inline double shown_time(double counts, time_unit unit) {
  return unit == time_unit::nanoseconds ? counts / 1000 : counts;
}
inline std::string name_of_shown(time_unit unit) {
  switch (unit) {
    case time_unit::nanoseconds: return "us";
    case time_unit::cycles: return "cycles";
    case time_unit::instructions: return "instructions";
    case time_unit::ticks: return "ticks";
  }
  return "counts";
}
inline std::string time_text(double counts, time_unit unit) {
  return unit == time_unit::nanoseconds ? fixed(counts / 1000, 1) : grouped(static_cast<long long>(counts));
}
inline std::string accuracy_text(std::uint32_t e4) { return fixed(e4 / 100.0, 2) + " %"; }

inline std::string value_text(limit l, std::uint32_t value, time_unit unit) {
  switch (l) {
    case limit::deadline: return time_text(value, unit) + ' ' + name_of_shown(unit);
    case limit::energy: return grouped(value) + " nJ";
    case limit::accuracy: return accuracy_text(value);
    case limit::arena_bytes:
    case limit::weight_bytes: break;
  }
  return grouped(value) + " bytes";
}

}  // namespace detail

// One row a point; `chosen` is pointed at.
inline table frontier_table(const searched_frontier& f, int chosen = -1) {
  const std::string unit = ' ' + detail::name_of_shown(f.unit);
  const bool energy =
      std::any_of(f.points.begin(), f.points.end(), [](const frontier_point& p) { return p.energy_nj != no_limit; });
  std::vector<std::string> head = {"",    "network", "level", "exits", "right", "mean" + unit, "longest" + unit,
                                   "RAM", "weights"};
  if (energy) head.emplace_back("nJ");
  table t{head};
  for (std::size_t i = 0; i < f.points.size(); ++i) {
    const frontier_point& p = f.points[i];
    std::string exits;
    for (int k = 0; k < p.choice.cut; ++k) exits += p.choice.may_leave_at(k) ? std::to_string(k + 1) + ' ' : "- ";
    if (!exits.empty()) exits.pop_back();
    const auto name = f.names.find(p.choice.network);
    std::vector<std::string> row = {static_cast<int>(i) == chosen ? "->" : "",
                                    name == f.names.end() ? std::to_string(p.choice.network) : name->second,
                                    std::to_string(p.choice.level),
                                    exits,
                                    detail::accuracy_text(p.accuracy_e4),
                                    detail::time_text(p.mean_cost, f.unit),
                                    detail::time_text(p.longest_path, f.unit),
                                    grouped(p.arena_bytes),
                                    grouped(p.weight_bytes)};
    if (energy) row.push_back(p.energy_nj == no_limit ? "-" : grouped(p.energy_nj));
    t.add(std::move(row));
  }
  return t;
}

// What was chosen, or what binds and by how much.
inline std::string describe(const selection& s, const searched_frontier& f) {
  if (s.nearest < 0) return "there is nothing to choose from: the frontier is empty";
  const frontier_point& p = f.points.at(static_cast<std::size_t>(s.nearest));
  std::string name = "network " + std::to_string(p.choice.network);
  if (const auto at = f.names.find(p.choice.network); at != f.names.end()) name = at->second;
  const std::string point = "point " + std::to_string(s.nearest) + " (" + name + ", " +
                            detail::accuracy_text(p.accuracy_e4) + " right, mean " +
                            detail::value_text(limit::deadline, p.mean_cost, f.unit) + ", longest path " +
                            detail::value_text(limit::deadline, p.longest_path, f.unit) + ")";
  if (s) return point;
  std::string text = "nothing keeps all limits; " + point + " comes nearest and misses";
  const char* comma = " ";
  for (int l = 0; l < limits; ++l) {
    if (s.misses.by[l] == 0) continue;
    const auto which = static_cast<limit>(l);
    text += comma + std::string{"the "} + to_string(which) + " of " +
            detail::value_text(which, s.misses.allowed[l], f.unit) + " by " +
            detail::value_text(which, s.misses.by[l], f.unit);
    comma = " and ";
  }
  return text;
}

// Accuracy against mean time, a curve for each network; `chosen` points are marked with their texts.
inline curve_plot frontier_plot(const searched_frontier& f, std::string title,
                                const std::vector<std::pair<int, std::string>>& chosen = {}) {
  curve_plot plot;
  plot.title = std::move(title);
  plot.x.label = "predicted mean time (" + detail::name_of_shown(f.unit) + ")";
  plot.y.label = "right (%)";
  std::vector<int> networks;
  for (const frontier_point& p : f.points)
    if (std::find(networks.begin(), networks.end(), p.choice.network) == networks.end())
      networks.push_back(p.choice.network);
  std::sort(networks.begin(), networks.end());
  const auto x = [&](const frontier_point& p) { return detail::shown_time(p.mean_cost, f.unit); };
  for (const int n : networks) {
    const auto name = f.names.find(n);
    curve c;
    c.name = name == f.names.end() ? "network " + std::to_string(n) : name->second;
    c.line = false;
    for (const frontier_point& p : f.points)
      if (p.choice.network == n) c.x.push_back(x(p)), c.y.push_back(p.accuracy_e4 / 100.0);
    plot.curves.push_back(std::move(c));
  }
  for (const auto& [at, text] : chosen) {
    if (at < 0 || at >= static_cast<int>(f.points.size()))
      throw error("frontier_plot: found the chosen point " + std::to_string(at) + ", expected 0 to " +
                  std::to_string(static_cast<int>(f.points.size()) - 1));
    const frontier_point& p = f.points[static_cast<std::size_t>(at)];
    plot.marks.push_back({text, x(p), p.accuracy_e4 / 100.0});
  }
  return plot;
}

// C++ source: `name`, an array of frontier_point that is checked where it is compiled, and `name`_thresholds_N, the
// lists of thresholds of network N. Throws unless `name` is an identifier.
inline std::string frontier_header(const searched_frontier& f, const std::string& name) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const bool fits = !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return letter(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
  if (!fits) throw error("frontier_header: found the name '" + name + "', expected an identifier of C++");
  if (f.points.empty()) throw error("frontier_header: the frontier has no points, expected at least one");
  std::string guard = "OFFRAMP_FRONTIER_" + name + "_HPP";
  for (char& c : guard) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto number = [](std::uint32_t v) {
    return v == no_limit ? std::string{"offramp::no_limit"} : std::to_string(v) + 'u';
  };
  const char* units[] = {"nanoseconds", "cycles", "instructions", "ticks"};
  const char* kinds[] = {"none", "bits", "u8", "i8", "i16", "i32", "f32"};
  std::string out =
      "// What there is to choose from, by search_frontier: {choice, mean, longest path, arena bytes, weight "
      "bytes, nJ,\n// accuracy in 1/10000}; choice is {network, path, thresholds, level, cut, precision, "
      "exits}.\n";
  for (const auto& [n, text] : f.names) {
    std::string line = text;
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\\'; }, ' ');
    out += "// Network " + std::to_string(n) + ": " + line + "\n";
  }
  out += "#ifndef " + guard + "\n#define " + guard +
         "\n\n#include <offramp/exits/thresholds.hpp>\n#include <offramp/select/frontier.hpp>\n\n"
         "inline constexpr offramp::frontier_point " +
         name + "_points[] = {\n";
  for (const frontier_point& p : f.points) {
    const configuration& c = p.choice;
    out += "    {{" + std::to_string(c.network) + ", " + std::to_string(c.path) + ", " + std::to_string(c.thresholds) +
           ", " + std::to_string(c.level) + ", " + std::to_string(c.cut) +
           ", offramp::kind::" + kinds[static_cast<int>(c.precision)] + ", " + std::to_string(c.exits) + "u}, " +
           number(p.mean_cost) + ", " + number(p.longest_path) + ", " + number(p.arena_bytes) + ", " +
           number(p.weight_bytes) + ", " + number(p.energy_nj) + ", " + std::to_string(p.accuracy_e4) + "},\n";
  }
  out += "};\ninline constexpr offramp::frontier_view " + name + "{" + name +
         "_points, offramp::time_unit::" + units[static_cast<int>(f.unit)] +
         "};\nstatic_assert(offramp::check_frontier(" + name + ") == offramp::frontier_status::ok);\n";
  for (const auto& [n, sets] : f.thresholds_q16) {
    if (sets.empty()) continue;
    out += "\ninline constexpr offramp::exit_thresholds<" + std::to_string(sets.front().size()) + "> " + name +
           "_thresholds_" + std::to_string(n) + "[] = {\n";
    for (const auto& set : sets) {
      out += "    {{";
      const char* comma = "";
      for (const std::int32_t t : set) {
        out += comma + (t == always_q16 ? std::string{"-2147483647 - 1"} : std::to_string(t));
        comma = ", ";
      }
      out += "}},\n";
    }
    out += "};\n";
  }
  return out + "\n#endif\n";
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
