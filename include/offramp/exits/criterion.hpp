// What an exit criterion is, and how a session asks one. A criterion of one's own is a type with an `id` of 1000 or
// more (stored with thresholds, so that those of one criterion are not taken for another's) and one of these:
//
//   score(z, classes, unit), score(zf, classes)     static; larger = more certain. Integers give Q16, floats the same
//                                                   scale
//   the same with `const std::uint32_t* parameters` static; the words stored behind the threshold, the same for both
//   a struct `state` with begin(), look(z, classes) remembers earlier exits: begin() for every sample, look() once at
//     and score()                                   each exit in order, score() in Q16
//   leaves<Classes>(state, exit, threshold)         static; decides by itself from several thresholds
//
// It stores one word for each exit, its threshold, unless it says otherwise: `template <int Classes> static constexpr
// int` `thresholds` and `words` (thresholds first, then parameters); with parameters also `has_parameters = true`.
#ifndef OFFRAMP_EXITS_CRITERION_HPP
#define OFFRAMP_EXITS_CRITERION_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/core/fixed_point.hpp>
#include <offramp/exits/thresholds.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Index of the largest logit; the first of equals.
template <class T>
constexpr int argmax(const T* z, int classes) {
  int best = 0;
  for (int c = 1; c < classes; ++c)
    if (z[c] > z[best]) best = c;
  return best;
}

// One exit as a criterion sees it: T is std::int32_t or float.
template <class T>
struct judged_exit {
  const T* logits;  // [classes], after reuse
  int classes;
  fixed_factor unit;                // of integer logits: their scale * 65536
  const std::uint32_t* parameters;  // the criterion's words behind its thresholds
};

namespace detail {

struct some_thresholds {
  std::int32_t operator()(int) const;  // only ever asked about
};

template <class C>
struct no_state {  // a type for each criterion: empty ones then share no address and take no room
  static constexpr void begin() {}
  template <class T>
  static constexpr void look(const T*, int) {}
};
template <class C>
struct state_in {
  using type = no_state<C>;
};
template <class C>
  requires requires { typename C::state; }
struct state_in<C> {
  using type = typename C::state;
};
template <class C>
using state_of = typename state_in<C>::type;

template <class C>
concept scores_logits = requires(const std::int32_t* z, const float* zf, fixed_factor unit) {
  {C::score(z, 10, unit)};
  {C::score(zf, 10)};
};
template <class C>
concept scores_with_parameters = requires(const std::int32_t* z, const float* zf, fixed_factor unit,
                                          const std::uint32_t* parameters) {
  {C::score(z, 10, unit, parameters)};
  {C::score(zf, 10, parameters)};
};
template <class C>
concept scores_from_memory = requires(typename C::state s, const typename C::state& seen, const std::int32_t* z,
                                      const float* zf) {
  {s.begin()};
  {s.look(z, 10)};
  {s.look(zf, 10)};
  {seen.score()};
};
template <class C>
concept decides_itself = requires(state_of<C> s, const judged_exit<std::int32_t>& i, const judged_exit<float>& f) {
  {C::template leaves<10>(s, i, some_thresholds{})};
  {C::template leaves<10>(s, f, some_thresholds{})};
};
template <class C>
concept has_score = scores_logits<C> || scores_with_parameters<C> || scores_from_memory<C>;

// Words for each exit: thresholds, and all.
template <class C, int Classes>
constexpr int thresholds_of() {
  if constexpr (requires { C::template thresholds<Classes>; })
    return C::template thresholds<Classes>;
  else
    return 1;
}
template <class C, int Classes>
constexpr int words_of() {
  if constexpr (requires { C::template words<Classes>; })
    return C::template words<Classes>;
  else
    return 1;
}
template <class C>
constexpr bool has_parameters() {
  if constexpr (requires { C::has_parameters; })
    return C::has_parameters;
  else
    return false;
}

// An id for a criterion made of others, above those given by hand.
constexpr std::uint32_t mixed_id(std::uint32_t seed, std::uint32_t id) {
  std::uint32_t h = (seed * 0x85ebca6bu + id) * 0x9e3779b1u;
  h ^= h >> 15;
  return h | 0x80000000u;
}

template <class C, class T>
constexpr std::int32_t score_q16(const state_of<C>& state, const judged_exit<T>& x) {
  static_cast<void>(state);
  if constexpr (scores_from_memory<C>) {
    return state.score();
  } else if constexpr (std::is_same_v<T, float>) {
    float s;
    if constexpr (scores_logits<C>)
      s = C::score(x.logits, x.classes);
    else
      s = C::score(x.logits, x.classes, x.parameters);
    return clamp(to_q16(s), -never_q16, never_q16 - 1);
  } else if constexpr (scores_logits<C>) {
    return C::score(x.logits, x.classes, x.unit);
  } else {
    return C::score(x.logits, x.classes, x.unit, x.parameters);
  }
}

// Does the sample leave here? `threshold(i)` is the i-th of this exit's thresholds.
template <class C, int Classes, class T, class Threshold>
constexpr bool leaves(const state_of<C>& state, const judged_exit<T>& x, const Threshold& threshold) {
  if constexpr (decides_itself<C>)
    return C::template leaves<Classes>(state, x, threshold);
  else
    return score_q16<C>(state, x) >= threshold(0);
}

}  // namespace detail

template <class C>
concept exit_criterion = requires {
  {C::id};
}
&&(detail::has_score<C> || detail::decides_itself<C>);

}  // namespace offramp::inline OFFRAMP_ABI

#endif
