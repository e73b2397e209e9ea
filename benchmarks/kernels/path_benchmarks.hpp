// Registers the benchmarks of one path: layers of constant shape, the case table of the tests with shapes known at run
// time, and the small ops around them. Each output is compared with path portable's before it is timed.
#ifndef BENCHMARKS_KERNELS_PATH_BENCHMARKS_HPP
#define BENCHMARKS_KERNELS_PATH_BENCHMARKS_HPP

#include <benchmark/benchmark.h>

#include <cstddef>
#include <string>
#include <utility>

#include "benchmarks/kernels/bounds.hpp"
#include "benchmarks/kernels/summary.hpp"
#include "benchmarks/peers/layer.hpp"
#include "tests/support/cases.hpp"

namespace benchmarked {

namespace kernels = offramp::kernels;
using offramp::dynamic_geometry;
using offramp::kind;
using offramp::layout;
using offramp::op_kind;
using offramp::op_signature;
using offramp::static_geometry;
using offramp::window;
using peers::arithmetic;

constexpr const char* short_name(arithmetic a) {
  return a == arithmetic::binary ? "binary" : a == arithmetic::int8 ? "int8" : "f32";
}

// One op, timed: the column Time is the median, counters are those of the fastest sample.
template <class Path, op_signature S, class Geometry>
void time_op(benchmark::State& state, Geometry g, double work, double bound, summary_row row) {
  if (!kernels::runs_here<Path>()) {
    state.SkipWithError("this CPU does not run the path");
    return;
  }
  const window w = g();
  const peers::prepared<Path, S> op{w};
  const kernels::arguments a = op.arguments();
  kernels::run<Path, S>(g, a);
  if (!op.correct()) {
    row.wrong = true;
    summary().push_back(row);
    state.SkipWithError("the output differs from that of path portable");
    return;
  }
  for (auto _ : state) {
    const peers::timing t = peers::measure([&] { kernels::run<Path, S>(g, a); }, 0.01);
    state.SetIterationTime(t.median_us * 1e-6);
    const double per_second = work / (t.min_us * 1e-6), per_cycle = per_second / (t.ghz * 1e9);
    state.counters["min_us"] = t.min_us;
    state.counters["GHz"] = t.ghz;
    state.counters["work/s"] = benchmark::Counter(per_second);
    state.counters["work/cycle"] = per_cycle;
    if (bound > 0) state.counters["of_bound"] = per_cycle / bound;
    row.per_cycle = per_cycle;
    row.of_bound = bound > 0 ? per_cycle / bound : 0;
  }
  state.SetLabel(std::string{"path "} + kernels::running_path<Path, S>::name);
  row.runs_on = kernels::running_path<Path, S>::name;
  summary().push_back(row);
}

template <class Run>
void add(const std::string& name, Run run) {
  benchmark::RegisterBenchmark(name.c_str(), run)->Iterations(1)->UseManualTime()->Unit(benchmark::kMicrosecond);
}

template <class Path, arithmetic A, int Index>
void add_shape(const bound& limit) {
  static constexpr offramp_test::benchmark_shape s = offramp_test::benchmark_shapes[Index];
  if constexpr (peers::exists(A, s)) {
    static constexpr op_signature signature = peers::settled<Path>(peers::signature(A, s), s.geometry);
    // A first layer of a binary network multiplies bytes.
    const double b = A == arithmetic::f32 ? limit.f32 : signature.weights == kind::bits ? limit.binary : limit.int8;
    add(std::string{Path::name} + "/" + short_name(A) + "/" + s.name, [b](benchmark::State& state) {
      time_op<Path, signature>(state, static_geometry<s.geometry>{}, s.macs(), b, {Path::name, short_name(A), s.name});
    });
  }
}

template <class Path, op_signature S, std::size_t N>
void add_cases(const char* kind_name, const offramp_test::op_case (&cases)[N], double bound) {
  for (const auto& c : cases)
    add(std::string{Path::name} + "/" + kind_name + "/case: " + c.why, [=, w = c.geometry](benchmark::State& state) {
      const double macs = static_cast<double>(w.out.size()) * w.depth();
      const op_signature wanted = peers::settled<Path>(S, w);
      peers::with_layouts<Path, S>(wanted.in_layout, wanted.out_layout, [&]<op_signature Settled>() {
        time_op<Path, Settled>(state, dynamic_geometry{w}, macs, bound, {Path::name, kind_name, ""});
      });
    });
}

// Ops that move numbers: elements of their input a cycle.
template <class Path, op_signature S>
void add_small(const char* what, const window& w) {
  add(std::string{Path::name} + "/" + what, [=](benchmark::State& state) {
    time_op<Path, S>(state, dynamic_geometry{w}, w.in.size(), 0, {Path::name, what, ""});
  });
}

template <class Path>
void add_path() {
  if (!kernels::runs_here<Path>()) return;
  const bound limit = bound_of<Path>();
  bounds().push_back({Path::name, limit.binary, limit.int8, limit.f32});
  [&]<int... I>(std::integer_sequence<int, I...>) {
    (add_shape<Path, arithmetic::binary, I>(limit), ...);
    (add_shape<Path, arithmetic::int8, I>(limit), ...);
    (add_shape<Path, arithmetic::f32, I>(limit), ...);
  }
  (std::make_integer_sequence<int, offramp_test::benchmark_shape_count>{});

  using offramp_test::conv;
  add_cases<Path, conv(kind::bits, kind::bits, kind::bits)>("binary", offramp_test::conv_cases, limit.binary);
  add_cases<Path, conv(kind::i8, kind::i8, kind::i8)>("int8", offramp_test::conv_cases, limit.int8);
  add_cases<Path, conv(kind::f32, kind::f32, kind::f32)>("f32", offramp_test::conv_cases, limit.f32);

  const window same = offramp::make_window({28, 28, 128}, 128, 1, 1, 1, 0, 0);
  const window halved = offramp::make_window({28, 28, 128}, 128, 2, 2, 2, 0, 0);
  add_small<Path, offramp_test::pointwise(kind::f32, kind::bits)>("signs of f32", same);
  add_small<Path, offramp_test::pointwise(kind::i8, kind::bits)>("signs of i8", same);
  add_small<Path, offramp_test::pointwise(kind::i16, kind::bits)>("signs of i16", same);
  add_small<Path, offramp_test::pointwise(kind::i16, kind::i8)>("i16 to i8", same);
  add_small<Path, offramp_test::max_pool(kind::bits)>("max pool of bits", halved);
  add_small<Path, offramp_test::max_pool(kind::i8)>("max pool of i8", halved);
  add_small<Path, offramp_test::avg_pool(kind::i8, kind::i8)>("mean of i8", halved);
  add_small<Path, op_signature{op_kind::convert, kind::bits, kind::none, kind::bits, false, layout::nhwc,
                               layout::bit_rows}>("bits to rows", same);
  add_small<Path, op_signature{op_kind::convert, kind::bits, kind::none, kind::bits, false, layout::bit_rows,
                               layout::nhwc}>("rows to bits", same);
}

}  // namespace benchmarked

#endif
