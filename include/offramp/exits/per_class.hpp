// A threshold for each class: some classes are told apart early, others never. The threshold asked is that of the class
// the exit predicts; host::per_class_thresholds finds them from a wanted precision. Stores `classes` words an exit.
#ifndef OFFRAMP_EXITS_PER_CLASS_HPP
#define OFFRAMP_EXITS_PER_CLASS_HPP

#include <cstdint>

#include <offramp/exits/criterion.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <class Criterion>
struct per_class : Criterion {
  static_assert(detail::has_score<Criterion> && !detail::decides_itself<Criterion>,
                "offramp: per_class takes a criterion with one score and one threshold, such as max_softmax");
  static constexpr std::uint32_t id = detail::mixed_id(1, Criterion::id);
  static constexpr const char* name = "per_class";
  template <int Classes>
  static constexpr int thresholds = Classes;
  template <int Classes>
  static constexpr int words = Classes - 1 + detail::words_of<Criterion, Classes>();

  using state = detail::state_of<Criterion>;

  template <int Classes, class T, class Threshold>
  static constexpr bool leaves(const state& seen, const judged_exit<T>& x, const Threshold& threshold) {
    return detail::score_q16<Criterion>(seen, x) >= threshold(argmax(x.logits, Classes));
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
