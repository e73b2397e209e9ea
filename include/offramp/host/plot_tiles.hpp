// What is made of tiles, drawn in pixels: grids of images, and heat maps.
#ifndef OFFRAMP_HOST_PLOT_TILES_HPP
#define OFFRAMP_HOST_PLOT_TILES_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/gnuplot.hpp>
#include <offramp/host/plot_data.hpp>
#include <offramp/host/table.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// Coordinates are pixels from the upper left corner; the picture is nothing but what is drawn there.
inline std::string pixel_frame(int width, int height) {
  return "unset border\nunset tics\nunset key\nset margins 0,0,0,0\nset xrange [0:" + std::to_string(width) +
         "]\nset yrange [" + std::to_string(height) + ":0]\n";
}

inline std::string pixel_label(const std::string& what, int x, int y, const std::string& style) {
  if (what.empty()) return {};
  return "set label " + plot_quoted(what) + " at " + std::to_string(x) + ',' + std::to_string(y) + ' ' + style + '\n';
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
    labels += pixel_label(what, x, y, style);
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
  const auto script = pixel_frame(width, height) + labels + "plot 'raster' binary array=(" + w + ',' + h +
                      ") origin=(0.5,0.5) format='%uchar%uchar%uchar' using 1:2:3 with rgbimage\n";
  return {plot.title, width, height, script, raster};
}

// From white to a dark blue, as 0xRRGGBB; share: 0 to 1.
inline int heat_colour(double share) {
  constexpr std::array<int, 3> darkest{0, 68, 120};
  int out = 0;
  for (const int c : darkest) out = out * 256 + static_cast<int>(std::lround(255 + (c - 255) * share));
  return out;
}

inline drawing draw(const heat_map& plot) {
  const auto where = "heat map '" + plot.title + "'";
  const std::size_t rows = plot.rows.size(), columns = plot.columns.size();
  check_sizes(where + ", rows", plot.values.size(), rows);
  if (!plot.texts.empty()) check_sizes(where + ", rows of texts", plot.texts.size(), rows);
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  for (std::size_t r = 0; r < rows; ++r) {
    check_sizes(where + ", row '" + plot.rows[r] + "'", plot.values[r].size(), columns);
    if (!plot.texts.empty())
      check_sizes(where + ", texts of row '" + plot.rows[r] + "'", plot.texts[r].size(), columns);
    for (const double v : plot.values[r]) {
      if (!std::isfinite(v)) continue;
      lowest = std::min(lowest, v);
      highest = std::max(highest, v);
    }
  }
  if (!(lowest <= highest)) throw error(where + ": found no finite value, expected at least one");
  if (std::isfinite(plot.low)) lowest = plot.low;
  if (std::isfinite(plot.high)) highest = plot.high;

  // Characters of the proportional font are some 7.5 pixels wide.
  const auto text_width = [](const std::vector<std::string>& texts) {
    std::size_t most = 0;
    for (const auto& text : texts) most = std::max(most, text.size());
    return static_cast<int>(most) * 15 / 2;
  };
  int cell_w = std::max(64, text_width(plot.columns) + 16);
  for (const auto& row : plot.texts) cell_w = std::max(cell_w, text_width(row) + 16);
  constexpr int cell_h = 30;
  const int left = 24 + text_width(plot.rows) + (plot.row_label.empty() ? 0 : 24);
  const int top = (plot.title.empty() ? 8 : 38) + (plot.column_label.empty() ? 24 : 46);
  const int needed = left + cell_w * static_cast<int>(columns) + 16;
  const int width = std::max(needed, text_width({plot.title}) + 40), shift = (width - needed) / 2;
  const int height = top + cell_h * static_cast<int>(rows) + 12;
  const auto ink = [](const char* where_to) { return std::string(where_to) + " front textcolor rgb '#222222'"; };
  std::string labels = pixel_label(plot.title, width / 2, 18, "center front font ',14' textcolor rgb '#111111'"), cells;
  const int grid_left = shift + left, middle = grid_left + cell_w * static_cast<int>(columns) / 2;
  labels += pixel_label(plot.column_label, middle, top - 34, ink("center"));
  labels +=
      pixel_label(plot.row_label, shift + 16, top + cell_h * static_cast<int>(rows) / 2, ink("center rotate by 90"));
  for (std::size_t c = 0; c < columns; ++c) {
    labels +=
        pixel_label(plot.columns[c], grid_left + cell_w * static_cast<int>(c) + cell_w / 2, top - 12, ink("center"));
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const int y = top + cell_h * static_cast<int>(r);
    labels += pixel_label(plot.rows[r], grid_left - 8, y + cell_h / 2, ink("right"));
    for (std::size_t c = 0; c < columns; ++c) {
      const double value = plot.values[r][c];
      if (!std::isfinite(value)) continue;
      const double share = highest > lowest ? std::clamp((value - lowest) / (highest - lowest), 0.0, 1.0) : 0.0;
      const int x = grid_left + cell_w * static_cast<int>(c);
      // Centre, sides with a gap of one pixel, colour.
      cells += plot_number(x + cell_w / 2.0) + ' ' + plot_number(y + cell_h / 2.0) + ' ' + std::to_string(x + 1) + ' ' +
               std::to_string(x + cell_w - 1) + ' ' + std::to_string(y + 1) + ' ' + std::to_string(y + cell_h - 1) +
               ' ' + std::to_string(heat_colour(share)) + '\n';
      labels += pixel_label(plot.texts.empty() ? fixed(value, 1) : plot.texts[r][c], x + cell_w / 2, y + cell_h / 2,
                            std::string("center front textcolor rgb '") + (share > 0.68 ? "#ffffff'" : "#222222'"));
    }
  }
  const auto script = pixel_frame(width, height) + labels + "$cells << EOD\n" + cells +
                      "EOD\nplot $cells using 1:2:3:4:5:6:7 with boxxyerror fs solid 1 noborder lc rgb variable\n";
  return {plot.title, width, height, script};
}

}  // namespace detail

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
