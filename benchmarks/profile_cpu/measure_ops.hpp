// Times ops as they run in a network. Alone and in a loop an op finds its weights, its code and its branches in the
// nearest caches, which flatters it: here some ten ops of similar size take turns, as the ops of a network do, in one
// arena; the input of each has just been written, by a copy that is not timed. Groups of ops take turns too, in many
// passes, so that a slow moment of the machine meets all alike.
#ifndef BENCHMARKS_PROFILE_CPU_MEASURE_OPS_HPP
#define BENCHMARKS_PROFILE_CPU_MEASURE_OPS_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

#include "benchmarks/profile_cpu/stopwatch.hpp"
#include "benchmarks/profile_cpu/subject.hpp"
#include "tests/support/op_data.hpp"

namespace profile_cpu {

struct free_memory {
  void operator()(void* p) const { std::free(p); }
};
using memory_block = std::unique_ptr<unsigned char, free_memory>;

inline memory_block make_memory(std::size_t bytes) {
  const std::size_t whole = (bytes + 64 + 4095) / 4096 * 4096;
  memory_block m{static_cast<unsigned char*>(std::aligned_alloc(4096, whole))};
  std::memset(m.get(), 0, whole);
  return m;
}
constexpr std::size_t in_lines(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

// Canonical weights of an op; those of floats keep sums near 1, so that nothing overflows or becomes subnormal.
inline std::vector<std::uint32_t> random_weights(std::uint64_t stream, const kernel_op& op) {
  const auto l = kernels::canonical_layout(op);
  std::vector<std::uint32_t> words(l.total());
  offramp_test::random_numbers r{stream};
  offramp_test::fill_weights(r, op, words.data());
  const op_signature& s = op.signature;
  if (s.out != kind::f32 || l.total() == 0) return words;
  const double size = s.what == op_kind::conv ? std::sqrt(op.geometry.depth()) : op.geometry.taps();
  const auto factor = static_cast<float>(std::exp2(-std::round(std::log2(size))));
  for (std::size_t c = 0; c < l.channels; ++c)
    for (std::size_t a = s.two_slopes ? 1 : 0; a + 1 < l.arrays; a += 2) {
      words[l.array(a) + c] = std::bit_cast<std::uint32_t>(factor);
      words[l.array(a + 1) + c] = std::bit_cast<std::uint32_t>(0.125f);
    }
  words[2] = std::bit_cast<std::uint32_t>(-1e30f);
  words[3] = std::bit_cast<std::uint32_t>(1e30f);
  return words;
}

// A random tensor in any layout.
inline void fill_input(std::uint64_t stream, shape extent, kind element, layout arrangement, unsigned char* to) {
  offramp_test::random_numbers r{stream};
  if (arrangement == layout::nhwc) return offramp_test::fill_tensor(r, extent, element, to);
  const memory_block plain = make_memory(offramp::tensor_bytes(extent, element, layout::nhwc));
  offramp_test::fill_tensor(r, extent, element, plain.get());
  const auto rearrange = [&]<layout To>() {
    constexpr op_signature convert{op_kind::convert, kind::bits, kind::none, kind::bits, false, layout::nhwc, To};
    if (arrangement == To)
      kernels::run<offramp::path::reference, convert>(offramp::dynamic_geometry{whole(extent)},
                                                      {plain.get(), nullptr, to, nullptr});
  };
  rearrange.template operator()<layout::bit_rows>();
  rearrange.template operator()<layout::nhwc_wide>();
  rearrange.template operator()<layout::bit_planes>();
}

// Ops that share an arena and take turns.
class op_group {
 public:
  explicit op_group(const std::vector<const op_subject*>& ops) {
    std::size_t weights = 0, arena = 0, inputs = 0;
    for (const op_subject* s : ops) {
      member m;
      m.subject = s;
      const op_signature& o = s->op.signature;
      const window& w = s->op.geometry;
      m.in_bytes = offramp::tensor_bytes(w.in, o.in, o.in_layout);
      m.out_bytes = offramp::tensor_bytes(w.out, o.out, o.out_layout);
      m.weights_at = weights;
      weights += in_lines(4 * s->weight_words);
      m.out_at = in_lines(m.in_bytes);
      m.scratch_at = m.out_at + in_lines(m.out_bytes);
      arena = std::max(arena, m.scratch_at + in_lines(s->scratch_bytes));
      m.fresh_at = inputs;
      inputs += in_lines(m.in_bytes);
      m.fresh_out_at = inputs;
      if (o.add) inputs += in_lines(m.out_bytes);
      members_.push_back(m);
    }
    weights_ = make_memory(weights);
    arena_ = make_memory(arena + 256);
    fresh_ = make_memory(inputs);
    std::uint64_t stream = 1;
    for (const member& m : members_) {
      const op_signature& o = m.subject->op.signature;
      const window& w = m.subject->op.geometry;
      const auto canonical = random_weights(++stream, m.subject->op);
      m.subject->pack(m.subject->op, canonical.data(), reinterpret_cast<std::uint32_t*>(weights_.get() + m.weights_at));
      fill_input(++stream, w.in, o.in, o.in_layout, fresh_.get() + m.fresh_at);
      if (o.add) fill_input(++stream, w.out, o.out, o.out_layout, fresh_.get() + m.fresh_out_at);
    }
  }

  // One turn of all; `seen(i, ticks)` for each.
  template <class Seen>
  void turn(Seen seen) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const member& m = members_[i];
      unsigned char* const base = arena_.get();
      std::memcpy(base, fresh_.get() + m.fresh_at, m.in_bytes);
      if (m.subject->op.signature.add) std::memcpy(base + m.out_at, fresh_.get() + m.fresh_out_at, m.out_bytes);
      const kernels::arguments a{base, reinterpret_cast<const std::uint32_t*>(weights_.get() + m.weights_at),
                                 base + m.out_at, base + m.scratch_at};
      asm volatile("" ::: "memory");
      const std::uint64_t from = ticks();
      m.subject->run(a);
      asm volatile("" ::: "memory");
      const std::uint64_t to = ticks();
      seen(i, to - from);
    }
  }
  [[nodiscard]] std::size_t size() const { return members_.size(); }

 private:
  struct member {
    const op_subject* subject = nullptr;
    std::size_t in_bytes = 0, out_bytes = 0, weights_at = 0, out_at = 0, scratch_at = 0, fresh_at = 0, fresh_out_at = 0;
  };
  std::vector<member> members_;
  memory_block weights_, arena_, fresh_;
};

// What two readings around a call of nothing take, in ticks.
inline double reading_ticks() {
  static const double value = [] {
    void (*volatile nothing)(const kernels::arguments&) = [](const kernels::arguments&) {};
    std::vector<double> found;
    for (int i = 0; i < 20000; ++i) {
      const std::uint64_t from = ticks();
      nothing({});
      found.push_back(static_cast<double>(ticks() - from));
    }
    return quantile(found, 0.5);
  }();
  return value;
}

struct measured_ops {
  std::vector<double> ns;          // of every op
  std::vector<double> difference;  // relative, of two disjoint halves of the passes
  [[nodiscard]] double repeatability() const {
    std::vector<double> d = difference;
    return quantile(d, 0.5);
  }
};

// The value of a subject from those of its passes: nearly the least, as whatever else a machine does can only slow it.
inline double from_passes(std::vector<double> passes) { return quantile(passes, 0.07); }

// `groups` hold the numbers of the ops that take turns. `seconds` for all of them; `shown(done, of)` behind every pass.
template <class Shown>
measured_ops measure_ops(const std::vector<op_subject>& ops, const std::vector<std::vector<std::size_t>>& groups,
                         double seconds, Shown shown) {
  std::vector<op_group> made;
  for (const auto& g : groups) {
    std::vector<const op_subject*> members;
    for (const std::size_t i : g) members.push_back(&ops[i]);
    made.emplace_back(members);
  }
  constexpr int passes = 16;
  const double share = seconds / passes / static_cast<double>(groups.size());
  std::vector<std::vector<double>> by_pass(ops.size());
  const double overhead = reading_ticks();
  for (int pass = 0; pass < passes; ++pass) {
    for (std::size_t g = 0; g < groups.size(); ++g) {
      std::vector<std::vector<double>> readings(groups[g].size());
      const double start = now_s();
      for (int t = -2; t < 4 || (t < 400 && now_s() - start < share); ++t)  // two to warm up
        made[g].turn([&](std::size_t i, std::uint64_t took) {
          if (t >= 0) readings[i].push_back(static_cast<double>(took) - overhead);
        });
      for (std::size_t i = 0; i < groups[g].size(); ++i)
        by_pass[groups[g][i]].push_back(std::max(1.0, quantile(readings[i], 0.25)) * tick_ns());
    }
    shown(pass + 1, passes);
  }
  measured_ops m;
  for (const auto& of : by_pass) {
    std::vector<double> even, odd;
    for (std::size_t i = 0; i < of.size(); ++i) (i % 2 == 0 ? even : odd).push_back(of[i]);
    const double a = from_passes(even), b = from_passes(odd);
    m.ns.push_back(from_passes(of));
    m.difference.push_back(std::fabs(a - b) / ((a + b) / 2));
  }
  return m;
}

// Ops of similar size take turns, as in networks; within that, any class with any other but floats, which are in
// networks of their own.
inline std::vector<std::vector<std::size_t>> group_by_size(const std::vector<op_subject>& ops, std::size_t each) {
  std::vector<std::vector<std::size_t>> groups;
  for (const bool floats : {false, true}) {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < ops.size(); ++i)
      if ((ops[i].op.signature.out == kind::f32 || ops[i].op.signature.float_accumulator()) == floats)
        order.emplace_back(ops[i].features.get(offramp::regressor::work), i);
    std::sort(order.begin(), order.end());
    for (std::size_t from = 0; from < order.size(); from += each) {
      auto& g = groups.emplace_back();
      for (std::size_t i = from; i < std::min(order.size(), from + each); ++i) g.push_back(order[i].second);
      draws d{from + 7};
      for (std::size_t i = g.size(); i > 1; --i)
        std::swap(g[i - 1], g[static_cast<std::size_t>(d.below(static_cast<int>(i)))]);
    }
  }
  return groups;
}

}  // namespace profile_cpu

#endif
