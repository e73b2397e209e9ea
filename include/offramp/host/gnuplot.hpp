// The program gnuplot: how texts, numbers and colours are written for it, how it is run and what it answers. Colours
// are those of Okabe and Ito, which colour-blind readers can tell apart.
#ifndef OFFRAMP_HOST_GNUPLOT_HPP
#define OFFRAMP_HOST_GNUPLOT_HPP

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <system_error>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/plot_data.hpp>
#include <offramp/host/write_file.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

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

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
