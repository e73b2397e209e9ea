// what: every kernel of every path: MACs per second and per cycle, share of what this core's instructions allow
// Arguments are those of Google Benchmark, such as --benchmark_filter='avx512_popcnt/binary'; on a busy machine
// --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true, of which tables and goals take the best.
// Names are PATH/ARITHMETIC/SHAPE, with constant shapes, PATH/ARITHMETIC/case: ... for the case table of the tests,
// shapes known at run time, and PATH/OP for ops that move numbers, whose work is elements of the input. `of_bound`:
// benchmarks/kernels/bounds.hpp.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include <offramp/host/table.hpp>

#include "benchmarks/goals.hpp"
#include "benchmarks/kernels/summary.hpp"
#include "tests/support/benchmark_shapes.hpp"

using namespace benchmarked;
using offramp::host::fixed;

namespace {

bench::goals reached;

// The best of all repetitions.
const summary_row* row_of(const std::string& path, const std::string& arithmetic, const std::string& shape) {
  const summary_row* best = nullptr;
  for (const auto& r : summary())
    if (r.path == path && r.arithmetic == arithmetic && r.shape == shape && !r.wrong)
      if (best == nullptr || r.per_cycle > best->per_cycle) best = &r;
  return best;
}

void print_bounds() {
  offramp::host::table t({"bound, MAC/cycle", "binary", "int8", "f32"});
  for (const auto& b : bounds())
    t.add({b.path, b.binary > 0 ? fixed(b.binary, 0) : "-", b.int8 > 0 ? fixed(b.int8, 0) : "-",
           b.f32 > 0 ? fixed(b.f32, 1) : "-"});
  std::cout << '\n' << t;
}

// MAC/cycle: a line for each shape, a column for each path.
void print_shapes(const std::string& arithmetic) {
  std::vector<std::string> headers{arithmetic + ", MAC/cycle"};
  for (const auto& b : bounds()) headers.push_back(b.path);
  offramp::host::table t{headers};
  for (const auto& s : offramp_test::benchmark_shapes) {
    std::vector<std::string> row{s.name};
    bool any = false;
    for (const auto& b : bounds()) {
      const summary_row* r = row_of(b.path, arithmetic, s.name);
      any = any || r != nullptr;
      row.push_back(r == nullptr ? "-" : fixed(r->per_cycle, 1));
    }
    if (any) t.add(row);
  }
  if (!t.rows().empty()) std::cout << '\n' << t;
}

// Geometric mean over the four shapes of ResNet-18 of the share of the bound; not a number where one was left out.
double share(const std::string& path, const std::string& arithmetic) {
  double sum = 0;
  for (int i = 0; i < 4; ++i) {
    const summary_row* r = row_of(path, arithmetic, offramp_test::benchmark_shapes[i].name);
    if (r == nullptr) return NAN;
    sum += std::log(r->of_bound) / 4;
  }
  return std::exp(sum);
}

}  // namespace

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  benchmark::AddCustomContext("compiler", OFFRAMP_COMPILER);
  benchmark::AddCustomContext("flags", OFFRAMP_FLAGS);
  add_avx512_popcnt();
  add_avx512_vnni();
  add_avx512();
  add_avx2();
  add_portable();
  benchmark::RunSpecifiedBenchmarks();
  print_bounds();
  for (const char* arithmetic : {"binary", "int8", "f32"}) print_shapes(arithmetic);
  std::cout << '\n';

  const auto wrong = std::count_if(summary().begin(), summary().end(), [](const auto& r) { return r.wrong; });
  reached.at_most("wrong_outputs", static_cast<double>(wrong), 0, "", 0);
  // Of the best path that has no matrix unit; and every layer has code of its own there.
  for (const char* path : {"avx512_popcnt", "avx512_vnni", "avx512", "avx2"}) {
    const double binary = share(path, "binary"), int8 = share(path, "int8"), f32 = share(path, "f32");
    if (!std::isfinite(binary) || !std::isfinite(int8) || !std::isfinite(f32)) continue;
    const auto left = std::count_if(summary().begin(), summary().end(), [&](const auto& r) {
      return r.path == path && !r.shape.empty() && (r.runs_on == "portable" || r.runs_on == "reference");
    });
    reached.at_most("layers_left_to_portable", static_cast<double>(left), 0, "", 0);
    reached.at_least("binary_share_of_bound", binary, 0.4);
    reached.at_least("int8_share_of_bound", int8, 0.8);
    reached.at_least("f32_share_of_bound", f32, 0.8);
    break;
  }
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
}
