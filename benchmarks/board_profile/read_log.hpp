// Reads what boards say (device/runner.hpp, device/networks.hpp): ops and networks with their counts.
#ifndef BENCHMARKS_BOARD_PROFILE_READ_LOG_HPP
#define BENCHMARKS_BOARD_PROFILE_READ_LOG_HPP

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/timing/clock.hpp>

#include "benchmarks/board_profile/op_text.hpp"

namespace board_profile {

namespace host = offramp::host;

struct measured_op {
  kernel_op op{};
  double count = 0;
};

struct measured_network {
  std::uint64_t seed = 0;
  std::string style;
  int layers = 0, residuals = 0, exits = 0;
  double count = 0;
  std::vector<measured_op> steps;
};

struct board_log {
  std::string path;
  int version = 0;
  offramp::time_unit unit{};
  std::vector<measured_op> ops;
  std::vector<measured_network> networks;
  int too_large = 0;  // what the board had no memory for
};

namespace detail {

template <class Number>
Number to_number(const std::string& text, const std::string& where, const char* what) {
  Number n{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc{} || end != text.data() + text.size())
    throw host::error(where + ": " + what + ": found \"" + text + "\", expected a number");
  return n;
}

// "14x14x32"
template <int N>
void to_numbers(const std::string& text, const std::string& where, const char* what, int* const (&to)[N]) {
  std::istringstream in{text};
  std::string part;
  for (int* n : to) {
    if (!std::getline(in, part, 'x'))
      throw host::error(where + ": " + what + ": found \"" + text + "\", expected " + std::to_string(N) + " numbers");
    *n = to_number<int>(part, where, what);
  }
  if (std::getline(in, part))
    throw host::error(where + ": " + what + ": found \"" + text + "\", expected " + std::to_string(N) + " numbers");
}

template <class Enum>
Enum to_enum(const std::string& text, int count, const std::string& where, const char* what) {
  for (int i = 0; i < count; ++i)
    if (text == to_string(static_cast<Enum>(i))) return static_cast<Enum>(i);
  throw host::error(where + ": " + what + ": found \"" + text + "\", expected a name of one");
}

inline std::string word(std::istringstream& in, const std::string& where, const char* what) {
  std::string text;
  if (!(in >> text)) throw host::error(where + ": " + what + ": found the line's end");
  return text;
}

}  // namespace detail

// The rest of a line, from the op's kind on.
inline kernel_op read_op(std::istringstream& in, const std::string& where) {
  const auto next = [&](const char* what) { return detail::word(in, where, what); };
  kernel_op op;
  op_signature& s = op.signature;
  window& w = op.geometry;
  s.what = detail::to_enum<op_kind>(next("op"), 8, where, "op");
  if (s.what == op_kind::user) throw host::error(where + ": op: found user, which no table holds");
  s.in = detail::to_enum<kind>(next("in"), 8, where, "in");
  s.weights = detail::to_enum<kind>(next("weights"), 8, where, "weights");
  s.out = detail::to_enum<kind>(next("out"), 8, where, "out");
  for (const char c : next("flags")) switch (c) {
      case 'a': s.add = true; break;
      case 'g': s.grouped = true; break;
      case 't': s.two_slopes = true; break;
      case 'r': s.rectified = true; break;
      case '-': break;
      default: throw host::error(where + ": flags: found " + std::string{c} + ", expected a, g, t, r or -");
    }
  s.in_layout = detail::to_enum<layout>(next("in_layout"), 4, where, "in_layout");
  s.out_layout = detail::to_enum<layout>(next("out_layout"), 4, where, "out_layout");
  const auto extent = [&](const char* what, shape& e) {
    detail::to_numbers(next(what), where, what, {&e.h, &e.w, &e.c});
  };
  const auto pair = [&](const char* what, int& a, int& b) { detail::to_numbers(next(what), where, what, {&a, &b}); };
  extent("input", w.in);
  extent("output", w.out);
  pair("kernel", w.kernel_h, w.kernel_w);
  pair("stride", w.stride_h, w.stride_w);
  pair("padding", w.pad_top, w.pad_left);
  pair("stored", w.stored_in_c, w.stored_out_c);
  w.groups = detail::to_number<int>(next("groups"), where, "groups");
  w.out_first = detail::to_number<int>(next("first"), where, "first");
  if (w.in.size() <= 0 || w.out.size() <= 0 || w.groups <= 0 || w.taps() <= 0)
    throw host::error(where + ": found an op without input, output, window or groups");
  return op;
}

// Adds the log of one firmware to `to`, whose others were of the same path and unit.
inline void read_log(const std::filesystem::path& path, board_log& to) {
  std::ifstream file{path};
  if (!file) throw host::error(path.string() + ": cannot be read, expected what a board said");
  int number = 0, lines = 0;
  bool begun = false, ended = false;
  for (std::string text; std::getline(file, text);) {
    const std::string where = path.string() + ", line " + std::to_string(++number);
    std::istringstream line{text};
    std::string what;
    line >> what;
    const auto next = [&](const char* name) { return detail::word(line, where, name); };
    const auto count = [&] { return detail::to_number<double>(next("count"), where, "count"); };
    const auto integer = [&](const char* name) { return detail::to_number<int>(next(name), where, name); };
    if (what == "offramp-profile") {
      if (integer("format") != 1) throw host::error(where + ": format: expected 1");
      board_log one;
      one.path = next("path");
      one.version = integer("version");
      one.unit = detail::to_enum<offramp::time_unit>(next("unit"), 4, where, "unit");
      if (!to.path.empty() && (to.path != one.path || to.version != one.version || to.unit != one.unit))
        throw host::error(where + ": found " + one.path + " " + std::to_string(one.version) + " in " +
                          to_string(one.unit) + ", expected " + to.path + " " + std::to_string(to.version) + " in " +
                          to_string(to.unit) + " as in the logs before it");
      to.path = one.path;
      to.version = one.version;
      to.unit = one.unit;
      begun = true;
    } else if (what == "sample" || what == "step") {
      const double n = count();
      if (!(n > 0)) throw host::error(where + ": count: found 0, expected more (a clock that does not advance?)");
      auto& list = what == "sample" ? to.ops : to.networks.back().steps;
      list.push_back({read_op(line, where), n});
      ++lines;
    } else if (what == "network") {
      measured_network n;
      n.seed = static_cast<std::uint64_t>(integer("seed"));
      n.style = next("style");
      n.layers = integer("layers");
      n.residuals = integer("residuals");
      n.exits = integer("exits");
      n.count = count();
      to.networks.push_back(n);
      ++lines;
    } else if (what == "too-large") {
      ++to.too_large;
      ++lines;
    } else if (what == "end") {
      if (integer("lines") != lines)
        throw host::error(where + ": found " + std::to_string(lines) + " lines, expected as many as it says");
      ended = true;
    } else if (!what.empty()) {
      throw host::error(where + ": found \"" + text + "\", expected sample, network, step or end");
    }
    if (!begun) throw host::error(where + ": found \"" + text + "\", expected offramp-profile first");
  }
  if (!ended) throw host::error(path.string() + ": found no last line \"end\": what the board said was cut off");
}

inline board_log read_logs(const std::vector<std::filesystem::path>& paths) {
  board_log all;
  for (const auto& p : paths) read_log(p, all);
  return all;
}

}  // namespace board_profile

#endif
