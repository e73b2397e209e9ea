// Bars side by side or stacked, standing or lying, as a script for gnuplot.
#ifndef OFFRAMP_HOST_PLOT_BARS_HPP
#define OFFRAMP_HOST_PLOT_BARS_HPP

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/gnuplot.hpp>
#include <offramp/host/plot_data.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

inline drawing draw(const bar_plot& plot) {
  const auto where = "plot '" + plot.title + "'";
  const auto groups = plot.series.size();
  if (plot.categories.empty() || groups == 0) throw error(where + ": found no bars, expected at least one");
  const double side = plot.stacked ? 0.7 : 0.8 / static_cast<double>(groups);  // of one bar, in categories
  std::string blocks, elements, labels;
  std::vector<double> floor(plot.categories.size(), 0.0);
  for (std::size_t s = 0; s < groups; ++s) {
    const auto& series = plot.series[s];
    const auto name = where + ", '" + series.name + "'";
    check_sizes(name, series.values.size(), plot.categories.size());
    if (!series.labels.empty()) check_sizes(name + ", labels", series.labels.size(), plot.categories.size());
    std::string rows;
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      if (!std::isfinite(series.values[i])) continue;
      const double beside = plot.stacked ? 0.0 : static_cast<double>(s) - static_cast<double>(groups - 1) / 2;
      const double middle = static_cast<double>(i) + beside * side;
      const double low = plot.stacked ? floor[i] : 0.0, high = low + series.values[i];
      if (plot.stacked) floor[i] = high;
      const auto a = plot_number(middle - side / 2), b = plot_number(middle + side / 2);
      const auto from = plot_number(low), to = plot_number(high), at = plot_number(middle);
      rows += plot.horizontal ? to + ' ' + at + ' ' + from + ' ' + to + ' ' + a + ' ' + b + '\n'
                              : at + ' ' + to + ' ' + a + ' ' + b + ' ' + from + ' ' + to + '\n';
      if (series.labels.empty()) continue;
      labels += "set label " + plot_quoted(series.labels[i]) + " at " +
                (plot.horizontal ? to + ',' + at : at + ',' + to) +
                (plot.stacked ? (plot.horizontal ? " right offset -0.5,0" : " center offset 0,-0.7")
                              : (plot.horizontal ? " left offset 0.5,0" : " center offset 0,0.6")) +
                " front font ',11' textcolor rgb '" + (plot.stacked ? "#ffffff" : "#222222") + "'\n";
    }
    if (rows.empty()) continue;
    const auto block = "$bars" + std::to_string(s);
    blocks += block + " << EOD\n" + rows + "EOD\n";
    elements += (elements.empty() ? "" : ", ") + block +
                " using 1:2:3:4:5:6 with boxxyerror fs solid 1 noborder lc rgb '" + plot_colour(s) + "'" +
                (series.name.empty() ? " notitle" : " title " + plot_quoted(series.name));
  }
  if (elements.empty()) throw error(where + ": found no finite value, expected at least one");
  std::string tics;
  for (std::size_t i = 0; i < plot.categories.size(); ++i) {
    tics += (i > 0 ? ", " : "") + plot_quoted(plot.categories[i]) + ' ' + std::to_string(i);
  }
  const auto last = plot_number(static_cast<double>(plot.categories.size()) - 0.5);
  const std::string along = plot.horizontal ? "y" : "x", up = plot.horizontal ? "x" : "y";
  axis value = plot.value;
  if (!std::isfinite(value.low) && !value.logarithmic) value.low = 0;
  std::string out = plot_frame(plot.title, plot.horizontal || !plot.category_label.empty()) + "unset grid\nset grid " +
                    up + "tics lc rgb '#d8d8d8' lw 1 lt 1\n";
  out += "set " + along + "tics (" + tics + ") scale 0\nset " + along + "range " +
         (plot.horizontal ? "[" + last + ":-0.5]" : "[-0.5:" + last + "]") + '\n';
  out += "set " + up + "range " + plot_range(value) + "\nset " + up + "label " + plot_quoted(value.label) + '\n';
  if (value.logarithmic) out += "set logscale " + up + '\n';
  // Room for the labels at the ends of the longest bars.
  if (!labels.empty() && !plot.stacked && !value.logarithmic && !std::isfinite(value.high)) {
    out += plot.horizontal ? "set offsets 0, graph 0.12, 0, 0\n" : "set offsets 0, 0, graph 0.08, 0\n";
  }
  if (!plot.category_label.empty()) out += "set " + along + "label " + plot_quoted(plot.category_label) + '\n';
  const int bars = static_cast<int>(plot.categories.size() * (plot.stacked ? 1 : groups));
  const int fitting = plot.horizontal ? 130 + 18 * bars + 8 * static_cast<int>(plot.categories.size()) : 400;
  const int height = plot.height > 0 ? plot.height : fitting;
  return {plot.title, plot.width, height, out + labels + blocks + "plot " + elements + '\n'};
}

}  // namespace detail

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
