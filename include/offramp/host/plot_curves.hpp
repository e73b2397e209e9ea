// Curves with bands and error bars, alone or as a grid of panels, as a script for gnuplot. Curves differ in colour and
// in the shape of their points.
#ifndef OFFRAMP_HOST_PLOT_CURVES_HPP
#define OFFRAMP_HOST_PLOT_CURVES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/gnuplot.hpp>
#include <offramp/host/plot_data.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// The parts of a gnuplot `plot` command, from the back to the front, with the data they refer to.
struct curve_elements {
  std::string blocks, boxes, bands, bars, lines;
  std::string names;  // the key alone, in the order of the curves
  double lowest_x = std::numeric_limits<double>::infinity(), highest_x = -lowest_x;
  double lowest_y = lowest_x, highest_y = -lowest_x;
  std::vector<std::pair<double, double>> points;
  std::size_t drawn = 0;

  // Returns whether the point can be drawn; points that cannot are left out.
  bool take(const curve_plot& plot, double x, double y) {
    const bool shown =
        std::isfinite(x) && std::isfinite(y) && (!plot.x.logarithmic || x > 0) && (!plot.y.logarithmic || y > 0);
    if (shown) {
      lowest_x = std::min(lowest_x, x);
      highest_x = std::max(highest_x, x);
      lowest_y = std::min(lowest_y, y);
      highest_y = std::max(highest_y, y);
      points.emplace_back(x, y);
      ++drawn;
    }
    return shown;
  }
};

// Adds curve c in the colour-th colour.
inline void add_curve(curve_elements& to, const curve_plot& plot, std::size_t c, std::size_t colour,
                      const std::string& where) {
  const auto& curve = plot.curves[c];
  const auto check = [&](const char* what, const std::vector<double>& values) {
    if (!values.empty()) check_sizes(where + ", " + what + " of '" + curve.name + "'", values.size(), curve.x.size());
  };
  check_sizes(where + ", y of curve '" + curve.name + "'", curve.y.size(), curve.x.size());
  check("error", curve.error);
  check("error in x", curve.x_error);
  check("lower ends", curve.low);
  check("upper ends", curve.high);
  if (curve.low.empty() != curve.high.empty())
    throw error(where + ": curve '" + curve.name + "' has one end of a band, expected both or none");

  const auto bar = [](const std::vector<double>& errors, std::size_t i) {
    return errors.empty() || !std::isfinite(errors[i]) ? 0.0 : errors[i];
  };
  std::string rows, band;
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    if (!to.take(plot, curve.x[i], curve.y[i])) continue;
    const auto x = plot_number(curve.x[i]);
    rows += x + ' ' + plot_number(curve.y[i]) + ' ' + plot_number(bar(curve.error, i)) + ' ' +
            plot_number(bar(curve.x_error, i)) + '\n';
    if (curve.low.empty() || !std::isfinite(curve.low[i]) || !std::isfinite(curve.high[i])) continue;
    if (!plot.y.logarithmic || curve.low[i] > 0)
      band += x + ' ' + plot_number(curve.low[i]) + ' ' + plot_number(curve.high[i]) + '\n';
  }
  if (rows.empty()) return;
  const auto number = std::to_string(c), block = "$curve" + number;
  to.blocks += block + " << EOD\n" + rows + "EOD\n";
  const auto name = curve.name.empty() ? std::string(" notitle") : " title " + plot_quoted(curve.name);
  const auto add = [](std::string& list, const std::string& element) { list += (list.empty() ? "" : ", ") + element; };
  // Draws the curve, and what the key of several panels shows of it.
  const auto draw = [&](std::string& list, const std::string& with) {
    add(list, block + " using 1:2 with " + with + name);
    if (!curve.name.empty()) add(to.names, "NaN with " + with + name);
  };
  if (curve.drawn == curve_look::boxes) {
    draw(to.boxes, "boxes fs solid 1 noborder lc rgb '#dcdcdc'");
    return;
  }
  if (curve.drawn == curve_look::reference) {
    draw(to.bands, "lines lc rgb '#8a8a8a' lw 1.5 dt 2");
    return;
  }
  const auto ink = std::string(" lc rgb '") + plot_colour(colour) + "' lw 2";
  const auto style =
      curve.points ? ink + " pt " + std::to_string(plot_points[colour % std::size(plot_points)]) + " ps 0.7" : ink;
  if (!band.empty()) {
    to.blocks += "$band" + number + " << EOD\n" + band + "EOD\n";
    add(to.bands, "$band" + number + " using 1:2:3 with filledcurves fs transparent solid 0.18 noborder lc rgb '" +
                      plot_colour(colour) + "' notitle");
  }
  const auto bars = ink + " pt 0 ps 0.7";
  if (!curve.error.empty()) add(to.bars, block + " using 1:2:3 with yerrorbars notitle" + bars);
  if (!curve.x_error.empty()) add(to.bars, block + " using 1:2:4 with xerrorbars notitle" + bars);
  const char* with = !curve.points ? "lines" : curve.line ? "linespoints" : "points";
  draw(to.lines, with + style);
}

// Where texts of marks stand: beside their points, towards the middle, in the nearest line that covers neither points
// nor other texts. Rather below than above: curves of accuracy against cost leave the places there free.
class mark_texts {
 public:
  // Shares of the range of y that stay free.
  static constexpr double room_below = 0.06, room_above = 0.12;

  mark_texts(const curve_plot& plot, const curve_elements& parts)
      : plot_(plot), x_low_(std::isfinite(plot.x.low) ? plot.x.low : parts.lowest_x),
        x_high_(std::isfinite(plot.x.high) ? plot.x.high : parts.highest_x),
        y_low_(std::isfinite(plot.y.low) ? plot.y.low : parts.lowest_y),
        y_high_(std::isfinite(plot.y.high) ? plot.y.high : parts.highest_y) {
    if (!plot.y.logarithmic) {  // with the room that the script leaves
      const double range = y_high_ - y_low_;
      if (!std::isfinite(plot.y.low)) y_low_ -= room_below * range;
      if (!std::isfinite(plot.y.high)) y_high_ += room_above * range;
    }
    for (const auto& [x, y] : parts.points) points_.push_back(at(x, y));
  }

  // The gnuplot command of the next text.
  std::string add(const mark& mark) {
    const pixel point = at(mark.x, mark.y);
    const bool leftwards = mark.x > (x_low_ + x_high_) / 2;
    const double width = 7.5 * static_cast<double>(mark.text.size()) + 8;
    const double left = leftwards ? point.x - width - 5 : point.x + 3;
    int least_covered = std::numeric_limits<int>::max(), line = -1;
    for (const int i : {-1, -2, 1, -3, 2, -4, 3, -5, 4, -6, -7, -8}) {
      if (least_covered == 0) break;
      const box here = box_of(point, left, width, i);
      int covered = here.bottom < 0 || here.top > plot_.height - 110 ? 1 : 0;  // would stand on the axis or the frame
      for (const pixel& p : points_) covered += here.holds(p) ? 1 : 0;
      for (const box& b : taken_) covered += here.meets(b) ? 1 : 0;
      if (covered < least_covered) least_covered = covered, line = i;
    }
    taken_.push_back(box_of(point, left, width, line));
    return "set label " + plot_quoted(mark.text) + " at " + plot_number(mark.x) + ',' + plot_number(mark.y) +
           (leftwards ? " right offset 0.6," : " left offset 0.4,") + plot_number(1.3 * line) +
           " front boxed textcolor rgb '#111111'\n";
  }

 private:
  // About: gnuplot alone knows its margins and letters.
  static constexpr double line_height = 24;

  struct pixel {
    double x, y;  // from the lower left corner
  };
  struct box {
    double left, right, bottom, top;
    [[nodiscard]] bool holds(const pixel& p) const {
      return p.x > left - 5 && p.x < right + 5 && p.y > bottom - 5 && p.y < top + 5;
    }
    [[nodiscard]] bool meets(const box& b) const {
      return left < b.right && b.left < right && bottom < b.top && b.bottom < top;
    }
  };
  // Lines above a point, or below where negative.
  static box box_of(const pixel& point, double left, double width, int line) {
    const double middle = point.y + line * line_height;
    return {left, left + width, middle - 10, middle + 10};
  }
  static double share(double v, double low, double high, bool logarithmic) {
    if (logarithmic) v = std::log(v), low = std::log(low), high = std::log(high);
    return high > low ? (v - low) / (high - low) : 0.5;
  }
  [[nodiscard]] pixel at(double x, double y) const {
    return {(plot_.width - 100) * share(x, x_low_, x_high_, plot_.x.logarithmic),
            (plot_.height - 150) * share(y, y_low_, y_high_, plot_.y.logarithmic) + 20};
  }

  const curve_plot& plot_;
  double x_low_, x_high_, y_low_, y_high_;
  std::vector<pixel> points_;
  std::vector<box> taken_;
};

// The script of one plot but for its frame. `names`: takes what its key shows, for a key elsewhere.
inline std::string curve_script(const curve_plot& plot, std::string* names = nullptr) {
  const auto where = "plot '" + plot.title + "'";
  curve_elements parts;
  std::size_t colour = 0;
  for (std::size_t c = 0; c < plot.curves.size(); ++c) {
    add_curve(parts, plot, c, colour, where);
    if (plot.curves[c].drawn == curve_look::data) ++colour;
  }
  std::string marks, labels;
  for (const auto& mark : plot.marks) {
    if (parts.take(plot, mark.x, mark.y)) marks += plot_number(mark.x) + ' ' + plot_number(mark.y) + '\n';
  }
  if (parts.drawn == 0) throw error(where + ": found no point with finite coordinates, expected at least one");
  if (!marks.empty()) {
    parts.blocks += "$marks << EOD\n" + marks + "EOD\n";
    parts.lines += std::string(parts.lines.empty() ? "" : ", ") +
                   "$marks using 1:2 with points notitle pt 6 ps 1.7 lw 2 lc rgb '#111111'";
    mark_texts texts{plot, parts};
    for (const auto& mark : plot.marks)
      if (std::isfinite(mark.x) && std::isfinite(mark.y)) labels += texts.add(mark);
  }
  std::string out;
  if (plot.x.logarithmic) out += "set logscale x\n";
  if (plot.y.logarithmic) out += "set logscale y\n";
  if (!plot.y.logarithmic)
    out += "set offsets 0, 0, graph " + plot_number(mark_texts::room_below) + ", graph " +
           plot_number(mark_texts::room_above) + '\n';
  out += "set xlabel " + plot_quoted(plot.x.label) + "\nset ylabel " + plot_quoted(plot.y.label) + "\nset xrange " +
         plot_range(plot.x) + "\nset yrange " + plot_range(plot.y) + '\n' + labels + parts.blocks + "plot ";
  const char* comma = "";
  for (const auto* list : {&parts.boxes, &parts.bands, &parts.bars, &parts.lines}) {
    if (list->empty()) continue;
    out += comma + *list;
    comma = ", ";
  }
  if (names != nullptr) *names = parts.names;
  return out + '\n';
}

// Rows of the key below a plot: entries stand in columns as wide as the longest; gnuplot is generous with their width.
inline int key_rows(const curve_plot& plot, int width) {
  std::size_t names = 0, longest = 0;
  for (const auto& curve : plot.curves) {
    names += curve.name.empty() ? 0 : 1;
    longest = std::max(longest, curve.name.size());
  }
  const int in_a_row = std::max(1, width / (static_cast<int>(longest) * 9 + 70));
  return (static_cast<int>(names) + in_a_row - 1) / in_a_row;
}

inline drawing draw(const curve_plot& plot) {
  const std::string room = "set bmargin " + plot_number(4 + 1.1 * key_rows(plot, plot.width)) + '\n';
  return {plot.title, plot.width, plot.height, plot_frame(plot.title, true) + room + curve_script(plot)};
}

// Every panel's inner part stands where it is told to, in pixels, so that all axes are in line.
inline drawing draw(const panel_grid& plot) {
  const auto where = "panels '" + plot.title + "'";
  if (plot.panels.empty() || plot.columns < 1)
    throw error(where + ": found " + std::to_string(plot.panels.size()) + " panels in " + std::to_string(plot.columns) +
                " columns, expected at least one of each");
  const int count = static_cast<int>(plot.panels.size()), columns = std::min(plot.columns, count);
  const int rows = (count + columns - 1) / columns;
  constexpr int left = 84, between = 56, right = 20, panel_top = 44, panel_bottom = 50;
  const int top = plot.title.empty() ? 0 : 30;
  const int width = left + columns * plot.panel_width + (columns - 1) * between + right;
  const int height =
      top + rows * (panel_top + plot.panel_height + panel_bottom) + 28 + 22 * key_rows(plot.panels.front(), width);
  const auto across = [&](int x) { return plot_number(static_cast<double>(x) / width); };
  const auto up = [&](int y) { return plot_number(1 - static_cast<double>(y) / height); };
  const auto place = [&](int x0, int x1, int y0, int y1) {
    return "set lmargin at screen " + across(x0) + "\nset rmargin at screen " + across(x1) +
           "\nset tmargin at screen " + up(y0) + "\nset bmargin at screen " + up(y1) + '\n';
  };
  std::string out = "set multiplot\n", names;
  for (int i = 0; i < count; ++i) {
    const int row = i / columns, column = i % columns;
    const int x = left + column * (plot.panel_width + between);
    const int y = top + panel_top + row * (panel_top + plot.panel_height + panel_bottom);
    auto panel = plot.panels[static_cast<std::size_t>(i)];
    if (column > 0) panel.y.label.clear();
    if (i + columns < count) panel.x.label.clear();
    out += "reset\n" + plot_frame(panel.title, true) + "unset key\n" +
           place(x, x + plot.panel_width, y, y + plot.panel_height);
    if (i == 0 && !plot.title.empty())
      out += "set label " + plot_quoted(plot.title) + " at screen 0.5," + up(18) +
             " center font ',14' textcolor rgb '#111111'\n";
    out += curve_script(panel, i == 0 ? &names : nullptr);
  }
  // The key has the whole width when it belongs to a plot of that width, of which nothing else is seen.
  if (!names.empty())
    out += "reset\n" + plot_frame("", true) + place(0, width, 0, height) +
           "unset border\nunset tics\nunset grid\nset xrange [0:1]\nset yrange [0:1]\nset key at screen 0.5, character "
           "0.6\nplot " +
           names + '\n';
  return {plot.title, width, height, out + "unset multiplot\n"};
}

}  // namespace detail

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
