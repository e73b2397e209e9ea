// Pictures and tables of the measurements: accuracy against four costs, and where binary networks win, tie and lose.
#ifndef BENCHMARKS_ISO_ACCURACY_SHOW_HPP
#define BENCHMARKS_ISO_ACCURACY_SHOW_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <offramp/host/plot.hpp>
#include <offramp/host/table.hpp>

#include "benchmarks/iso_accuracy/results.hpp"

namespace iso {

namespace detail {

inline const char* title_of(const std::string& set) { return set == "cifar10" ? "CIFAR-10" : "Fashion-MNIST"; }

inline std::vector<std::string> sets_of(const std::vector<point>& points) {
  std::vector<std::string> sets;
  for (const point& p : points)
    if (std::find(sets.begin(), sets.end(), p.set) == sets.end()) sets.push_back(p.set);
  return sets;
}

// Curves that have no point stay in the list, so that every panel gives a kind the same colour.
inline host::curve_plot panel(const std::vector<point>& points, const std::string& set, int axis) {
  host::curve_plot plot;
  plot.title = title_of(set);
  plot.x = {axes[axis].label};
  plot.x.logarithmic = true;
  plot.y = {"test accuracy (%)"};
  for (const bool adaptive : {false, true})
    for (const char* const kind : {"float", "int8", "binary"}) {
      host::curve c;
      c.name = std::string{kind} + (adaptive ? ", exits" : "");
      for (const point& p : points) {
        if (p.set != set || p.kind != kind || p.adaptive != adaptive || !(p.cost[axis] > 0)) continue;
        c.x.push_back(p.cost[axis] / axes[axis].unit);
        c.y.push_back(100 * p.accuracy);
        c.error.push_back(100 * std::sqrt(p.accuracy * (1 - p.accuracy) / static_cast<double>(p.right.size())));
      }
      plot.curves.push_back(std::move(c));
    }
  // Whole decades would leave half of a small panel empty.
  double low = HUGE_VAL, high = 0;
  for (const point& p : points)
    if (p.cost[axis] > 0) low = std::min(low, p.cost[axis]), high = std::max(high, p.cost[axis]);
  plot.x.low = low / axes[axis].unit / 1.3;
  plot.x.high = high / axes[axis].unit * 1.3;
  return plot;
}

inline bool measured(const std::vector<point>& points, const std::string& set, int axis) {
  return std::any_of(points.begin(), points.end(), [&](const point& p) { return p.set == set && p.cost[axis] > 0; });
}

inline std::string shown(double cost, int axis) {
  return std::isfinite(cost) ? host::fixed(cost / axes[axis].unit, axes[axis].decimals) : "-";
}

inline host::table all_rows(const std::vector<point>& points, const std::string& set) {
  std::vector<std::string> headers{"network", "accuracy %", "last exit %", "left at exits %"};
  for (const cost_axis& a : axes) headers.emplace_back(a.column);
  host::table t{headers};
  for (const point& p : points) {
    if (p.set != set) continue;
    std::string left;
    for (const double share : p.left) left += (left.empty() ? "" : " / ") + host::fixed(100 * share, 0);
    std::vector<std::string> row{p.kind + " " + std::to_string(p.width) + (p.adaptive ? ", exits" : ""),
                                 host::fixed(100 * p.accuracy, 2), host::fixed(100 * p.full_accuracy, 2),
                                 p.adaptive ? left : ""};
    for (int a = 0; a < 4; ++a) row.push_back(shown(p.cost[a], a));
    t.add(row);
  }
  return t;
}

inline std::vector<const point*> of_kind(const std::vector<point>& points, const std::string& set,
                                         const std::string& kind) {
  std::vector<const point*> found;
  for (const point& p : points)
    if (p.set == set && p.kind == kind) found.push_back(&p);
  return found;
}

}  // namespace detail

inline constexpr const char* rule =
    "Rule: a binary network is compared with the cheapest rival of the same accuracy. Rivals are all networks of the "
    "other kind, with and without exits, except those that cost more than another one and are no better; between "
    "neighbours the logarithm of the cost is linear in accuracy; a rival ladder that starts above the accuracy counts "
    "with its cheapest network. The figure is binary cost / rival cost. The network wins if it is cheaper than the "
    "rivals even at an accuracy two standard errors (paired, same test images) below its own, loses if it is dearer "
    "even "
    "at one two standard errors above, and ties between; 'alone' means that no rival is as accurate.";

// Verdicts against one kind of rival; `count[axis][verdict]` is summed up.
inline host::table verdicts(const std::vector<point>& points, const std::string& set, const std::string& rival,
                            std::array<std::array<int, 3>, 4>& count) {
  std::vector<std::string> headers{"binary network", "accuracy %"};
  for (const cost_axis& a : axes) headers.emplace_back(a.word);
  host::table t{headers};
  for (const point& p : points) {
    if (p.set != set || p.kind != "binary") continue;
    std::vector<std::string> row{"binary " + std::to_string(p.width) + (p.adaptive ? ", exits" : ""),
                                 host::fixed(100 * p.accuracy, 2)};
    for (int a = 0; a < 4; ++a) {
      const frontier rivals{detail::of_kind(points, set, rival), a};
      if (rivals.empty() || !(p.cost[a] > 0)) {
        row.emplace_back("-");
        continue;
      }
      const comparison c = compare(p, rivals, a);
      const auto at = static_cast<std::size_t>(c.is);
      ++count[static_cast<std::size_t>(a)][at];
      constexpr const char* words[] = {"wins", "ties", "loses"};
      row.push_back(std::isfinite(c.rival_cost) ? host::fixed(p.cost[a] / c.rival_cost, 2) + " " + words[at]
                                                : std::string{"alone, "} + words[at]);
    }
    t.add(row);
  }
  return t;
}

// The page: all rows, verdicts against int8 and float, one line per axis.
inline std::string page(const std::vector<point>& points, const json& about) {
  std::string text = "# Accuracy at equal cost: float, int8, binary, with and without exits\n";
  for (const auto& [key, value] : about.items())
    text += "\n" + key + ": " + (value.is_string() ? value.get<std::string>() : value.dump()) + "  ";
  text += "\n\n" + std::string{rule} + "\n";
  for (const std::string& set : detail::sets_of(points)) {
    text += "\n## " + std::string{detail::title_of(set)} + "\n\n" + detail::all_rows(points, set).markdown();
    for (const char* const rival : {"int8", "float"}) {
      if (detail::of_kind(points, set, rival).empty() || detail::of_kind(points, set, "binary").empty()) continue;
      std::array<std::array<int, 3>, 4> count{};
      const host::table t = verdicts(points, set, rival, count);
      text += "\nBinary against " + std::string{rival} + " at equal accuracy (binary cost / " + rival + " cost):\n\n" +
              t.markdown() + "\n";
      for (std::size_t a = 0; a < 4; ++a)
        text += "- " + std::string{axes[a].word} + ": wins " + std::to_string(count[a][0]) + ", ties " +
                std::to_string(count[a][1]) + ", loses " + std::to_string(count[a][2]) + "\n";
    }
  }
  return text;
}

// Writes iso_accuracy.md and iso_accuracy.svg (a row of panels per data set, a column per cost) into `folder`.
inline void show(const results& r, const std::filesystem::path& folder) {
  const std::vector<point> points = points_of(r);
  if (points.empty()) throw host::error("iso_accuracy: no network has been measured yet");
  std::filesystem::create_directories(folder);
  const std::string text = page(points, r.all().at("about"));
  std::cout << text << '\n';
  host::write_file(folder / "iso_accuracy.md", text);
  const std::vector<std::string> sets = detail::sets_of(points);
  std::vector<int> shown;  // a column needs a point of every data set
  for (int a = 0; a < 4; ++a)
    if (std::all_of(sets.begin(), sets.end(), [&](const std::string& s) { return detail::measured(points, s, a); }))
      shown.push_back(a);
  if (shown.empty()) return;
  host::panel_grid grid;
  grid.columns = static_cast<int>(shown.size());
  grid.panel_width = 240;
  for (const std::string& set : sets)
    for (const int a : shown) grid.panels.push_back(detail::panel(points, set, a));
  host::save_plot(grid, folder / "iso_accuracy.svg");
}

}  // namespace iso

#endif
