// Criteria joined: all_of<max_softmax, learned_gate> leaves where every part would, any_of<entropy, patience> where one
// does. Thresholds of all parts come first, in order, then the parameters of all parts; equal parts have thresholds
// each. A part is asked only as long as the answer is open.
#ifndef OFFRAMP_EXITS_COMBINE_HPP
#define OFFRAMP_EXITS_COMBINE_HPP

#include <cstdint>
#include <utility>

#include <offramp/exits/criterion.hpp>

namespace offramp::inline OFFRAMP_ABI {

namespace detail {

template <int I, class C>
struct part : state_of<C> {};

// The states of all parts; what is empty takes no room.
template <class Indices, class... C>
class part_states;
template <int... I, class... C>
class part_states<std::integer_sequence<int, I...>, C...> : part<I, C>... {
 public:
  constexpr void begin() { (part<I, C>::begin(), ...); }
  template <class T>
  constexpr void look(const T* z, int classes) {
    (part<I, C>::look(z, classes), ...);
  }
  template <int Place, class Part>
  [[nodiscard]] constexpr const part<Place, Part>& of() const {
    return *this;
  }
};

template <bool All, class... C>
struct combination {
  static_assert(sizeof...(C) >= 2, "offramp: all_of and any_of join two criteria or more");
  static_assert((exit_criterion<C> && ...), "offramp: a part of all_of or any_of is no exit criterion");
  static constexpr std::uint32_t id = [] {
    std::uint32_t h = All ? 2 : 3;
    ((h = mixed_id(h, C::id)), ...);
    return h;
  }();
  static constexpr const char* name = All ? "all_of" : "any_of";
  static constexpr bool has_parameters = (detail::has_parameters<C>() || ...);
  template <int Classes>
  static constexpr int thresholds = (thresholds_of<C, Classes>() + ...);
  template <int Classes>
  static constexpr int words = (words_of<C, Classes>() + ...);
  using state = part_states<std::make_integer_sequence<int, sizeof...(C)>, C...>;

  template <int Classes, class T, class Threshold>
  static constexpr bool leaves(const state& states, const judged_exit<T>& x, const Threshold& threshold) {
    return ask<Classes>(std::make_integer_sequence<int, sizeof...(C)>{}, states, x, threshold);
  }

 private:
  template <int Classes, int... I, class T, class Threshold>
  static constexpr bool ask(std::integer_sequence<int, I...>, const state& states, const judged_exit<T>& x,
                            const Threshold& threshold) {
    int first = 0;  // threshold and parameter of the part that is asked
    int parameter = 0;
    const auto part_leaves = [&]<class Part, int Place>() {
      const int mine = first;
      judged_exit<T> seen = x;
      seen.parameters = x.parameters + parameter;
      first += thresholds_of<Part, Classes>();
      parameter += words_of<Part, Classes>() - thresholds_of<Part, Classes>();
      return detail::leaves<Part, Classes>(states.template of<Place, Part>(), seen,
                                           [&](int i) { return threshold(mine + i); });
    };
    if constexpr (All)
      return (part_leaves.template operator()<C, I>() && ...);
    else
      return (part_leaves.template operator()<C, I>() || ...);
  }
};

}  // namespace detail

template <class... Criteria>
struct all_of : detail::combination<true, Criteria...> {};

template <class... Criteria>
struct any_of : detail::combination<false, Criteria...> {};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
