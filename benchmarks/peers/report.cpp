// Tables, picture and goals of benchmark `peers`, from the rows of its contenders: report ROWS.csv PICTURE.svg
#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include <offramp/host/plot.hpp>
#include <offramp/host/table.hpp>

#include "benchmarks/goals.hpp"
#include "benchmarks/peers/rows.hpp"
#include "tests/support/benchmark_shapes.hpp"

using namespace offramp;
using peers::compare;
using peers::figure;
using peers::ratio;
using peers::rows;
using names = std::vector<std::string>;

namespace {

const names onednn_int8{"onednn-u8s8", "onednn-u8s8-any"};
const names onednn_amx{"onednn-u8s8-amx", "onednn-u8s8-any-amx"};
const names onednn_f32{"onednn-f32", "onednn-f32-any"};
const names int8_peers{"onednn-u8s8", "onednn-u8s8-any", "xnnpack-qc8"};  // with VNNI at most
const names f32_peers{"onednn-f32", "onednn-f32-any", "xnnpack-f32", "eigen-f32", "tiny-dnn-f32"};

const names resnet{"conv3x3_56x56x64", "conv3x3_28x28x128", "conv3x3_14x14x256", "conv3x3_7x7x512"};
const names small{"conv3x3_32x32x16", "conv3x3_16x16x32", "conv3x3_8x8x64"};
const names depthwise{"dw3x3_25x5x64"};

std::string number(double value, int decimals = 2) { return host::fixed(value, decimals); }
std::string microseconds(const figure* f) { return f == nullptr ? "-" : number(f->min_us, f->min_us < 10 ? 3 : 1); }

const figure* best(const rows& r, const names& candidates, const std::string& shape) {
  return r.find(r.fastest(candidates, shape), shape);
}

// Times as long as our `own` as the fastest of `others`, over those shapes for which there are both.
std::vector<double> speedups(const rows& r, const names& others, const std::string& own, const names& shapes) {
  std::vector<double> all;
  for (const auto& s : shapes) {
    const double x = compare(best(r, others, s), r.find(own, s)).of_minima;
    if (std::isfinite(x)) all.push_back(x);
  }
  return all;
}

void add_comparison(names& row, const figure* other, const figure* own) {
  const ratio x = compare(other, own);
  row.push_back(microseconds(other));
  row.push_back(number(x.of_minima));
  row.push_back(number(x.of_medians));
}

// One table for each arithmetic: ours against the best peers.
void print_ratios(const rows& r, const std::string& variant) {
  struct opponent {
    const char* name;
    const names* candidates;
  };
  struct part {
    const char* own;
    std::vector<opponent> against;
  };
  const part parts[] = {
      {"offramp-binary", {{"int8", &int8_peers}, {"AMX int8", &onednn_amx}, {"f32", &f32_peers}}},
      {"offramp-int8", {{"oneDNN int8", &onednn_int8}, {"AMX int8", &onednn_amx}}},
      {"offramp-f32", {{"oneDNN f32", &onednn_f32}, {"f32", &f32_peers}}},
  };
  for (const part& p : parts) {
    const std::string own = p.own + variant;
    names headers{own, "min us", "MAC/cycle"};
    for (const opponent& o : p.against) {
      headers.push_back(std::string{"best "} + o.name + " us");
      headers.emplace_back("x minima");
      headers.emplace_back("x medians");
    }
    host::table t{headers};
    for (const auto& s : r.subjects()) {
      const figure* f = r.find(own, s);
      if (f == nullptr) continue;
      names row{s, microseconds(f), number(f->macs_per_cycle(), 1)};
      for (const opponent& o : p.against) add_comparison(row, best(r, *o.candidates, s), f);
      t.add(row);
    }
    if (!t.rows().empty()) std::cout << t << '\n';
  }
}

// Variants ("", ":avx2", "@clang++-14", "+native" ...) of our contenders, in the order of their rows.
names variants(const rows& r) {
  names found;
  for (const auto& p : r.peers()) {
    if (p.rfind("offramp-", 0) != 0) continue;
    const auto at = p.find_first_of(":@+");
    const std::string v = at == std::string::npos ? "" : p.substr(at);
    if (std::find(found.begin(), found.end(), v) == found.end()) found.push_back(v);
  }
  return found;
}

// One line a variant: geometric means, and the least, of how many times as fast it is on the four ResNet shapes.
void print_summary(const rows& r, const names& all) {
  host::table t({"ResNet shapes, minima", "binary over int8", "least", "over AMX int8", "least", "over f32",
                 "int8 over oneDNN int8", "over AMX int8", "f32 over oneDNN f32"});
  for (const auto& v : all) {
    const auto over = [&](const names& others, const char* own) { return speedups(r, others, own + v, resnet); };
    const auto int8 = over(int8_peers, "offramp-binary"), amx = over(onednn_amx, "offramp-binary");
    const auto mean = [](const std::vector<double>& x) { return number(peers::geometric_mean(x)); };
    t.add({v.empty() ? "best without AMX" : v, mean(int8), number(peers::least(int8)), mean(amx),
           number(peers::least(amx)), mean(over(f32_peers, "offramp-binary")), mean(over(onednn_int8, "offramp-int8")),
           mean(over(onednn_amx, "offramp-int8")), mean(over(onednn_f32, "offramp-f32"))});
  }
  std::cout << t << '\n';
}

// Goals of one compiler, "" for the first one, else "@NAME". Those whose shapes were not asked for are left out; one
// whose rows are missing is missed.
struct goal_maker {
  const rows& r;
  std::string compiler;
  bench::goals& to;

  // How the speedups of `own` over the fastest of `others` become one number.
  using summary = double (*)(const std::vector<double>&);
  void operator()(const std::string& name, const names& others, const std::string& own, const names& shapes,
                  summary summarize, double target) const {
    for (const auto& s : shapes)
      if (std::find(r.subjects().begin(), r.subjects().end(), s) == r.subjects().end()) return;
    const auto all = speedups(r, others, own + compiler, shapes);
    to.at_least(name + (compiler.empty() ? "" : "_" + compiler.substr(1)),
                all.size() == shapes.size() ? summarize(all) : NAN, target, "x");
  }
};

void add_goals(const rows& r, const std::string& compiler, bench::goals& to) {
  const goal_maker goal{r, compiler, to};
  const auto mean = peers::geometric_mean;
  const auto least = peers::least;
  goal("binary_resnet_over_int8", int8_peers, "offramp-binary", resnet, mean, 3.5);
  goal("binary_resnet_over_int8_least", int8_peers, "offramp-binary", resnet, least, 2.7);
  goal("binary_resnet_over_f32", f32_peers, "offramp-binary", resnet, mean, 11);
  goal("binary_32x32x16_over_int8", int8_peers, "offramp-binary", {"conv3x3_32x32x16"}, least, 8);
  goal("binary_16x16x32_over_int8", int8_peers, "offramp-binary", {"conv3x3_16x16x32"}, least, 3);
  goal("binary_8x8x64_over_int8", int8_peers, "offramp-binary", {"conv3x3_8x8x64"}, least, 2.2);
  goal("binary_1x1_over_int8", int8_peers, "offramp-binary", {"conv1x1_28x28x128"}, least, 1.7);
  goal("binary_dense_over_int8", int8_peers, "offramp-binary", {"dense_1024x1024"}, least, 10);
  goal("avx2_binary_resnet_over_vnni", onednn_int8, "offramp-binary:avx2", resnet, mean, 1.25);
  goal("avx2_binary_resnet_over_vnni_least", onednn_int8, "offramp-binary:avx2", resnet, least, 1);
  goal("int8_large_over_onednn_least", onednn_int8, "offramp-int8", resnet, least, 0.9);
  goal("int8_small_over_onednn_least", onednn_int8, "offramp-int8", small, least, 1.3);
  goal("int8_depthwise_over_onednn", onednn_int8, "offramp-int8", depthwise, least, 1.3);
  goal("f32_large_over_onednn_least", onednn_f32, "offramp-f32", resnet, least, 0.9);
  goal("f32_small_over_onednn_least", onednn_f32, "offramp-f32", small, least, 1.2);
  goal("first_layer_over_onednn_int8", onednn_int8, "offramp-int8", {"stem3x3_32x32x3-16"}, least, 1.5);
}

// Time of dispatched code over that of the same path built for this CPU alone: the geometric mean over all rows.
double dispatch_cost(const rows& r) {
  std::vector<double> all;
  for (const char* own : {"offramp-binary", "offramp-int8", "offramp-f32"})
    for (const auto& s : r.subjects()) {
      const double x = compare(r.find(own, s), r.find(std::string{own} + "+native", s)).of_minima;
      if (std::isfinite(x)) all.push_back(x);
    }
  return peers::geometric_mean(all);
}

void draw(const rows& r, const std::string& file) {
  host::bar_plot plot;
  plot.title = "Single layers, one thread: billions of products (MACs) a second";
  for (int i = 0; i < offramp_test::peer_shapes; ++i) {
    const std::string s = offramp_test::benchmark_shapes[i].name;
    if (std::find(r.subjects().begin(), r.subjects().end(), s) != r.subjects().end()) plot.categories.push_back(s);
  }
  if (plot.categories.empty()) return;
  const auto add = [&](const char* name, const names& candidates) {
    host::bar_series series{name, {}, {}};
    bool any = false;
    for (const auto& s : plot.categories) {
      const figure* f = best(r, candidates, s);
      any = any || f != nullptr;
      series.values.push_back(f == nullptr ? NAN : f->gmacs());
    }
    if (any) plot.series.push_back(series);
  };
  add("best float peer", f32_peers);
  add("offramp-f32", {"offramp-f32"});
  add("best int8 peer, VNNI", int8_peers);
  add("offramp-int8", {"offramp-int8"});
  add("oneDNN int8, AMX", onednn_amx);
  add("offramp-binary", {"offramp-binary"});
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
  const rows r{arguments[1]};
  r.print_csv(std::cout);
  std::cout << '\n';
  const names all = variants(r);
  for (const auto& v : all)
    if (v.find('+') == std::string::npos) print_ratios(r, v);
  print_summary(r, all);
  draw(r, arguments[2]);
  bench::goals g;
  for (const auto& v : all)
    if (v.empty() || v[0] == '@') add_goals(r, v, g);
  if (std::find(all.begin(), all.end(), "+native") != all.end())
    g.at_most("dispatched_over_native_time", dispatch_cost(r), 1.05);
  std::cout << g;
  return g.all_pass() ? 0 : 1;
} catch (const host::error& e) {
  std::cerr << "peers: " << e.what() << '\n';
  return 1;
}
