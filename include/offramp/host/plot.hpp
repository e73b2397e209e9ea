// Pictures described as plain data (plot_data.hpp) and drawn by the program gnuplot into SVG or PNG. What is written
// here is one kind of picture per file; files appear only when complete.
#ifndef OFFRAMP_HOST_PLOT_HPP
#define OFFRAMP_HOST_PLOT_HPP

#include <filesystem>
#include <string>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/gnuplot.hpp>
#include <offramp/host/plot_bars.hpp>
#include <offramp/host/plot_curves.hpp>
#include <offramp/host/plot_data.hpp>
#include <offramp/host/plot_tiles.hpp>
#include <offramp/host/write_file.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// The picture of any struct of plot_data.hpp that is one (curve_plot, panel_grid, bar_plot, ...) as the bytes of an SVG
// or PNG file. Images inside an SVG are embedded, so it stands alone. Throws `error` where the data do not fit
// together, or gnuplot is missing or fails.
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
