// A session runs one lowered network on one path, sample by sample: begin(x), step() through one stage and its head at
// a time, sure() asks the criterion, best() is the best answer so far, and classify(x) is that loop. No heap, no error
// path: everything from outside was checked when the weights were bound. A session only refers to weights and arena;
// many sessions may share const weights, and one arena in turns.
#ifndef OFFRAMP_EXITS_SESSION_HPP
#define OFFRAMP_EXITS_SESSION_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <offramp/core/view.hpp>
#include <offramp/exits/criteria.hpp>
#include <offramp/exits/deadline.hpp>
#include <offramp/exits/prediction.hpp>
#include <offramp/exits/reuse.hpp>
#include <offramp/net/bound_weights.hpp>
#include <offramp/net/plan.hpp>
#include <offramp/timing/observer.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Working memory of one session, its size a constant of the plan.
template <class Lowered, class Path = path::portable>
struct arena {
  alignas(
      alignment_of<Path>) unsigned char bytes[memory<Lowered, Path>.arena_bytes > 0 ? memory<Lowered, Path>.arena_bytes
                                                                                    : 1];
};

template <class Lowered, class Path = path::portable, exit_criterion Criterion = max_softmax,
          reuse_policy Reuse = no_reuse, session_observer Observer = no_observer>
class session {
  using planned_t = planned<Lowered, Path>;
  static constexpr const auto& program = planned_t::program;

 public:
  static constexpr int exits = Lowered::exits;
  static constexpr int classes = Lowered::classes;
  static constexpr kind input_kind = Lowered::input.element;
  static constexpr std::size_t input_size = static_cast<std::size_t>(Lowered::input.extent.size());
  using input_element = storage_t<input_kind>;
  using input_view = view<input_element, input_size>;

  // All heads give logits of one kind: integers with a scale, or floats.
  static constexpr kind logit_kind = program.tensors[program.logits[0]].element;
  using logit = storage_t<logit_kind>;

  using criterion = Criterion;
  using reuse = Reuse;
  using weights_type = bound_weights<Lowered, Path, Criterion, Reuse>;
  using arena_type = arena<Lowered, Path>;
  static constexpr int thresholds_per_exit = detail::thresholds_of<Criterion, classes>();
  using thresholds_type = exit_thresholds<exits, thresholds_per_exit>;
  static_assert(detail::words_of<Criterion, classes>() >= thresholds_per_exit &&
                    (detail::words_of<Criterion, classes>() == thresholds_per_exit ||
                     detail::has_parameters<Criterion>()),
                "offramp: a criterion's words are its thresholds, then its parameters (has_parameters = true)");

  constexpr session(const weights_type& weights, arena_type& memory) requires(std::is_empty_v<Observer>)
      : weights_{weights}, arena_{memory.bytes} {}
  constexpr session(const weights_type& weights, arena_type& memory,
                    Observer& observer) requires(!std::is_empty_v<Observer>)
      : weights_{weights}, arena_{memory.bytes}, observer_{observer} {}
  // There is nothing to copy from one without state; and g++ 12 clears a constinit session that copies it.
  constexpr session(const weights_type& weights, arena_type& memory, Observer&) requires(std::is_empty_v<Observer>)
      : session{weights, memory} {}

  // Starts a new sample. `input` must stay unchanged until the first step has run.
  constexpr void begin(input_view input) {
    input_ = input.data();
    next_ = 0;
    reuse_.begin();
    seen_.begin();
  }

  // Runs the next stage and its head. Returns true while further stages remain. At least one call before `best`.
  bool step() {
    OFFRAMP_ASSERT(next_ < exits);
    step_exit(std::make_integer_sequence<int, exits>{});
    judged_ = reuse_.combine(next_, judged_, weights_.reuse(next_));
    seen_.look(judged_, classes);
    ++next_;
    return next_ < exits;
  }

  // The exit that ran last, counted from 0.
  [[nodiscard]] constexpr int exit() const { return next_ - 1; }

  // The score of the exit that ran last, in Q16 on the criterion's scale.
  [[nodiscard]] std::int32_t score() const requires(detail::has_score<Criterion>) {
    return detail::score_q16<Criterion>(seen_, seen(next_ - 1));
  }

  // Would the sample leave at the exit that ran last? Thresholds are those stored with the weights, or those given.
  [[nodiscard]] bool sure() const { return sure_by(stored(exit())); }
  [[nodiscard]] bool sure(confidence c) const { return sure_by(same(c)); }
  [[nodiscard]] bool sure(const thresholds_type& thresholds) const { return sure_by(given(thresholds, exit())); }

  // The answer of the exit that ran last.
  [[nodiscard]] prediction best() const {
    return answer(next_ < exits ? stop_reason::unfinished : stop_reason::last_exit);
  }
  // The same, for loops of one's own that know why they stop.
  [[nodiscard]] prediction best(stop_reason why) const { return answer(why); }

  // Runs stages until an exit is confident. Thresholds are those stored with the weights; where they belong to another
  // criterion they mean nothing here, and no sample leaves early. A deadline (exits/deadline.hpp) stops earlier.
  prediction classify(input_view input) {
    return leave_when_sure(
        input, [this](int k) { return stored(k); }, no_deadline{});
  }
  prediction classify(input_view input, confidence c) {
    return leave_when_sure(
        input, [c](int) { return same(c); }, no_deadline{});
  }
  prediction classify(input_view input, const thresholds_type& thresholds) {
    return leave_when_sure(
        input, [&](int k) { return given(thresholds, k); }, no_deadline{});
  }
  template <class Clock, std::size_t Steps>
  prediction classify(input_view input, const running_deadline<Clock, Steps>& deadline) {
    return leave_when_sure(
        input, [this](int k) { return stored(k); }, checked(deadline));
  }
  template <class Clock, std::size_t Steps>
  prediction classify(input_view input, confidence c, const running_deadline<Clock, Steps>& deadline) {
    return leave_when_sure(
        input, [c](int) { return same(c); }, checked(deadline));
  }
  template <class Clock, std::size_t Steps>
  prediction classify(input_view input, const thresholds_type& thresholds,
                      const running_deadline<Clock, Steps>& deadline) {
    return leave_when_sure(
        input, [&](int k) { return given(thresholds, k); }, checked(deadline));
  }

  // Logits of the exit that ran last, [classes], as judged (after reuse); valid until the next step or sample.
  [[nodiscard]] const logit* logits() const { return judged_; }
  // Real value of one unit of `logits()` at exit k.
  [[nodiscard]] float logit_scale(int k) const { return weights_.record(k).logit_scale(); }
  // What it runs on.
  [[nodiscard]] constexpr const weights_type& weights() const { return weights_; }

  // OPs up to and including exit k.
  static constexpr std::int64_t ops_to_exit(int k) { return spent_at[k]; }

 private:
  struct ops_table {
    std::int64_t at[exits]{};
    constexpr std::int64_t operator[](int k) const { return at[k]; }
  };
  static constexpr ops_table spent_at = [] {
    ops_table t;
    for (int k = 0; k < exits; ++k) t.at[k] = planned_t::cost_to_exit(k).ops();
    return t;
  }();

  // Thresholds are asked one by one: an array of them would be cleared by a call of memset.
  [[nodiscard]] auto stored(int k) const {
    return [this, k](int i) { return weights_.thresholds_stored ? weights_.record(k).threshold_q16(i) : never_q16; };
  }
  static auto same(confidence c) {
    return [c](int) { return c.q16; };
  }
  static auto given(const thresholds_type& thresholds, int k) {
    return [at = thresholds.q16 + k * thresholds_per_exit](int i) { return at[i]; };
  }

  [[nodiscard]] judged_exit<logit> seen(int k) const {
    const exit_record_view record = weights_.record(k);
    return {judged_, classes, record.unit(), record.criterion() + thresholds_per_exit};
  }
  template <class Threshold>
  [[nodiscard]] bool sure_by(const Threshold& threshold) const {
    if constexpr (detail::decides_itself<Criterion>)
      return detail::leaves<Criterion, classes>(seen_, seen(exit()), threshold);
    else
      return score() >= threshold(0);
  }

  template <class Clock, std::size_t Steps>
  static const running_deadline<Clock, Steps>& checked(const running_deadline<Clock, Steps>& deadline) {
    static_assert(Steps + 1 == exits,
                  "offramp: next_cost has one entry for every exit but the last: what it takes to reach the next one");
    return deadline;
  }

  // The loop of classify.
  template <class Thresholds, class Deadline>
  prediction leave_when_sure(input_view input, Thresholds thresholds_of, const Deadline& deadline) {
    begin(input);
    for (int k = 0;; ++k) {
      const bool more = step();
      const bool sure = !more || sure_by(thresholds_of(k));
      const bool taken = sure || !deadline.allows(k);
      observer().exit_judged(k, taken);
      if (taken) return answer(!more ? stop_reason::last_exit : sure ? stop_reason::confident : stop_reason::deadline);
    }
  }

  [[nodiscard]] constexpr Observer& observer() { return observer_.value; }

  template <int I>
  void run_op() {
    constexpr step_desc s = program.steps[I];
    kernels::arguments a;
    if constexpr (s.in == 0)
      a.in = input_;
    else
      a.in = arena_ + program.tensors[s.in].offset;
    a.out = arena_ + program.tensors[s.out].offset;
    a.weights = weights_.ops + s.weight_offset;
    a.scratch = arena_ + s.scratch_offset;
    observer().enter(I);
    kernels::run<Path, s.op.signature>(static_geometry<s.op.geometry>{}, a);
    observer().leave(I);
  }

  template <int First, int... I>
  void run_ops(std::integer_sequence<int, I...>) {
    (run_op<First + I>(), ...);
  }

  template <int K>
  void run_exit() {
    constexpr int first = program.exit_first[K];
    run_ops<first>(std::make_integer_sequence<int, program.exit_first[K + 1] - first>{});
    // A constant: a run-time index would put the whole plan into flash.
    constexpr std::size_t logits_offset = program.tensors[program.logits[K]].offset;
    judged_ = reinterpret_cast<const logit*>(arena_ + logits_offset);
  }

  template <int... K>
  void step_exit(std::integer_sequence<int, K...>) {
    // coverage: what stands right of the comma is never false
    static_cast<void>(((next_ == K && (run_exit<K>(), true)) || ...));
  }

  [[nodiscard]] prediction answer(stop_reason why) const {
    prediction p;
    const int k = next_ - 1;
    p.label = static_cast<std::int16_t>(argmax(judged_, classes));
    p.exit = static_cast<std::int16_t>(k);
    p.why = why;
    std::int32_t q;
    if constexpr (logit_kind == kind::f32)
      q = to_q16(max_softmax::score(judged_, classes));
    else
      q = max_softmax::score(judged_, classes, weights_.record(k).unit());
    p.probability_q16 = static_cast<std::uint16_t>(clamp(q, std::int32_t{0}, std::int32_t{65535}));
    p.spent = spent_at[k];
    return p;
  }

  // An observer with state is referred to, an empty one is a value that takes no room.
  struct by_value {
    [[no_unique_address]] Observer value{};
  };
  struct by_reference {
    Observer& value;
  };
  using observer_store = std::conditional_t<std::is_empty_v<Observer>, by_value, by_reference>;

  weights_type weights_;
  unsigned char* arena_;
  const input_element* input_ = nullptr;
  const logit* judged_ = nullptr;
  int next_ = 0;
  [[no_unique_address]] typename Reuse::template state<logit, exits, classes> reuse_;
  [[no_unique_address]] detail::state_of<Criterion> seen_;
  [[no_unique_address]] observer_store observer_{};
};

// A session that brings its own arena. As a constinit global the arena lies in .data and takes flash as well: on
// devices, keep `arena` (zero-initialised, .bss) and `session` apart.
template <class Lowered, class Path = path::portable, exit_criterion Criterion = max_softmax,
          reuse_policy Reuse = no_reuse>
class session_with_arena : arena<Lowered, Path>, public session<Lowered, Path, Criterion, Reuse> {
 public:
  explicit constexpr session_with_arena(const bound_weights<Lowered, Path, Criterion, Reuse>& weights)
      : arena<Lowered, Path>{}, session<Lowered, Path, Criterion, Reuse>{weights,
                                                                         static_cast<arena<Lowered, Path>&>(*this)} {}
  session_with_arena(const session_with_arena&) = delete;
  session_with_arena& operator=(const session_with_arena&) = delete;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
