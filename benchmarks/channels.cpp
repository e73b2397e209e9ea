// what: MAC/cycle over channel counts 1 to 512 in binary, int8 and float, a picture: no count may fall off a cliff
// 3x3 layers of C into C channels at 16x16 on the best path of this CPU without a matrix unit. A cliff is a count that
// takes longer than the next multiple of 32 does, to which it could be filled up, or a multiple that gets much less
// out of the core than a smaller one. Argument: where the picture goes (build/benchmarks/channels.svg).
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <offramp/host/plot.hpp>
#include <offramp/host/table.hpp>

#include "benchmarks/channels/points.hpp"
#include "benchmarks/goals.hpp"

using namespace offramp;
using channels::point;

namespace {

bench::goals reached;

struct worst {
  double ratio = 0;
  int at = 0;
};

// Time of a count from 16 on over that of the next multiple of 32.
worst worst_filling(const std::map<int, point>& points) {
  worst w;
  for (const auto& [c, p] : points) {
    auto next = points.lower_bound(c);
    while (next != points.end() && next->first % 32 != 0) ++next;
    if (c < 16 || next == points.end()) continue;
    if (const double ratio = p.min_us / next->second.min_us; ratio > w.ratio) w = {ratio, c};
  }
  return w;
}

// Least share that a multiple of 32 keeps of the MAC/cycle of a smaller one.
worst worst_growth(const std::map<int, point>& points) {
  worst w{1, 0};
  double best = 0;
  for (const auto& [c, p] : points) {
    if (c % 32 != 0) continue;
    best = std::max(best, p.macs_per_cycle);
    if (p.macs_per_cycle / best < w.ratio) w = {p.macs_per_cycle / best, c};
  }
  return w;
}

}  // namespace

int main(int count, char** arguments) try {
  const std::filesystem::path picture = count > 1 ? arguments[1] : "build/benchmarks/channels.svg";
  struct subject {
    const char* name;
    channels::curve_of_points found;
  };
  const std::vector<subject> subjects{
      {"binary", channels::sweep_binary()}, {"int8", channels::sweep_int8()}, {"f32", channels::sweep_f32()}};

  std::cout << OFFRAMP_COMPILER << "; " << OFFRAMP_FLAGS << "; 3x3 at 16x16\n\n";
  host::table t({"channels", "binary, MAC/cycle", "at run time", "runs on", "int8, MAC/cycle", "at run time", "runs on",
                 "f32, MAC/cycle", "at run time", "runs on"});
  for (const auto& [c, p] : subjects[0].found.constant) {
    std::vector<std::string> row{std::to_string(c)};
    for (const auto& s : subjects) {
      const auto dynamic = s.found.at_run_time.find(c);
      row.push_back(host::fixed(s.found.constant.at(c).macs_per_cycle, 1));
      row.push_back(dynamic == s.found.at_run_time.end() ? "-" : host::fixed(dynamic->second.macs_per_cycle, 1));
      row.push_back(s.found.constant.at(c).runs_on);
    }
    t.add(row);
  }
  std::cout << t << '\n';

  host::curve_plot plot;
  plot.title = "3x3 convolutions at 16x16, C into C channels: MACs a cycle";
  plot.x.label = "channels";
  plot.y.label = "MAC/cycle";
  plot.y.logarithmic = plot.x.logarithmic = true;
  plot.width = 1000;
  plot.height = 620;
  for (const auto& s : subjects)
    for (const bool constant : {true, false}) {
      host::curve c{std::string{s.name} + (constant ? "" : ", shape at run time"), {}, {}};
      c.points = constant;
      c.line = !constant;
      for (const auto& [n, p] : constant ? s.found.constant : s.found.at_run_time) {
        c.x.push_back(n);
        c.y.push_back(p.macs_per_cycle);
      }
      plot.curves.push_back(c);
    }
  std::filesystem::create_directories(picture.parent_path());
  host::save_plot(plot, picture);
  std::cout << "picture: " << picture.string() << "\n\n";

  for (const auto& s : subjects) {
    const auto filling = worst_filling(s.found.constant), growth = worst_growth(s.found.constant);
    const auto dynamic = worst_filling(s.found.at_run_time);
    std::cout << s.name << ": slowest against the next multiple of 32 at " << filling.at << " channels, at run time "
              << host::fixed(dynamic.ratio, 2) << "x at " << dynamic.at << "; deepest fall of multiples at "
              << growth.at << '\n';
  }
  std::cout << '\n';
  for (const auto& s : subjects) {
    const std::string name = s.name;
    for (const auto& [c, p] : s.found.constant)
      if (!p.right) throw host::error(name + ", " + std::to_string(c) + " channels: differs from path portable");
    reached.at_most(name + "_time_of_next_multiple", worst_filling(s.found.constant).ratio, 1.15, "x");
    reached.at_least(name + "_least_share_of_smaller_multiple", worst_growth(s.found.constant).ratio, 0.6, "x");
  }
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
} catch (const host::error& e) {
  std::cerr << "channels: " << e.what() << '\n';
  return 1;
}
