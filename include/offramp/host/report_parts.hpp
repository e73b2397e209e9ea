// The parts of a report: which plot or table shows which data, and the words for those who do not see the picture.
#ifndef OFFRAMP_HOST_REPORT_PARTS_HPP
#define OFFRAMP_HOST_REPORT_PARTS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/exit_analysis.hpp>
#include <offramp/host/gnuplot.hpp>
#include <offramp/host/plot_data.hpp>
#include <offramp/host/report_data.hpp>
#include <offramp/host/table.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// Plain words on what a plot shows, for those who do not see it.
inline std::string describe(const curve_plot& plot) {
  auto out = plot.title + ": " + plot.y.label + " over " + plot.x.label + ".";
  for (const auto& curve : plot.curves) {
    if (curve.x.empty() || curve.x.size() != curve.y.size()) continue;
    const auto low = static_cast<std::size_t>(std::min_element(curve.x.begin(), curve.x.end()) - curve.x.begin());
    const auto high = static_cast<std::size_t>(std::max_element(curve.x.begin(), curve.x.end()) - curve.x.begin());
    out += ' ' + (curve.name.empty() ? std::string("The curve") : curve.name) + " goes from " + fixed(curve.y[low], 2) +
           " at " + fixed(curve.x[low], 1) + " to " + fixed(curve.y[high], 2) + " at " + fixed(curve.x[high], 1) + '.';
  }
  for (const auto& mark : plot.marks) {
    out += " Marked: " + mark.text + ", " + fixed(mark.y, 2) + " at " + fixed(mark.x, 1) + '.';
  }
  return out;
}

inline std::string describe(const bar_plot& plot) {
  auto out = plot.title + ':';
  for (std::size_t i = 0; i < plot.categories.size(); ++i) {
    out += ' ' + plot.categories[i] + ':';
    for (std::size_t s = 0; s < plot.series.size(); ++s) {
      out += (s > 0 ? ", " : " ") + plot.series[s].name + ' ' + fixed(plot.series[s].values[i], 1) + " %";
    }
    out += '.';
  }
  return out;
}

inline bar_plot exit_bars(const std::vector<exit_summary>& exits) {
  bar_plot plot{"Samples that leave at each exit, and accuracy among them",
                "",
                {"share, accuracy (%)", 0, 110},
                {},
                {{"share of the samples", {}, {}}, {"accuracy among them", {}, {}}}};
  plot.horizontal = exits.size() > 4;
  long long total = 0;
  for (const auto& e : exits) total += e.samples;
  if (total <= 0)
    throw error("report: found no sample at any of " + std::to_string(exits.size()) + " exits, expected at least one");
  for (const auto& e : exits) {
    const double share = 100.0 * static_cast<double>(e.samples) / static_cast<double>(total);
    plot.categories.push_back(e.name + " (" + grouped(e.samples) + ")");
    plot.series[0].values.push_back(share);
    plot.series[0].labels.push_back(fixed(share, 1) + " %");
    plot.series[1].values.push_back(e.accuracy_percent);
    plot.series[1].labels.push_back(std::isfinite(e.accuracy_percent) ? fixed(e.accuracy_percent, 1) + " %" : "");
  }
  return plot;
}

inline image_grid sample_grid(const report_data& data) {
  constexpr std::size_t most = 10;
  image_grid grid{"", data.image_height, data.image_width, data.image_channels, {}};
  for (const auto& exit : data.samples) {
    image_row row{exit.name, {}};
    for (std::size_t i = 0; i < std::min(most, exit.samples.size()); ++i) {
      const auto& sample = exit.samples[i];
      const bool wrong = sample.truth != sample.predicted;
      row.tiles.push_back({sample.pixels, sample.truth, wrong ? "as " + sample.predicted : "", wrong});
    }
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

// One bar per quantity that is known and not zero throughout, as a share of its total: units differ, shares compare.
inline bar_plot op_bars(const std::vector<op_report>& ops) {
  bar_plot plot{"Share of each op in the whole network's cost", "", {"share of the total (%)", 0}, {}, {}};
  plot.horizontal = true;
  plot.width = 860;
  for (const auto& op : ops) plot.categories.push_back(op.name);
  const auto add = [&](const char* name, auto value) {
    double total = 0;
    for (const auto& op : ops) total += value(op);
    if (!(total > 0)) return;  // nothing there, or not given for some op
    bar_series series{name, {}, {}};
    for (const auto& op : ops) {
      const double share = 100.0 * value(op) / total;
      series.values.push_back(share);
      series.labels.push_back(value(op) > 0 ? fixed(share, 1) : "");
    }
    plot.series.push_back(std::move(series));
  };
  add("bit operations", [](const op_report& op) { return static_cast<double>(op.bops); });
  add("time", [](const op_report& op) { return op.time_us; });
  add("weight bytes", [](const op_report& op) { return static_cast<double>(op.bytes); });
  return plot;
}

inline table op_table(const std::vector<op_report>& ops) {
  const bool timed = std::any_of(ops.begin(), ops.end(), [](const op_report& op) { return std::isfinite(op.time_us); });
  std::vector<std::string> headers{"op", "first needed by exit", "MACs", "bit operations", "weight bytes"};
  if (timed) headers.emplace_back("time (µs)");
  table shown(headers);
  for (const auto& op : ops) {
    std::vector<std::string> row{op.name, std::to_string(op.exit), grouped(op.macs), grouped(op.bops),
                                 grouped(op.bytes)};
    if (timed) row.push_back(fixed(op.time_us, 2));
    shown.add(std::move(row));
  }
  return shown;
}

// As shares of all images; an empty bin is a gap.
inline std::vector<double> bin_shares(const reliability& r) {
  double images = 0;
  for (const int n : r.count) images += n;
  std::vector<double> out;
  for (const int n : r.count) out.push_back(100 * n / images);
  return out;
}

inline curve reliability_curve(const char* name, const reliability& r, const std::string& exit) {
  check_sizes("report, reliability of " + exit + ", confidence", r.confidence.size(), r.count.size());
  check_sizes("report, reliability of " + exit + ", accuracy", r.accuracy.size(), r.count.size());
  curve out{name, {}, {}};
  for (std::size_t b = 0; b < r.count.size(); ++b) {
    if (r.count[b] == 0) continue;
    // One standard error of a share, drawn towards a half by one image each way, so that a bin of one image has one.
    const double n = r.count[b], p = (n * r.accuracy[b] + 1) / (n + 2);
    out.error.push_back(100 * std::sqrt(p * (1 - p) / n));
    out.x.push_back(100 * r.confidence[b]);
    out.y.push_back(100 * r.accuracy[b]);
  }
  return out;
}

// One panel per exit: accuracy over confidence, behind it how many images have that confidence.
inline panel_grid reliability_panels(const std::vector<exit_reliability>& exits) {
  panel_grid grid{"", {}, exits.size() == 4 ? 2 : 3};
  for (const auto& e : exits) {
    const std::size_t bins = e.stored.count.size();
    curve shares{"share of the images", {}, bin_shares(e.stored)};
    for (std::size_t b = 0; b < bins; ++b)
      shares.x.push_back(100 * (static_cast<double>(b) + 0.5) / static_cast<double>(bins));
    shares.drawn = curve_look::boxes;
    curve perfect{"as sure as right", {0, 100}, {0, 100}};
    perfect.drawn = curve_look::reference;
    // Not within the list of curves: what throws there makes g++ 12 destroy its neighbours twice.
    auto stored = reliability_curve("as stored", e.stored, e.name);
    curve_plot panel{e.name,
                     {"mean confidence (%)", 0, 100},
                     {"right, share (%)", 0, 100},
                     {std::move(shares), std::move(perfect), std::move(stored)}};
    if (e.after_temperature)
      panel.curves.push_back(reliability_curve("after temperature", *e.after_temperature, e.name));
    grid.panels.push_back(std::move(panel));
  }
  return grid;
}

inline std::string describe_reliability(const std::vector<exit_reliability>& exits) {
  std::string out = "Accuracy over mean confidence in bins of confidence.";
  for (const auto& e : exits) {
    out += ' ' + e.name + ": expected calibration error " + fixed(100 * e.stored.ece, 2) + " points";
    if (e.after_temperature) out += ", after temperature " + fixed(100 * e.after_temperature->ece, 2);
    out += '.';
  }
  return out;
}

inline table reliability_table(const std::vector<exit_reliability>& exits) {
  const bool after =
      std::any_of(exits.begin(), exits.end(), [](const auto& e) { return e.after_temperature.has_value(); });
  std::vector<std::string> headers{"exit", "mean confidence", "right", "ECE (points)"};
  if (after) headers.emplace_back("ECE after temperature");
  table shown(headers);
  for (const auto& e : exits) {
    const auto mean = [&](const std::vector<double>& values) {
      const auto shares = bin_shares(e.stored);
      double sum = 0;
      for (std::size_t b = 0; b < shares.size(); ++b) sum += shares[b] * values[b];
      return fixed(sum, 2) + " %";
    };
    std::vector<std::string> row{e.name, mean(e.stored.confidence), mean(e.stored.accuracy),
                                 fixed(100 * e.stored.ece, 2)};
    if (after) row.push_back(e.after_temperature ? fixed(100 * e.after_temperature->ece, 2) : "-");
    shown.add(std::move(row));
  }
  return shown;
}

// Classes from the one that leaves earliest, on average, to the one that leaves last; empty classes are left out.
inline heat_map class_exit_map(const report_data& data) {
  const auto& left = data.classes.left;
  check_sizes("report, class names", data.class_names.size(), left.size());
  check_sizes("report, right answers of the classes", data.classes.right.size(), left.size());
  struct row {
    double mean_exit = 0;
    std::size_t of = 0;
    int images = 0;
  };
  std::vector<row> order;
  std::size_t exits = 0;
  for (std::size_t c = 0; c < left.size(); ++c) {
    exits = std::max(exits, left[c].size());
    check_sizes("report, exits of class '" + data.class_names[c] + "'", left[c].size(), left.front().size());
    check_sizes("report, right answers of class '" + data.class_names[c] + "'", data.classes.right[c].size(),
                left[c].size());
    row r{0, c, 0};
    for (std::size_t k = 0; k < left[c].size(); ++k) {
      r.images += left[c][k];
      r.mean_exit += static_cast<double>(k) * left[c][k];
    }
    if (r.images == 0) continue;
    r.mean_exit /= r.images;
    order.push_back(r);
  }
  std::stable_sort(order.begin(), order.end(), [](const row& a, const row& b) { return a.mean_exit < b.mean_exit; });
  heat_map map;
  map.low = 0;
  map.high = 100;
  for (std::size_t k = 0; k < exits; ++k)
    map.columns.push_back(k < data.exits.size() ? data.exits[k].name : "exit " + std::to_string(k + 1));
  for (const row& r : order) {
    map.rows.push_back(data.class_names[r.of]);
    map.values.emplace_back();
    map.texts.emplace_back();
    for (std::size_t k = 0; k < exits; ++k) {
      const int n = left[r.of][k], right = data.classes.right[r.of][k];
      map.values.back().push_back(100.0 * n / r.images);
      map.texts.back().push_back(n == 0 ? std::string("-")
                                        : fixed(100.0 * n / r.images, 1) + " % (" + fixed(100.0 * right / n, 0) + ")");
    }
  }
  return map;
}

inline std::string describe(const heat_map& map) {
  std::string out;
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    out += (r > 0 ? " " : "") + map.rows[r] + ':';
    for (std::size_t c = 0; c < map.columns.size(); ++c)
      out += (c > 0 ? ", " : " ") + map.columns[c] + ' ' + fixed(map.values[r][c], 1) + " %";
    out += '.';
  }
  return out;
}

// What thinking on costs and brings, in a sentence or two.
inline std::string overthinking_text(const overthinking& seen) {
  const auto percent = [](double share) { return fixed(100 * share, 2) + " %"; };
  auto out = "Of " + grouped(seen.images) + " images, " + percent(seen.destructive_share()) +
             " are answered wrong by the last exit although an earlier one was right (destructive overthinking)";
  if (seen.exits.back().wrong > 0) out += ": " + percent(seen.destructive_share_of_errors()) + " of its errors";
  return out + ". " + percent(seen.wasteful_share()) +
         " were right at an earlier exit already and stay right (wasteful), and " +
         percent(share_of(seen.unreached, seen.images)) + " no exit gets right.";
}

inline table agreement_table(const std::vector<std::vector<double>>& agreement) {
  std::vector<std::string> headers{"answers alike"};
  for (std::size_t k = 0; k < agreement.size(); ++k) headers.push_back("exit " + std::to_string(k + 1));
  table shown(headers);
  for (std::size_t a = 0; a < agreement.size(); ++a) {
    check_sizes("report, agreement of exit " + std::to_string(a + 1), agreement[a].size(), agreement.size());
    std::vector<std::string> row{"exit " + std::to_string(a + 1)};
    for (const double share : agreement[a]) row.push_back(fixed(100 * share, 1) + " %");
    shown.add(std::move(row));
  }
  return shown;
}

}  // namespace detail

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
