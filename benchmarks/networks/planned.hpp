// A program of device ops on a path, as the library would run it: planned layouts, packed weights and one arena, every
// step with its constant shape. Weights are random. Its logits are compared with those on path portable.
#ifndef BENCHMARKS_NETWORKS_PLANNED_HPP
#define BENCHMARKS_NETWORKS_PLANNED_HPP

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <offramp/net/plan.hpp>

#include "benchmarks/peers/measure.hpp"
#include "tests/support/op_data.hpp"

namespace networks {

namespace kernels = offramp::kernels;
using offramp::kind;
using offramp::op_kind;

// Canonical weights of an op. Those of floats keep sums near 1, so that deep networks neither vanish nor overflow.
inline void fill_weights(std::uint64_t stream, const offramp::kernel_op& op, std::uint32_t* to) {
  offramp_test::random_numbers r{stream};
  offramp_test::fill_weights(r, op, to, false);
  const offramp::op_signature& s = op.signature;
  const auto l = kernels::canonical_layout(op);
  if (s.out != kind::f32 || l.total() == 0) return;
  const double terms = s.what == op_kind::conv ? op.geometry.depth() : op.geometry.taps();
  const double size = s.what == op_kind::conv ? std::sqrt(terms) : terms;
  const auto factor = static_cast<float>(std::exp2(-std::round(std::log2(size))));
  for (std::size_t c = 0; c < l.channels; ++c) {
    to[l.array(0) + c] = std::bit_cast<std::uint32_t>(factor);
    to[l.array(1) + c] = std::bit_cast<std::uint32_t>(0.125f);
  }
  to[2] = std::bit_cast<std::uint32_t>(s.add ? -1e30f : 0.0f);
  to[3] = std::bit_cast<std::uint32_t>(s.add ? 1e30f : 6.0f);
}

// `Program::program` is what is run.
template <class Program, class Path>
class planned_program {
 public:
  static constexpr auto plan = offramp::detail::plan_network<Path>(Program::program);
  static constexpr int steps = plan.program.step_count;

  planned_program()
      : input_{peers::memory<unsigned char>(plan.program.tensors[0].bytes())},
        arena_{peers::memory<unsigned char>(plan.arena_bytes)}, weights_{
                                                                    peers::memory<std::uint32_t>(plan.weight_words)} {
    const auto& in = plan.program.tensors[0];
    offramp_test::random_numbers r{99};
    offramp_test::fill_tensor(r, in.extent, in.element, input_);
    std::uint64_t stream = 100;
    for (int i = 0; i < steps; ++i) {
      const offramp::step_desc& s = plan.program.steps[i];
      if (s.op.signature.what == op_kind::convert) continue;  // which ones there are is the path's choice
      auto* canonical = peers::memory<std::uint32_t>(kernels::canonical_layout(s.op).total());
      fill_weights(++stream, s.op, canonical);
      kernels::pack<Path>(s.op, canonical, weights_ + s.weight_offset);
      std::free(canonical);
    }
  }
  ~planned_program() {
    std::free(input_);
    std::free(arena_);
    std::free(weights_);
  }
  planned_program(const planned_program&) = delete;
  planned_program& operator=(const planned_program&) = delete;

  void run() const { run_steps(std::make_integer_sequence<int, steps>{}); }

  // The first convolution and what is done before it.
  void run_first_layer() const { run_steps(std::make_integer_sequence<int, first_layer_steps>{}); }
  static constexpr double first_layer_macs() {
    return static_cast<double>(plan.program.steps[first_layer_steps - 1].cost.macs +
                               plan.program.steps[first_layer_steps - 1].cost.binary_macs);
  }
  static constexpr double macs() {
    double sum = 0;
    for (int i = 0; i < steps; ++i)
      sum += static_cast<double>(plan.program.steps[i].cost.macs + plan.program.steps[i].cost.binary_macs);
    return sum;
  }

  [[nodiscard]] const void* logits() const { return place(plan.program.logits[plan.program.exit_count - 1]); }
  static constexpr int classes() { return plan.program.classes; }
  static constexpr kind logit_kind() {
    return plan.program.tensors[plan.program.logits[plan.program.exit_count - 1]].element;
  }

  // Which path runs each step.
  static void describe(std::FILE* to) { describe_steps(to, std::make_integer_sequence<int, steps>{}); }

 private:
  static constexpr int first_layer_steps = [] {
    for (int i = 0; i < steps; ++i)
      if (plan.program.steps[i].op.signature.what == op_kind::conv) return i + 1;
    return 1;
  }();

  [[nodiscard]] unsigned char* place(int tensor) const {
    return tensor == 0 ? input_ : arena_ + plan.program.tensors[tensor].offset;
  }

  template <int I>
  void run_step() const {
    static constexpr offramp::step_desc s = plan.program.steps[I];
    kernels::run<Path, s.op.signature>(
        offramp::static_geometry<s.op.geometry>{},
        {place(s.in), weights_ + s.weight_offset, place(s.out), arena_ + s.scratch_offset});
  }
  template <int... I>
  void run_steps(std::integer_sequence<int, I...>) const {
    (run_step<I>(), ...);
  }
  template <int... I>
  static void describe_steps(std::FILE* to, std::integer_sequence<int, I...>) {
    (
        [&] {
          static constexpr offramp::step_desc s = plan.program.steps[I];
          const auto& w = s.op.geometry;
          const auto& o = s.op.signature;
          std::fprintf(to, "step %d: %s, %s x %s -> %s%s, %dx%dx%d -> %dx%dx%d, %s to %s: path %s\n", I,
                       to_string(o.what), to_string(o.in), to_string(o.weights), to_string(o.out),
                       o.add ? " (add)" : "", w.in.h, w.in.w, w.in.c, w.out.h, w.out.w, w.out.c, to_string(o.in_layout),
                       to_string(o.out_layout), kernels::running_path<Path, s.op.signature>::name);
        }(),
        ...);
  }

  unsigned char* input_;
  unsigned char* arena_;
  std::uint32_t* weights_;
};

template <class Program, class Path>
void contend(const char* peer, const char* network, bool first_layer = false) {
  if (!peers::wanted(network)) return;
  const planned_program<Program, Path> net;
  net.run();
  if (peers::checks()) {
    std::fprintf(stderr, "%s, %s:\n", peer, network);
    net.describe(stderr);
    const planned_program<Program, offramp::path::portable> plain;
    plain.run();
    for (int i = 0; i < net.classes(); ++i) {
      const auto at = static_cast<std::size_t>(i) * 4;
      std::int32_t got, expected;
      std::memcpy(&got, static_cast<const unsigned char*>(net.logits()) + at, 4);
      std::memcpy(&expected, static_cast<const unsigned char*>(plain.logits()) + at, 4);
      bool same = got == expected;
      if (net.logit_kind() == kind::f32) {  // sums are rounded in another order
        const float a = std::bit_cast<float>(got), b = std::bit_cast<float>(expected);
        same = std::fabs(a - b) <= 1e-3f * (1 + std::fabs(b));
      }
      if (same) continue;
      std::fprintf(stderr, "%s, %s: logit %d on path %s differs from that of path portable\n", peer, network, i,
                   Path::name);
      std::exit(1);
    }
  }
  peers::print_row(peer, network, net.macs(), peers::measure([&] { net.run(); }, peers::budget_s()));
  if (first_layer)
    peers::print_row("offramp-binary-first", network, net.first_layer_macs(),
                     peers::measure([&] { net.run_first_layer(); }, peers::budget_s()));
}

}  // namespace networks

#endif
