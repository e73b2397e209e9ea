// Tables, picture and goals of benchmark `networks`, from the rows of its contenders: report ROWS.csv PICTURE.svg
#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include <offramp/host/plot.hpp>
#include <offramp/host/table.hpp>

#include "benchmarks/goals.hpp"
#include "benchmarks/peers/rows.hpp"

using namespace offramp;
using peers::compare;
using peers::figure;
using names = std::vector<std::string>;

namespace {

// Every contender against oneDNN in int8 (VNNI at most) and in floats.
void print_network(const peers::rows& r, const std::string& network) {
  const figure *int8 = r.find("onednn-u8s8", network), *amx = r.find("onednn-u8s8-amx", network),
               *f32 = r.find("onednn-f32", network);
  host::table t({network, "min us", "median us", "MAC/cycle", "oneDNN int8: x minima", "x medians",
                 "oneDNN AMX int8: x minima", "oneDNN f32: x minima"});
  for (const auto& p : r.peers()) {
    const figure* f = r.find(p, network);
    if (f == nullptr || p.find("-first") != std::string::npos) continue;
    const auto x = compare(int8, f);
    t.add({p, host::fixed(f->min_us, 1), host::fixed(f->median_us(), 1), host::fixed(f->macs_per_cycle(), 1),
           host::fixed(x.of_minima, 2), host::fixed(x.of_medians, 2), host::fixed(compare(amx, f).of_minima, 2),
           host::fixed(compare(f32, f).of_minima, 2)});
  }
  std::cout << t;
  for (const auto& p : r.peers()) {
    const auto at = p.find("-first");
    if (at == std::string::npos) continue;
    const std::string whole = p.substr(0, at) + p.substr(at + 6);
    const double share = 100 / compare(r.find(whole, network), r.find(p, network)).of_minima;
    if (std::isfinite(share))
      std::cout << "the first layer of " << whole << " takes " << host::fixed(share, 1) << " % of it\n";
  }
  std::cout << '\n';
}

void draw(const peers::rows& r, const std::string& file) {
  host::bar_plot plot;
  plot.title = "Whole networks, one thread, batch 1: microseconds";
  host::bar_series theirs{"peers", {}, {}}, ours{"offramp", {}, {}};
  for (const auto& n : r.subjects())
    for (const auto& p : r.peers()) {
      const figure* f = r.find(p, n);
      if (f == nullptr || p.find_first_of("@+") != std::string::npos || p.find("-first") != std::string::npos) continue;
      const bool own = p.rfind("offramp", 0) == 0;
      const std::string label = host::fixed(f->min_us, f->min_us < 100 ? 1 : 0);
      plot.categories.push_back(n + "  " + p);
      theirs.values.push_back(own ? NAN : f->min_us);
      theirs.labels.push_back(own ? "" : label);
      ours.values.push_back(own ? f->min_us : NAN);
      ours.labels.push_back(own ? label : "");
    }
  plot.series = {theirs, ours};
  plot.stacked = true;
  plot.value.logarithmic = true;
  plot.value.low = 1;
  plot.horizontal = true;
  plot.width = 900;
  host::save_plot(plot, file);
  std::cout << "picture: " << file << "\n\n";
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) throw host::error("report: expected ROWS.csv PICTURE.svg");
  const peers::rows r{arguments[1]};
  r.print_csv(std::cout);
  std::cout << '\n';
  for (const auto& n : r.subjects()) print_network(r, n);
  draw(r, arguments[2]);
  bench::goals g;
  // Of each compiler: "" for the first one, else "@NAME".
  names compilers;
  for (const auto& p : r.peers())
    if (p.rfind("offramp-int8", 0) == 0 && p.find_first_of(":+") == std::string::npos)
      compilers.push_back(p.substr(12));
  for (const auto& c : compilers) {
    const std::string ending = c.empty() ? "" : "_" + c.substr(1), network = "resnet8";
    if (std::find(r.subjects().begin(), r.subjects().end(), network) == r.subjects().end()) continue;
    const figure* opponent = r.find("onednn-u8s8", network);
    const auto over = [&](const char* own) { return compare(opponent, r.find(own + c, network)).of_minima; };
    g.at_least("resnet8_int8_over_onednn_int8" + ending, over("offramp-int8"), 1, "x");
    g.at_least("resnet8_binary_over_onednn_int8" + ending, over("offramp-binary"), 3, "x");
    g.at_least("resnet8_binary_with_shortcuts_over_onednn_int8" + ending, over("offramp-binary-shortcuts"), 2, "x");
  }
  std::cout << g;
  return g.all_pass() ? 0 : 1;
} catch (const host::error& e) {
  std::cerr << "networks: " << e.what() << '\n';
  return 1;
}
