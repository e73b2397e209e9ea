// The known answer: every model carries one input and the logits of all its exits as they are judged; a device
// that computes others is broken.
#ifndef OFFRAMP_MODEL_SELF_TEST_HPP
#define OFFRAMP_MODEL_SELF_TEST_HPP

#include <bit>
#include <cstddef>
#include <cstdint>

#include <offramp/core/status.hpp>
#include <offramp/exits/session.hpp>
#include <offramp/model/bind.hpp>

namespace offramp::inline OFFRAMP_ABI {

namespace detail {

// Bytes of the input as they stand in little-endian words; only a big-endian machine needs a copy of them.
template <class Element, std::size_t Size>
struct input_in_words {
  alignas(4) Element at[std::endian::native == std::endian::little ? 1 : Size];
  const Element* operator()(const std::uint32_t* words) {
    if constexpr (std::endian::native == std::endian::little || sizeof(Element) == 4) {
      return reinterpret_cast<const Element*>(words);
    } else {
      for (std::size_t i = 0; i < Size; ++i) at[i] = static_cast<Element>(words[i / 4] >> (8 * (i % 4)));
      return at;
    }
  }
};

}  // namespace detail

// Runs all exits of `session` on the known answer of the model at `words` (already bound for this session; it may have
// more exits). Integer logits must be equal, float logits within 1e-3 of their size, as paths may add in another order.
// The answer holds judged logits, so a session of another reuse policy than the model's is refused.
template <class Lowered, class Path, exit_criterion Criterion, class Reuse, session_observer Observer>
inline status self_test(session<Lowered, Path, Criterion, Reuse, Observer>& session, const std::uint32_t* words) {
  using session_t = offramp::session<Lowered, Path, Criterion, Reuse, Observer>;
  if (words[format::word::reuse] != Reuse::id) return status::wrong_reuse;
  const format::sections at = format::sections_in(words);
  detail::input_in_words<typename session_t::input_element, session_t::input_size> input;
  session.begin(session_t::input_view::unchecked(input(words + at.answer_input)));
  const std::uint32_t* expected = words + at.answer_logits;
  for (int k = 0; k < Lowered::exits; ++k) {
    session.step();
    for (int c = 0; c < Lowered::classes; ++c) {
      const std::uint32_t word = *expected++;
      const auto z = session.logits()[c];
      if constexpr (session_t::logit_kind == kind::f32) {
        const float real = __builtin_bit_cast(float, word);
        const float size = real < 0 ? 1.0f - real : 1.0f + real;
        const float error = z < real ? real - z : z - real;
        if (!(error <= 1e-3f * size)) return status::known_answer_wrong;
      } else if (z != static_cast<std::int32_t>(word)) {
        return status::known_answer_wrong;
      }
    }
  }
  return status::ok;
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
