// Levels of a nested network run on one set of weights. A convolution's kernel is stored once, for all channels; ops of
// a narrower level read a part of it (window::stored_in_c, stored_out_c). What belongs to a level alone, thresholds and
// factors that fold its batch norms, stands in front of the kernel, set after set:
//
//   op     set of level 0 | set of level 1 | ... | set of the last level | kernel
//
// so that a level needs a pointer to its set and the gap between set and kernel (window::out_first), a constant.
// Ops without a kernel have a copy for every level, and so have those that a path packs otherwise for narrower levels:
// x86 paths where kernels hold thresholds (layouts of bit rows) or AVX2 looks bits up in tables. To switch levels is to
// store a number.
#ifndef OFFRAMP_ELASTIC_NESTED_SESSION_HPP
#define OFFRAMP_ELASTIC_NESTED_SESSION_HPP

#include <cstddef>
#include <cstdint>
#include <utility>

#include <offramp/elastic/nested.hpp>
#include <offramp/exits/session.hpp>
#include <offramp/model/bind.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <class Family, int I>
struct nested_level;

// The device form of nested<...>: every level lowered alike.
template <class Nested, kind Rest = kind::i8, kind Stream = (Rest == kind::f32 ? kind::f32 : kind::i16)>
struct lower_nested {
  using nested_type = Nested;
  static constexpr kind rest = Rest;
  static constexpr kind stream = Stream;
  static constexpr int levels = Nested::levels;
  static constexpr int exits = Nested::full::exits;
  static constexpr int classes = Nested::full::classes;
  static constexpr input_desc input = Nested::full::description.input;
  // The level on shared weights.
  template <int I>
  using level = nested_level<lower_nested, I>;
  // The same as a network with weights of its own: computes the same.
  template <int I>
  using alone = lower<typename Nested::template level<I>, Rest, Stream>;
};

namespace detail {

template <class Program>
constexpr bool lower_alike(const Program& a, const Program& b) {
  if (a.step_count != b.step_count || a.tensor_count != b.tensor_count) return false;
  for (int i = 0; i < a.step_count; ++i)
    if (!(a.steps[i].op.signature == b.steps[i].op.signature) || a.steps[i].in != b.steps[i].in ||
        a.steps[i].out != b.steps[i].out)
      return false;
  return true;
}

template <class Path, class Level>
constexpr auto plan_level();

// `own` with the kernels of `full`.
template <class Program>
constexpr Program on_stored_kernels(Program own, const Program& full) {
  for (int i = 0; i < own.step_count; ++i)
    if (own.steps[i].op.signature.what == op_kind::conv) {
      own.steps[i].op.geometry.stored_in_c = full.steps[i].op.geometry.in.c;
      own.steps[i].op.geometry.stored_out_c = full.steps[i].op.geometry.out.c;
    }
  return own;
}

}  // namespace detail

// Level I of lower_nested<...>, as sessions and plans know a lowered network.
template <class Family, int I>
struct nested_level {
  using family = Family;
  using alone = typename Family::template alone<I>;
  using network = typename alone::network;
  static constexpr int number = I;
  static constexpr kind rest = Family::rest;
  static constexpr kind stream = Family::stream;
  static constexpr int exits = Family::exits;
  static constexpr int classes = Family::classes;
  static constexpr input_desc input = Family::input;
  static_assert(detail::lower_alike(alone::program, Family::template alone<Family::levels - 1>::program),
                "offramp: this level of a nested network lowers to other ops than the whole network does");
  static constexpr auto program =
      detail::on_stored_kernels(alone::program, Family::template alone<Family::levels - 1>::program);
  static constexpr std::uint64_t hash(int exit) { return alone::hash(exit); }
  // Its ops and its arena, at the places that all levels share; `weight_words` are those of all levels together.
  template <class Path>
  static constexpr auto plan_on() {
    return detail::plan_level<Path, nested_level>();
  }
};

namespace detail {

// Can a level's op read the packed kernel of the whole network's? Bit rows have thresholds in it.
template <class Path>
constexpr bool shares_kernel(const kernel_op& op, const kernel_op& all) {
  return op.signature.what == op_kind::conv && op.signature.in_layout != layout::bit_rows &&
         kernels::weight_words<Path>(op) == kernels::weight_words<Path>(all) &&
         kernels::variant<Path>(op) == kernels::variant<Path>(all);
}

// Levels after layouts are agreed. These depend on stored channels, hence are the same for all.
template <class Path, class Level>
inline constexpr auto agreed_level = agree_on_layouts<Path>(Level::program);

// Where the words of all levels stand.
template <class Family, class Path>
struct nested_layout {
  static constexpr int levels = Family::levels;
  static constexpr const auto& full = agreed_level<Path, typename Family::template level<levels - 1>>;
  static constexpr int steps = full.step_count;

  struct tables {
    std::size_t offset[levels][steps]{};  // words, of each level's op
    std::size_t gap[levels][steps]{};     // words between its parameters and the kernel, more than in a plain op
    std::size_t own[levels][steps]{};     // words that the op of a level would take alone
    bool shared[steps]{};                 // one kernel for all levels?
    std::size_t total = 0;
    bool alike = true;
  };

  template <int S>
  static constexpr void fill_own(tables& t) {
    constexpr const auto& p = agreed_level<Path, typename Family::template level<S>>;
    t.alike = t.alike && lower_alike(p, full);
    for (int i = 0; t.alike && i < steps; ++i) {
      const kernel_op &op = p.steps[i].op, &all = full.steps[i].op;
      t.own[S][i] = kernels::weight_words<Path>(for_active_channels(op));
      t.shared[i] = shares_kernel<Path>(op, all) && (S == 0 || t.shared[i]);
    }
  }
  static constexpr tables make() {
    tables t;
    [&]<int... S>(std::integer_sequence<int, S...>) { (fill_own<S>(t), ...); }
    (std::make_integer_sequence<int, levels>{});
    constexpr std::size_t alignment = alignment_of<Path>;
    constexpr std::size_t line = alignment > 16 ? alignment / 4 : 1;
    for (int i = 0; t.alike && i < steps; ++i) {
      const kernel_op& op = full.steps[i].op;
      t.total = round_up(t.total, line);
      if (t.shared[i]) {
        const std::size_t set = round_up(kernels::canonical_layout(op).kernel(), line);
        for (int s = 0; s < levels; ++s) {
          t.offset[s][i] = t.total + static_cast<std::size_t>(s) * set;
          t.gap[s][i] = static_cast<std::size_t>(levels - 1 - s) * set;
        }
        t.total += static_cast<std::size_t>(levels - 1) * set + kernels::weight_words<Path>(op);
      } else {
        for (int s = 0; s < levels; ++s) {
          t.offset[s][i] = t.total = round_up(t.total, line);
          t.total += t.own[s][i];
        }
      }
    }
    return t;
  }
  static constexpr tables at = make();
  static_assert(at.alike, "offramp: this path agrees on other layouts for a narrower level");
};

template <class Path, class Level>
constexpr auto plan_level() {
  using layout_type = nested_layout<typename Level::family, Path>;
  constexpr int s = Level::number;
  using program_type = std::remove_const_t<std::remove_reference_t<decltype(agreed_level<Path, Level>)>>;
  plan<program_type> r;
  r.program = agreed_level<Path, Level>;
  for (int i = 0; i < r.program.step_count; ++i) {
    step_desc& step = r.program.steps[i];
    if (layout_type::at.shared[i])
      step.op.geometry.out_first = static_cast<int>(layout_type::at.gap[s][i]);
    else
      step.op = for_active_channels(step.op);
    step.weight_offset = layout_type::at.offset[s][i];
    step.weight_words = layout_type::at.own[s][i];
    step.cost = kernels::cost(step.op, step.weight_words);
  }
  r.weight_words = layout_type::at.total;
  r.arena_bytes = place<Path>(r.program);
  return r;
}

}  // namespace detail

// Weights of all levels, checked: what a nested session runs on. Zero copy.
template <class Family, class Path, class Criterion = max_softmax, class Reuse = no_reuse>
struct bound_nested {
  const std::uint32_t* ops = nullptr;
  const std::uint32_t* records = nullptr;  // [levels][exits], `record_words` each
  std::uint32_t record_words = 0;
  std::uint32_t criterion_words = 0;
  bool thresholds_stored = false;

  template <int I>
  [[nodiscard]] constexpr bound_weights<nested_level<Family, I>, Path, Criterion, Reuse> level() const {
    return {ops, records + static_cast<std::size_t>(I * Family::exits) * record_words, record_words, criterion_words,
            thresholds_stored};
  }
};

namespace detail {

// One working memory, as large as the largest level needs.
template <class Family, class Path, int I>
union level_arenas {
  arena<nested_level<Family, I>, Path> own;
  level_arenas<Family, Path, I - 1> narrower;
};
template <class Family, class Path>
union level_arenas<Family, Path, 0> {
  arena<nested_level<Family, 0>, Path> own;
};
template <int I, class Family, class Path, int J>
constexpr auto& arena_of(level_arenas<Family, Path, J>& a) {
  if constexpr (I == J)
    return a.own;
  else
    return arena_of<I>(a.narrower);
}

template <int I, class Session>
struct level_slot {
  Session run;
};

template <class Sequence, class Family, class Path, class Criterion, class Reuse, class Observer>
struct level_slots;
template <int... I, class Family, class Path, class Criterion, class Reuse, class Observer>
struct level_slots<std::integer_sequence<int, I...>, Family, Path, Criterion, Reuse, Observer>
    : level_slot<I, session<nested_level<Family, I>, Path, Criterion, Reuse, Observer>>... {
  template <class Weights, class Arenas, class... Observers>
  constexpr level_slots(const Weights& w, Arenas& a, Observers&... o)
      : level_slot<I, session<nested_level<Family, I>, Path, Criterion, Reuse, Observer>>{
            {w.template level<I>(), arena_of<I>(a), o...}}... {}
};

}  // namespace detail

template <class Family, class Path = path::portable>
struct nested_arena {
  detail::level_arenas<Family, Path, Family::levels - 1> levels;
};

// A session of every level, of which one is current. Starts at the last level, the whole network. Between begin() and
// the answer the level must not change.
template <class Family, class Path = path::portable, exit_criterion Criterion = max_softmax,
          reuse_policy Reuse = no_reuse, session_observer Observer = no_observer>
class nested_session {
  using sequence = std::make_integer_sequence<int, Family::levels>;
  using last_session = session<nested_level<Family, Family::levels - 1>, Path, Criterion, Reuse, Observer>;

 public:
  static constexpr int levels = Family::levels;
  static constexpr int exits = Family::exits;
  static constexpr int classes = Family::classes;
  static constexpr std::size_t input_size = last_session::input_size;
  using input_element = typename last_session::input_element;
  using input_view = typename last_session::input_view;
  using logit = typename last_session::logit;
  using thresholds_type = typename last_session::thresholds_type;
  using weights_type = bound_nested<Family, Path, Criterion, Reuse>;
  using arena_type = nested_arena<Family, Path>;

  constexpr nested_session(const weights_type& weights, arena_type& memory) requires(std::is_empty_v<Observer>)
      : slots_{weights, memory.levels} {}
  constexpr nested_session(const weights_type& weights, arena_type& memory, Observer& observer)
      : slots_{weights, memory.levels, observer} {}

  // The level of the samples that begin from now on: one store.
  constexpr void set_level(int level) {
    OFFRAMP_ASSERT(level >= 0 && level < levels);
    level_ = level;
  }
  [[nodiscard]] constexpr int level() const { return level_; }

  // As in session, of the current level.
  constexpr void begin(input_view x) {
    visit([&](auto& s) { s.begin(x); });
  }
  bool step() {
    bool more = false;
    visit([&](auto& s) { more = s.step(); });
    return more;
  }
  [[nodiscard]] bool sure() {
    bool is = false;
    visit([&](auto& s) { is = s.sure(); });
    return is;
  }
  [[nodiscard]] prediction best() {
    prediction p;
    visit([&](auto& s) { p = s.best(); });
    return p;
  }
  [[nodiscard]] const logit* logits() {
    const logit* z = nullptr;
    visit([&](auto& s) { z = s.logits(); });
    return z;
  }
  // Thresholds are those stored with the level, or those given.
  template <class... How>
  prediction classify(input_view x, const How&... how) {
    prediction p;
    visit([&](auto& s) { p = s.classify(x, how...); });
    return p;
  }

  // Calls f(session) with the session of the current level, whose type depends on it.
  template <class F>
  constexpr void visit(F&& f) {
    visit_level(f, sequence{});
  }
  // Level I's session.
  template <int I>
  [[nodiscard]] constexpr auto& at() {
    return slot<I>(slots_).run;
  }

  // OPs of a level, up to and including exit k.
  static constexpr std::int64_t ops_to_exit(int level, int k) { return spent[level].at[k]; }

 private:
  struct exit_costs {
    std::int64_t at[exits]{};
  };
  struct level_costs {
    exit_costs of[levels]{};
    constexpr const exit_costs& operator[](int level) const { return of[level]; }
  };
  static constexpr level_costs spent = []<int... I>(std::integer_sequence<int, I...>) {
    level_costs t;
    for (int k = 0; k < exits; ++k)
      ((t.of[I].at[k] = planned<nested_level<Family, I>, Path>::cost_to_exit(k).ops()), ...);
    return t;
  }
  (sequence{});

  template <int I, class S>
  static constexpr detail::level_slot<I, S>& slot(detail::level_slot<I, S>& s) {
    return s;
  }
  template <class F, int... I>
  constexpr void visit_level(F& f, std::integer_sequence<int, I...>) {
    static_cast<void>(((level_ == I && (static_cast<void>(f(slot<I>(slots_).run)), true)) || ...));
  }

  detail::level_slots<sequence, Family, Path, Criterion, Reuse, Observer> slots_;
  int level_ = levels - 1;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
