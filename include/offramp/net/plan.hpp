// The plan of a lowered network on a path: layouts agreed between ops (a conversion that is not needed is not made),
// packed weight offsets, the memory plan of the arena, and the cost of every op.
#ifndef OFFRAMP_NET_PLAN_HPP
#define OFFRAMP_NET_PLAN_HPP

#include <cstddef>

#include <offramp/kernels/cost.hpp>
#include <offramp/kernels/dispatch.hpp>
#include <offramp/net/lower.hpp>
#include <offramp/net/program.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Bytes. Where tensors, scratch and the weights of an op begin, if what holds them all does; kernels rely on no more
// than words, but run faster on whole cache lines where `Path::alignment` asks for it.
template <class Path>
inline constexpr std::size_t alignment_of = [] {
  if constexpr (requires { Path::alignment; })
    return std::size_t{Path::alignment};
  else
    return std::size_t{16};
}();

namespace detail {

// A layout that the producer of a tensor can write: the reader's wish if possible.
template <class Path>
constexpr layout agree(const kernel_op& producer, layout wish) {
  if (kernels::writes<Path>(producer, wish)) return wish;
  constexpr layout all[] = {layout::nhwc, layout::nhwc_wide, layout::bit_planes, layout::bit_rows};
  for (const layout l : all)
    if (kernels::writes<Path>(producer, l)) return l;
  return layout::nhwc;
}

// Chooses the layout of every tensor of bits, and puts `convert` ops where a reader wants another one.
template <class Path, class Program>
constexpr Program agree_on_layouts(const Program& from) {
  Program to = from;
  to.step_count = 0;
  for (int i = 0; i < from.step_count; ++i) {
    const int old_exit = from.steps[i].exit;
    if (i == from.exit_first[old_exit]) to.exit_first[old_exit] = to.step_count;
    if (i == from.head_first[old_exit]) to.head_first[old_exit] = to.step_count;
    step_desc s = from.steps[i];
    s.op.signature.in_layout = to.tensors[s.in].arrangement;
    if (s.op.signature.in == kind::bits) {
      const layout wish = kernels::reads<Path>(s.op);
      if (wish != to.tensors[s.in].arrangement) {
        step_desc c{};
        const shape e = to.tensors[s.in].extent;
        c.op.signature = {
            op_kind::convert, kind::bits, kind::none, kind::bits, false, to.tensors[s.in].arrangement, wish};
        c.op.geometry = make_window(e, e.c, 1, 1, 1, 0, 0);
        c.in = s.in;
        c.out = to.tensor_count;
        c.exit = s.exit;
        c.head = s.head;
        c.layer_first = c.layer_last = s.layer_first;
        tensor_desc& t = to.tensors[to.tensor_count++];
        t.extent = e;
        t.element = kind::bits;
        t.arrangement = wish;
        to.steps[to.step_count++] = c;
        s.in = c.out;
        s.op.signature.in_layout = wish;
      }
    }
    if (s.op.signature.out == kind::bits) {
      layout wish = layout::nhwc;
      for (int j = i + 1; j < from.step_count; ++j)
        if (from.steps[j].in == s.out) {
          wish = kernels::reads<Path>(from.steps[j].op);
          break;
        }
      to.tensors[s.out].arrangement = s.op.signature.out_layout = agree<Path>(s.op, wish);
    }
    to.steps[to.step_count++] = s;
  }
  to.exit_first[from.exit_count] = to.step_count;
  return to;
}

// Bytes [offset, offset + size) in use from step `first` to step `last`.
struct lifetime {
  std::size_t offset = 0;
  std::size_t size = 0;
  int first = 0;
  int last = 0;
};

// Lowest place that no block alive at the same time uses. O(n^2) over few blocks.
constexpr std::size_t first_fit(const lifetime* placed, int count, const lifetime& block) {
  std::size_t offset = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (int i = 0; i < count; ++i) {
      const lifetime& b = placed[i];
      const bool together = b.first <= block.last && block.first <= b.last;
      if (together && offset < b.offset + b.size && b.offset < offset + block.size) {
        offset = b.offset + b.size;
        moved = true;
      }
    }
  }
  return offset;
}

// Does step i write into a tensor that an earlier one began?
template <class Program>
constexpr bool placed(const Program& p, int i) {
  for (int j = 0; j < i; ++j)
    if (p.steps[j].out == p.steps[i].out) return true;
  return false;
}

template <class Path, class Program>
constexpr std::size_t place(Program& p) {
  constexpr int capacity = static_cast<int>(sizeof(p.steps) / sizeof(p.steps[0]));
  lifetime blocks[2 * capacity]{};
  int count = 0;
  std::size_t arena = 0;
  for (int i = 0; i < p.step_count; ++i) {
    step_desc& s = p.steps[i];
    const auto put = [&](std::size_t bytes, int last) {
      lifetime b{0, round_up(bytes, alignment_of<Path>), i, last};
      b.offset = first_fit(blocks, count, b);
      blocks[count++] = b;
      if (b.offset + b.size > arena) arena = b.offset + b.size;
      return b.offset;
    };
    const std::size_t scratch = kernels::scratch_bytes<Path>(s.op);
    if (scratch > 0) s.scratch_offset = put(scratch, i);
    if (placed(p, i)) continue;
    int last = i;
    for (int j = i + 1; j < p.step_count; ++j)
      if (p.steps[j].in == s.out || p.steps[j].out == s.out) last = j;
    p.tensors[s.out].offset = put(p.tensors[s.out].bytes(), last);
  }
  return arena;
}

template <class Program>
struct plan {
  Program program{};
  std::size_t arena_bytes = 0;
  std::size_t weight_words = 0;
};

template <class Path, class Program>
constexpr plan<Program> plan_network(const Program& lowered) {
  plan<Program> r;
  r.program = agree_on_layouts<Path>(lowered);
  for (int i = 0; i < r.program.step_count; ++i) {
    step_desc& s = r.program.steps[i];
    s.weight_words = kernels::weight_words<Path>(s.op);
    constexpr std::size_t alignment = alignment_of<Path>;
    if constexpr (alignment > 16) r.weight_words = round_up(r.weight_words, alignment / 4);
    s.weight_offset = r.weight_words;
    r.weight_words += s.weight_words;
    s.cost = kernels::cost(s.op, s.weight_words);
  }
  r.arena_bytes = place<Path>(r.program);
  return r;
}

}  // namespace detail

// Everything known about `Lowered` on `Path`, as constants. A network that shares its weights with others has places of
// its own for them: Lowered::plan_on<Path>().
template <class Lowered, class Path>
struct planned {
  static constexpr auto plan = [] {
    if constexpr (requires { Lowered::template plan_on<Path>(); })
      return Lowered::template plan_on<Path>();
    else
      return detail::plan_network<Path>(Lowered::program);
  }();
  static constexpr const auto& program = plan.program;
  static constexpr int steps = program.step_count;

  // Cost of all steps [first, last).
  static constexpr op_cost cost(int first, int last) {
    op_cost c;
    for (int i = first; i < last; ++i) c = c + program.steps[i].cost;
    return c;
  }
  // Cost of answering at exit k: every stage and every head up to it.
  static constexpr op_cost cost_to_exit(int k) { return cost(0, program.exit_first[k + 1]); }
  // Cost of the backbone with its last head alone: what a network without early exits costs.
  static constexpr op_cost cost_without_exits() {
    op_cost c;
    for (int i = 0; i < steps; ++i)
      if (!program.steps[i].head || program.steps[i].exit == Lowered::exits - 1) c = c + program.steps[i].cost;
    return c;
  }
};

struct memory_need {
  std::size_t arena_bytes = 0;   // RAM for activations and scratch
  std::size_t weight_bytes = 0;  // packed weights and parameters of all ops
};

template <class Lowered, class Path>
inline constexpr memory_need memory{planned<Lowered, Path>::plan.arena_bytes,
                                    planned<Lowered, Path>::plan.weight_words * 4};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
