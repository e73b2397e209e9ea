// Times ops as they run in a network. Alone and in a loop an op finds its weights, its code and its branches in the
// nearest caches, which flatters it: here some ten ops of similar size take turns, as the ops of a network do, in one
// arena; the input of each has just been written, by a copy that is not timed. Groups of ops take turns too, in many
// rounds, so that no moment of the machine meets some alone.
#ifndef BENCHMARKS_PROFILE_CPU_MEASURE_OPS_HPP
#define BENCHMARKS_PROFILE_CPU_MEASURE_OPS_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "benchmarks/profile_cpu/drawn_places.hpp"
#include "benchmarks/profile_cpu/stopwatch.hpp"
#include "benchmarks/profile_cpu/subject.hpp"
#include "benchmarks/profile_cpu/watched_core.hpp"
#include "tests/support/op_data.hpp"

namespace profile_cpu {

// Canonical weights of an op; those of floats keep sums near 1, so that nothing overflows or becomes subnormal.
inline std::vector<std::uint32_t> random_weights(std::uint64_t stream, const kernel_op& op) {
  const auto l = kernels::canonical_layout(op);
  std::vector<std::uint32_t> words(l.total());
  offramp_test::random_numbers r{stream};
  offramp_test::fill_weights(r, op, words.data(), false);
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
    for (const op_subject* s : ops) {
      member m;
      m.subject = s;
      const op_signature& o = s->op.signature;
      const window& w = s->op.geometry;
      m.in_bytes = offramp::tensor_bytes(w.in, o.in, o.in_layout);
      m.out_bytes = offramp::tensor_bytes(w.out, o.out, o.out_layout);
      m.weights_at = weight_bytes_;
      weight_bytes_ += in_lines(4 * s->weight_words);
      m.out_at = in_lines(m.in_bytes);
      m.scratch_at = m.out_at + in_lines(m.out_bytes);
      arena_bytes_ = std::max(arena_bytes_, m.scratch_at + in_lines(s->scratch_bytes) + 256);
      m.fresh_at = fresh_bytes_;
      fresh_bytes_ += in_lines(m.in_bytes);
      m.fresh_out_at = fresh_bytes_;
      if (o.add) fresh_bytes_ += in_lines(m.out_bytes);
      members_.push_back(m);
    }
    weights_ = make_memory(weight_bytes_);
    fresh_ = make_memory(fresh_bytes_);
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

  // To be called before turns: where everything lies from now on.
  void place(drawn_places& places) {
    places.begin(weight_bytes_ + fresh_bytes_ + arena_bytes_);
    weights_here_ = places.take_copy(weights_.get(), weight_bytes_);
    fresh_here_ = places.take_copy(fresh_.get(), fresh_bytes_);
    arena_here_ = places.take(arena_bytes_);
  }

  // One turn of all; `seen(i, ticks)` for each, which may take its time.
  template <class Seen>
  void turn(Seen seen) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const member& m = members_[i];
      unsigned char* const base = arena_here_;
      std::memcpy(base, fresh_here_ + m.fresh_at, m.in_bytes);
      if (m.subject->op.signature.add) std::memcpy(base + m.out_at, fresh_here_ + m.fresh_out_at, m.out_bytes);
      const kernels::arguments a{base, reinterpret_cast<const std::uint32_t*>(weights_here_ + m.weights_at),
                                 base + m.out_at, base + m.scratch_at};
      const std::uint64_t from = start_ticks();
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
  memory_block weights_, fresh_;
  std::size_t weight_bytes_ = 0, fresh_bytes_ = 0, arena_bytes_ = 0;
  unsigned char *weights_here_ = nullptr, *fresh_here_ = nullptr, *arena_here_ = nullptr;
};

struct measured_ops {
  std::vector<double> cycles;      // of every op
  std::vector<double> difference;  // relative, of two disjoint halves of the visits
  double gigahertz = 0;            // of most of them
  std::vector<bool> alone;         // was the core, for as many readings as that takes?
};

class op_timer {
 public:
  // `groups` hold the numbers of the ops that take turns.
  op_timer(const std::vector<op_subject>& ops, const std::vector<std::vector<std::size_t>>& groups, watched_core& core)
      : core_{core}, groups_{groups}, readings_(ops.size()) {
    for (const auto& g : groups) {
      std::vector<const op_subject*> members;
      for (const std::size_t i : g) members.push_back(&ops[i]);
      made_.emplace_back(members);
    }
  }

  // All ops once more, some turns each.
  void round() {
    const double overhead = started_reading_cost();
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const int least = least_of(g);
      if (least >= most || (least >= enough && round_ % 4 != 0)) continue;
      made_[g].place(places_);
      made_[g].turn([](std::size_t, std::uint64_t) {});  // to warm up
      made_[g].turn([](std::size_t, std::uint64_t) {});
      for (int t = 0; t < turns; ++t) {
        if (core_.wait(patience_s)) made_[g].turn([](std::size_t, std::uint64_t) {});
        core_.before();
        std::vector<std::pair<std::size_t, double>> took;  // since the control was read
        double sum = 0;
        const auto put = [&] {
          const core_state state = core_.behind();
          const bool good = core_.is_alone(state);
          for (const auto& [i, ticks] : took) readings_[groups_[g][i]].add(round_, std::max(1.0, ticks), state, good);
          took.clear();
          sum = 0;
        };
        made_[g].turn([&](std::size_t i, std::uint64_t ticks) {
          took.emplace_back(i, static_cast<double>(ticks) - overhead);
          sum += 2 * static_cast<double>(ticks);  // and as long again for the copy of its input
          if (sum * tick_ns() > 30e3) put();
        });
        put();
      }
    }
    ++round_;
  }
  [[nodiscard]] int rounds_done() const { return round_; }
  // Nothing would be read any more.
  [[nodiscard]] bool done() const {
    for (std::size_t g = 0; g < groups_.size(); ++g)
      if (least_of(g) < most) return false;
    return true;
  }

  [[nodiscard]] measured_ops result() const {
    measured_ops m;
    std::vector<double> clock;
    for (const watched_readings& r : readings_) {
      const auto v = r.of(core_.alone());
      m.cycles.push_back(v.cycles);
      m.difference.push_back(v.difference);
      m.alone.push_back(v.alone);
      clock.push_back(v.gigahertz);
    }
    m.gigahertz = quantile(clock, 0.5);
    return m;
  }

 private:
  static constexpr int enough = 24;            // readings; with them, others come first
  static constexpr int most = 240;             // more say nothing new, and take memory
  static constexpr int turns = 3;              // a round
  static constexpr double patience_s = 0.003;  // before each

  // Readings of the op of a group that has fewest, up to `most`.
  [[nodiscard]] int least_of(std::size_t group) const {
    int least = most;
    for (const std::size_t i : groups_[group]) least = std::min(least, readings_[i].good());
    return least;
  }

  watched_core& core_;
  const std::vector<std::vector<std::size_t>>& groups_;
  std::vector<op_group> made_;
  drawn_places places_;
  std::vector<watched_readings> readings_;
  int round_ = 0;
};

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
