// Pictures: curves, bars and image grids, described as plain data and drawn by the program gnuplot into SVG or PNG.
// What lives here is the translation into a gnuplot script; colours are those of Okabe and Ito, which colour-blind
// readers can tell apart, and curves differ in their point shape as well. Files appear only when complete.
#ifndef OFFRAMP_HOST_PLOT_HPP
#define OFFRAMP_HOST_PLOT_HPP

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/write_file.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

inline constexpr double not_given = std::numeric_limits<double>::quiet_NaN();

// A label carries its unit. Limits that are not given follow the data.
struct axis {
  std::string label;
  double low = not_given, high = not_given;
  bool logarithmic = false;
};

struct curve {
  std::string name;
  std::vector<double> x, y;
  std::vector<double> error = {};  // half-length of a bar in y, one per point, or none
  bool line = true, points = true;
};

// One point that stands out, with a text beside it.
struct mark {
  std::string text;
  double x = 0, y = 0;
};

struct curve_plot {
  std::string title;
  axis x, y;
  std::vector<curve> curves;
  std::vector<mark> marks = {};
  int width = 760, height = 460;  // pixels
};

// One colour of bars: a value per category; not finite = no bar. `labels` are written at the bars' ends, or none.
struct bar_series {
  std::string name;
  std::vector<double> values;
  std::vector<std::string> labels = {};
};

struct bar_plot {
  std::string title;
  std::string category_label;
  axis value;
  std::vector<std::string> categories;
  std::vector<bar_series> series;
  bool stacked = false;
  bool horizontal = false;      // for many categories or long names
  int width = 760, height = 0;  // pixels; 0 = fitting
};

struct image_tile {
  std::vector<std::uint8_t> pixels;  // height * width * channels of the grid
  std::string caption, second_caption = {};
  bool marked = false;  // framed, with its second caption in the frame's colour
};

struct image_row {
  std::string label;
  std::vector<image_tile> tiles;
};

struct image_grid {
  std::string title;
  int image_height = 0, image_width = 0, channels = 1;  // channels: 1 grey or 3 red, green, blue
  std::vector<image_row> rows;
};

enum class picture { svg, png };

namespace detail {

// What gnuplot is asked to do, before a terminal is chosen.
struct drawing {
  std::string title;
  int width = 0, height = 0;
  std::string script;
  std::string raster = {};  // raw bytes that the script reads as 'raster'
};

inline constexpr const char* plot_colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"};
inline constexpr int plot_points[] = {7, 5, 9, 13, 11, 6};
inline const char* plot_colour(std::size_t i) { return plot_colours[i % std::size(plot_colours)]; }

// Nine digits, finer than any pixel, and a decimal point whatever the locale.
inline std::string plot_number(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 9).ptr;
  return {text, end};
}

// A gnuplot string in single quotes, where only the quote itself is special.
inline std::string plot_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "''";
    else
      out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out + "'";
}

inline std::string plot_range(const axis& a) {
  const auto end = [](double v) { return std::isfinite(v) ? plot_number(v) : std::string("*"); };
  return "[" + end(a.low) + ":" + end(a.high) + "]";
}

inline std::string plot_frame(const std::string& title, bool label_below) {
  std::string out =
      "set border 3 lc rgb '#555555' lw 1\n"
      "set tics nomirror out scale 0.6 textcolor rgb '#222222'\n"
      "set grid lc rgb '#d8d8d8' lw 1 lt 1\n"
      "set key at screen 0.54, character 0.6 center bottom horizontal Left reverse samplen 2 textcolor rgb '#222222'\n"
      "set style textbox opaque noborder fillcolor rgb '#ffffff' margins 0.4,0.2\n";
  out += label_below ? "set bmargin 5.5\n" : "set bmargin 3.8\n";  // room for the key under the tics and their label
  if (!title.empty()) out += "set title " + plot_quoted(title) + " textcolor rgb '#111111'\n";
  return out;
}

inline void check_sizes(const std::string& what, std::size_t found, std::size_t expected) {
  if (found != expected) {
    throw error(what + ": found " + std::to_string(found) + " values, expected " + std::to_string(expected));
  }
}

inline drawing draw(const curve_plot& plot) {
  const auto where = "plot '" + plot.title + "'";
  std::string blocks, elements;
  double lowest_x = std::numeric_limits<double>::infinity(), highest_x = -lowest_x;
  std::size_t drawn = 0;
  // Returns whether the point can be drawn; points that cannot are left out.
  const auto take = [&](double x, double y) {
    const bool shown =
        std::isfinite(x) && std::isfinite(y) && (!plot.x.logarithmic || x > 0) && (!plot.y.logarithmic || y > 0);
    if (shown) {
      lowest_x = std::min(lowest_x, x);
      highest_x = std::max(highest_x, x);
      ++drawn;
    }
    return shown;
  };
  for (std::size_t c = 0; c < plot.curves.size(); ++c) {
    const auto& curve = plot.curves[c];
    check_sizes(where + ", y of curve '" + curve.name + "'", curve.y.size(), curve.x.size());
    if (!curve.error.empty()) {
      check_sizes(where + ", error of '" + curve.name + "'", curve.error.size(), curve.x.size());
    }
    const auto block = "$curve" + std::to_string(c);
    std::string rows;
    for (std::size_t i = 0; i < curve.x.size(); ++i) {
      if (!take(curve.x[i], curve.y[i])) continue;
      const double bar = curve.error.empty() || !std::isfinite(curve.error[i]) ? 0 : curve.error[i];
      rows += plot_number(curve.x[i]) + ' ' + plot_number(curve.y[i]) + ' ' + plot_number(bar) + '\n';
    }
    if (rows.empty()) continue;
    blocks += block + " << EOD\n" + rows + "EOD\n";
    const auto style = std::string(" lc rgb '") + plot_colour(c) + "' lw 2 pt " +
                       std::to_string(plot_points[c % std::size(plot_points)]) + " ps 0.7";
    const auto name = curve.name.empty() ? std::string(" notitle") : " title " + plot_quoted(curve.name);
    const char* with = !curve.points ? " with lines" : curve.line ? " with linespoints" : " with points";
    if (!curve.error.empty()) {
      elements += (elements.empty() ? "" : ", ") + block + " using 1:2:3 with yerrorbars notitle" + style;
    }
    elements += (elements.empty() ? "" : ", ") + block + " using 1:2" + with + name +
                (curve.points ? style : std::string(" lc rgb '") + plot_colour(c) + "' lw 2");
  }
  std::string marks, labels;
  for (const auto& mark : plot.marks) {
    if (take(mark.x, mark.y)) marks += plot_number(mark.x) + ' ' + plot_number(mark.y) + '\n';
  }
  if (drawn == 0) throw error(where + ": found no point with finite coordinates, expected at least one");
  if (!marks.empty()) {
    blocks += "$marks << EOD\n" + marks + "EOD\n";
    elements += std::string(elements.empty() ? "" : ", ") +
                "$marks using 1:2 with points notitle pt 6 ps 1.7 lw 2 lc rgb '#111111'";
    // Texts hang below their points, towards the middle: curves of accuracy against cost leave that place free.
    const double x_low = std::isfinite(plot.x.low) ? plot.x.low : lowest_x;
    const double x_high = std::isfinite(plot.x.high) ? plot.x.high : highest_x;
    for (const auto& mark : plot.marks) {
      if (!std::isfinite(mark.x) || !std::isfinite(mark.y)) continue;
      const bool right = mark.x > (x_low + x_high) / 2;
      labels += "set label " + plot_quoted(mark.text) + " at " + plot_number(mark.x) + ',' + plot_number(mark.y) +
                (right ? " right offset 0.6,-1.3" : " left offset 0.4,-1.3") + " front boxed textcolor rgb '#111111'\n";
    }
  }
  std::string out = plot_frame(plot.title, true);
  if (plot.x.logarithmic) out += "set logscale x\n";
  if (plot.y.logarithmic) out += "set logscale y\n";
  if (!plot.y.logarithmic) out += "set offsets 0, 0, graph 0.06, graph 0.12\n";
  out += "set xlabel " + plot_quoted(plot.x.label) + "\nset ylabel " + plot_quoted(plot.y.label) + "\nset xrange " +
         plot_range(plot.x) + "\nset yrange " + plot_range(plot.y) + '\n';
  return {plot.title, plot.width, plot.height, out + labels + blocks + "plot " + elements + '\n'};
}

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

// The whole grid is one raster, small images magnified by whole pixels so that they stay sharp; texts are set over it.
inline drawing draw(const image_grid& plot) {
  const auto where = "image grid '" + plot.title + "'";
  std::size_t columns = 0;
  for (const auto& row : plot.rows) columns = std::max(columns, row.tiles.size());
  if (columns == 0) throw error(where + ": found no image, expected at least one");
  if (plot.image_height <= 0 || plot.image_width <= 0 || (plot.channels != 1 && plot.channels != 3)) {
    throw error(where + ": image shape is " + std::to_string(plot.image_height) + " x " +
                std::to_string(plot.image_width) + " x " + std::to_string(plot.channels) +
                ", expected sides above 0 and 1 or 3 channels");
  }
  const int scale = std::max(1, 60 / std::max(plot.image_height, plot.image_width));
  const int tile_w = plot.image_width * scale, tile_h = plot.image_height * scale;
  const int cell_w = std::max(tile_w + 12, 84), cell_h = tile_h + 46, left = 96, top = plot.title.empty() ? 8 : 40;
  const int width = left + cell_w * static_cast<int>(columns) + 8;
  const int height = top + cell_h * static_cast<int>(plot.rows.size()) + 4;
  std::string raster(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, '\xff');
  std::string labels;
  const auto text = [&](const std::string& what, int x, int y, const std::string& style) {
    if (what.empty()) return;
    const auto at = std::to_string(x) + ',' + std::to_string(y);
    labels += "set label " + plot_quoted(what) + " at " + at + ' ' + style + '\n';
  };
  text(plot.title, width / 2, 18, "center front font ',14' textcolor rgb '#111111'");
  for (std::size_t r = 0; r < plot.rows.size(); ++r) {
    const int y0 = top + cell_h * static_cast<int>(r);
    text(plot.rows[r].label, 8, y0 + tile_h / 2, "left front font ',13' textcolor rgb '#111111'");
    for (std::size_t c = 0; c < plot.rows[r].tiles.size(); ++c) {
      const auto& tile = plot.rows[r].tiles[c];
      check_sizes(where + ", image " + std::to_string(c) + " of row " + std::to_string(r), tile.pixels.size(),
                  static_cast<std::size_t>(plot.image_height * plot.image_width * plot.channels));
      const int cell = left + cell_w * static_cast<int>(c), x0 = cell + (cell_w - tile_w) / 2;
      for (int y = 0; y < tile_h; ++y) {
        for (int x = 0; x < tile_w; ++x) {
          const auto from = static_cast<std::size_t>(((y / scale) * plot.image_width + x / scale) * plot.channels);
          const auto to =
              (static_cast<std::size_t>(y0 + y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x0 + x)) *
              3;
          for (std::size_t k = 0; k < 3; ++k) {
            raster[to + k] = static_cast<char>(tile.pixels[from + (plot.channels == 3 ? k : 0)]);
          }
        }
      }
      if (tile.marked) {
        labels += "set object rectangle from " + std::to_string(x0 - 2) + ',' + std::to_string(y0 - 2) + " to " +
                  std::to_string(x0 + tile_w + 2) + ',' + std::to_string(y0 + tile_h + 2) +
                  " front fs empty border rgb '#D55E00' lw 2\n";
      }
      text(tile.caption, cell + cell_w / 2, y0 + tile_h + 12, "center front font ',11' textcolor rgb '#222222'");
      text(tile.second_caption, cell + cell_w / 2, y0 + tile_h + 26,
           tile.marked ? "center front font ',11' textcolor rgb '#B04A00'"
                       : "center front font ',11' textcolor rgb '#666666'");
    }
  }
  const auto w = std::to_string(width), h = std::to_string(height);
  // Coordinates are pixels from the upper left corner.
  const auto script = "unset border\nunset tics\nunset key\nset margins 0,0,0,0\nset xrange [0:" + w +
                      "]\nset yrange [" + h + ":0]\n" + labels + "plot 'raster' binary array=(" + w + ',' + h +
                      ") origin=(0.5,0.5) format='%uchar%uchar%uchar' using 1:2:3 with rgbimage\n";
  return {plot.title, width, height, script, raster};
}

// A folder of its own under the system's temporary one, gone at the end.
class scratch_folder {
 public:
  scratch_folder() {
    std::random_device seed;
    const auto root = std::filesystem::temp_directory_path();
    for (int attempt = 0; attempt < 16; ++attempt) {
      path_ = root / ("offramp_plot_" + std::to_string(seed()));
      std::error_code why;
      if (std::filesystem::create_directory(path_, why)) return;
      if (why) throw error(path_.string() + ": cannot write into folder " + root.string() + ": " + why.message());
    }
    throw error(root.string() + ": found no free name for a temporary folder");
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Runs gnuplot on the drawing and returns the picture's bytes.
inline std::string run_gnuplot(const drawing& drawn, picture format) {
  const scratch_folder scratch;
  const auto size = std::to_string(drawn.width) + ',' + std::to_string(drawn.height);
  auto script = "cd " + plot_quoted(scratch.path().string()) + "\nset encoding utf8\n" +
                (format == picture::svg ? "set terminal svg size " + size + " font 'sans-serif,13'"
                                        : "set terminal pngcairo size " + size + " font 'sans,13' fontscale 0.75") +
                " noenhanced background '#ffffff'\nset output 'picture'\n" + drawn.script + "unset output\n";
  write_file(scratch.path() / "script", script);
  if (!drawn.raster.empty()) write_file(scratch.path() / "raster", drawn.raster);
  std::string folder = "'";
  for (const char c : scratch.path().string()) folder += c == '\'' ? std::string("'\\''") : std::string(1, c);
  folder += '\'';
  // -d: the user's own start-up file must not change the picture.
  const auto command = "gnuplot -d " + folder + "/script > " + folder + "/log 2>&1";
  const int status = std::system(command.c_str());
  const auto log = slurp(scratch.path() / "log");
  // 127 is the shell's word for a program that it did not find; std::system gives it in the upper byte.
  if (status == 127 || (status >> 8) == 127) {
    throw error("plot '" + drawn.title +
                "': the program gnuplot was not found, expected it in PATH (Debian package "
                "gnuplot-nox)");
  }
  auto bytes = slurp(scratch.path() / "picture");
  if (status != 0 || bytes.empty()) {
    throw error("plot '" + drawn.title + "': gnuplot failed with status " + std::to_string(status) + ": " + log);
  }
  return bytes;
}

}  // namespace detail

// The picture of a curve_plot, bar_plot or image_grid as the bytes of an SVG or PNG file. Images inside an SVG are
// embedded, so it stands alone. Throws `error` where the data do not fit together, or gnuplot is missing or fails.
template <class Plot>
std::string render(const Plot& plot, picture format = picture::svg) {
  return detail::run_gnuplot(detail::draw(plot), format);
}

// Draws into a file, whose ending (.svg or .png) chooses the format. Throws as `render`, and where the folder cannot be
// written; then nothing new stands there and an older file is as it was.
template <class Plot>
void save_plot(const Plot& plot, const std::filesystem::path& path) {
  const auto ending = path.extension().string();
  if (ending != ".svg" && ending != ".png") {
    throw error(path.string() + ": found the ending '" + ending + "', expected .svg or .png");
  }
  write_file(path, render(plot, ending == ".svg" ? picture::svg : picture::png));
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
