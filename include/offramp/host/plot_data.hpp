// Pictures as plain data: curves with their spread, panels, bars, heat maps and grids of images. Nothing here draws.
#ifndef OFFRAMP_HOST_PLOT_DATA_HPP
#define OFFRAMP_HOST_PLOT_DATA_HPP

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

inline constexpr double not_given = std::numeric_limits<double>::quiet_NaN();

// A label carries its unit. Limits that are not given follow the data.
struct axis {
  std::string label;
  double low = not_given, high = not_given;
  bool logarithmic = false;
};

// data: a line, points or both, in a colour of its own. reference: grey and dashed, to compare with. boxes: pale bars
// that stand on zero behind the lines, such as shares of the samples.
enum class curve_look { data, reference, boxes };

// Spread is a band between `low` and `high`, or bars of half-length `error` (in y) and `x_error`; each holds one value
// per point, or none. A point without a finite one has no bar.
struct curve {
  std::string name;
  std::vector<double> x, y;
  std::vector<double> error = {};
  bool line = true, points = true;
  std::vector<double> low = {}, high = {};
  std::vector<double> x_error = {};
  curve_look drawn = curve_look::data;
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

// Several small plots in one picture, row by row, under one key: that of the first panel, as all are to show the same
// curves. A panel's own size is not used; the labels of the axes stand at the left and lower edge of the picture.
struct panel_grid {
  std::string title;
  std::vector<curve_plot> panels;
  int columns = 3;
  int panel_width = 230, panel_height = 200;  // pixels, of the inner part
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

// A table of coloured cells: the darker, the higher the value; not finite = an empty cell. `texts` stand in the cells,
// else the values with one decimal.
struct heat_map {
  std::string title, column_label, row_label;
  std::vector<std::string> columns, rows;
  std::vector<std::vector<double>> values;           // [row][column]
  std::vector<std::vector<std::string>> texts = {};  // [row][column], or none
  double low = not_given, high = not_given;          // values of the palest and of the darkest colour
};

enum class picture { svg, png };

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
