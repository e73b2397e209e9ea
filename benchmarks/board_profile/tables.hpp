// Which ops a board is to measure, and the source that makes it do so. The first table is stratified: within a class
// the work of op i of n is aimed at the i-th of n equal steps of its logarithm, channels and widths stand close around
// words and tiles. The next ones lie around ops that trees fitted without them get wrong (adaptive sampling as in
// nn-Meter, Zhang et al. 2021).
#ifndef BENCHMARKS_BOARD_PROFILE_TABLES_HPP
#define BENCHMARKS_BOARD_PROFILE_TABLES_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <offramp/host/write_file.hpp>

#include "benchmarks/board_profile/read_log.hpp"
#include "benchmarks/profile_cpu/geometries.hpp"

namespace board_profile {

using offramp::op_class;
using profile_cpu::draws;

struct table_options {
  bool floats = false;           // ops with floats, too
  double scale = 1;              // times as many ops
  std::uint32_t ram = 3u << 20;  // bytes that the board has for weights and tensors
  int each = 40;                 // ops of a firmware
};

struct class_range {
  int count;
  double least, most;  // OPs
};
// What networks for such boards are made of.
constexpr class_range range_of(op_class c) {
  switch (c) {
    case op_class::binary_conv: return {150, 500, 500e3};
    case op_class::mixed_conv: return {80, 5e3, 2e6};
    case op_class::integer_conv: return {200, 500, 2e6};
    case op_class::float_conv: return {150, 500, 2e6};
    case op_class::grouped_conv: return {80, 1e3, 300e3};
    case op_class::pool: return {130, 300, 200e3};
    case op_class::pointwise: return {100, 300, 100e3};
    case op_class::rearrange: return {60, 300, 60e3};
    case op_class::user: break;
  }
  return {0, 0, 0};
}

inline bool has_floats(const kernel_op& op) {
  const op_signature& s = op.signature;
  return s.in == kind::f32 || s.weights == kind::f32 || s.out == kind::f32;
}

// As the runner takes memory.
template <class Path>
bool fits(const kernel_op& op, std::uint32_t ram) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  const std::size_t parts[] = {
      4 * offramp::kernels::weight_words<Path>(op), 4 * offramp::kernels::canonical_layout(op).total(),
      offramp::tensor_bytes(w.in, s.in, s.in_layout), offramp::tensor_bytes(w.out, s.out, s.out_layout),
      offramp::kernels::scratch_bytes<Path>(op)};
  std::size_t sum = 0;
  for (const std::size_t p : parts) sum += (p + 63) / 64 * 64;
  return sum <= ram;
}

// Does the path agree on other layouts than channels innermost? Where it does not, nothing is ever converted.
template <class Path>
constexpr bool has_layouts() {
  const op_signature s{op_kind::conv, kind::bits, kind::bits, kind::bits};
  const kernel_op typical{s, offramp::make_window({16, 16, 64}, 64, 3, 3, 1, 1, 1)};
  return offramp::kernels::reads<Path>(typical) != layout::nhwc;
}

template <class Path>
bool may_be_measured(const kernel_op& op, const table_options& o) {
  if (op.signature.what == op_kind::convert && !has_layouts<Path>()) return false;
  return op.geometry.in.size() > 0 && op.geometry.out.size() > 0 && (o.floats || !has_floats(op)) &&
         fits<Path>(op, o.ram);
}

template <class Path>
std::vector<kernel_op> first_table(const table_options& o) {
  std::vector<kernel_op> all;
  for (int c = 0; c < offramp::op_classes; ++c) {
    const auto what = static_cast<op_class>(c);
    if (what == op_class::user || (what == op_class::float_conv && !o.floats)) continue;
    const class_range range = range_of(what);
    const int count = static_cast<int>(range.count * o.scale);
    for (int i = 0; i < count; ++i) {
      const double aim = range.least * std::pow(range.most / range.least, (i + 0.5) / count);
      draws d{static_cast<std::uint64_t>(c) * 65536 + static_cast<std::uint64_t>(i) + 11};
      kernel_op best;
      double nearest = 0;
      for (int drawn = 0, tried = 0; drawn < 12 && tried < 400; ++tried) {
        const kernel_op op = profile_cpu::draw_op(what, d);
        if (!may_be_measured<Path>(op, o)) continue;
        ++drawn;
        const double off = std::abs(std::log(profile_cpu::work_of(op) / aim));
        if (nearest != 0 && off >= nearest) continue;
        nearest = off;
        best = op;
      }
      if (nearest == 0) continue;
      profile_cpu::settle<Path>(best, d.percent(50));
      all.push_back(best);
    }
  }
  return all;
}

// An op like this one: the same signature, another geometry nearby.
template <class Path>
kernel_op neighbour(const kernel_op& of, draws& d) {
  kernel_op op = of;
  const window& w = of.geometry;
  const auto near = [&](int n) {
    if (n <= 1 || d.percent(25)) return n;
    if (d.percent(50)) return std::max(1, n + d.below(9) - 4);
    return std::max(1, static_cast<int>(std::lround(n * (0.6 + 0.01 * d.below(100)))));
  };
  const bool depthwise = w.groups > 1 && w.groups == w.in.c;
  const bool whole_input = w.kernel_h == w.in.h && w.kernel_w == w.in.w && w.out.positions() == 1;
  const int multiple = w.out.c % w.in.c == 0 ? w.out.c / w.in.c : 1;
  int in_c = near(w.in.c);
  if (w.groups > 1 && !depthwise) in_c = (in_c + w.groups - 1) / w.groups * w.groups;
  const int h = near(w.in.h);
  const shape in{h, w.in.h == w.in.w ? h : near(w.in.w), in_c};
  const bool free_outputs = of.signature.what == op_kind::conv && !depthwise;
  int out_c = free_outputs ? near(w.out.c) : in_c * multiple;
  if (w.groups > 1 && free_outputs) out_c = (out_c + w.groups - 1) / w.groups * w.groups;
  if (of.signature.what == op_kind::copy) {
    const int other = near(std::max(1, w.out.c - w.in.c));
    op.geometry = profile_cpu::whole(in);
    op.geometry.out.c = op.geometry.stored_out_c = in_c + other;
    if (w.out_first > 0) op.geometry.out_first = other;
    return op;
  }
  const int k_h = whole_input ? in.h : w.kernel_h, k_w = whole_input ? in.w : w.kernel_w;
  op.geometry = offramp::make_window(in, out_c, k_h, k_w, w.stride_h, w.pad_top, w.pad_left, w.stride_w,
                                     depthwise ? in_c : w.groups);
  profile_cpu::settle<Path>(op, of.signature.in_layout == layout::bit_rows);
  return op;
}

// `error[i]`: how far trees are off that did not see op i, relative. `count` ops around the worst, most of them where
// a class errs most; `round` draws others every time.
template <class Path>
std::vector<kernel_op> next_table(const std::vector<measured_op>& ops, const std::vector<double>& error, int count,
                                  std::uint64_t round, const table_options& o) {
  std::vector<std::size_t> order(ops.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return error[a] > error[b]; });
  const std::size_t worst = std::max<std::size_t>(1, order.size() / 4);
  std::vector<kernel_op> all;
  draws d{round * 7919 + 5};
  for (int tried = 0; static_cast<int>(all.size()) < count && tried < 100 * count; ++tried) {
    // The further ahead, the more often: the smaller of two draws.
    const auto pick = std::min(d.below(static_cast<int>(worst)), d.below(static_cast<int>(worst)));
    const kernel_op op = neighbour<Path>(ops[order[static_cast<std::size_t>(pick)]].op, d);
    const double most = range_of(offramp::class_of(op.signature)).most;
    if (may_be_measured<Path>(op, o) && profile_cpu::work_of(op) <= 1.5 * most) all.push_back(op);
  }
  return all;
}

// C++ of an op.
inline std::string op_literal(const kernel_op& op) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  const auto flag = [](bool b) { return std::string{b ? "true" : "false"}; };
  std::string t = "{{op_kind::" + std::string{to_string(s.what)} + ", kind::" + to_string(s.in) +
                  ", kind::" + to_string(s.weights) + ", kind::" + to_string(s.out) + ", " + flag(s.add) +
                  ", layout::" + to_string(s.in_layout) + ", layout::" + to_string(s.out_layout) + ", " +
                  flag(s.grouped) + ", " + flag(s.two_slopes) + ", " + flag(s.rectified) + "}, {";
  const auto extent = [&](shape e) {
    t += "{" + std::to_string(e.h) + ", " + std::to_string(e.w) + ", " + std::to_string(e.c) + "}, ";
  };
  extent(w.in);
  extent(w.out);
  for (const int n :
       {w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.pad_top, w.pad_left, w.stored_in_c, w.stored_out_c, w.groups})
    t += std::to_string(n) + ", ";
  return t + std::to_string(w.out_first) + "}}";
}

// STEM_000.cpp, STEM_001.cpp, ... of `each` ops. Small and large ones take turns, so that parts take equally long.
inline int write_tables(const std::vector<kernel_op>& ops, const std::filesystem::path& stem, int each) {
  const int parts = (static_cast<int>(ops.size()) + each - 1) / each;
  for (int part = 0; part < parts; ++part) {
    std::string text = "// Generated: part " + std::to_string(part + 1) + " of " + std::to_string(parts) +
                       " of a table of ops to be measured on a board.\n"
                       "#include \"benchmarks/board_profile/device/runner.hpp\"\n\nnamespace {\n"
                       "using namespace board_profile;\n";
    std::string list;
    for (std::size_t i = static_cast<std::size_t>(part); i < ops.size(); i += static_cast<std::size_t>(parts)) {
      const std::string name = "op_" + std::to_string(i);
      text += "struct " + name + " {\n  static constexpr kernel_op op" + op_literal(ops[i]) + ";\n};\n";
      list += (list.empty() ? "" : ", ") + name;
    }
    text += "}  // namespace\n\nint main() { return run_table<" + list + ">(); }\n";
    std::string number = std::to_string(part);
    number.insert(0, 3 - std::min<std::size_t>(3, number.size()), '0');
    offramp::host::write_file(stem.string() + "_" + number + ".cpp", text);
  }
  return parts;
}

// STEM_000.cpp, ... of networks that random_network.hpp draws, `each` to a firmware.
inline int write_networks(std::uint64_t first, int count, int each, bool floats, const std::filesystem::path& stem) {
  int parts = 0;
  for (int done = 0; done < count; done += each, ++parts) {
    std::string number = std::to_string(parts);
    number.insert(0, 3 - std::min<std::size_t>(3, number.size()), '0');
    offramp::host::write_file(stem.string() + "_" + number + ".cpp",
                              "// Generated: random networks to be measured on a board.\n"
                              "#include \"benchmarks/board_profile/device/networks.hpp\"\n\nint main() { return "
                              "board_profile::run_networks<" +
                                  std::to_string(first + static_cast<std::uint64_t>(done)) + ", " +
                                  std::to_string(std::min(each, count - done)) + (floats ? ", true" : "") + ">(); }\n");
  }
  return parts;
}

}  // namespace board_profile

#endif
