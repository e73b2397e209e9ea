// The known answer: every model carries one input and the logits of all its exits; a device
// that computes others is broken.
#ifndef OFFRAMP_MODEL_SELF_TEST_HPP
#define OFFRAMP_MODEL_SELF_TEST_HPP

#include <cstdint>

#include <offramp/core/status.hpp>
#include <offramp/model/bind.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Runs all exits of `session` on the known answer of the model at `words` (already bound). Integer logits must be
// equal, float logits within 1e-3 of their size, as paths may add in another order.
template <class Lowered, class Path, class Session>
inline status self_test(Session& session, const std::uint32_t* words) {
  constexpr format::sections at = format::sections_of<Lowered, Path>;
  using element = typename Session::input_element;
  session.begin(Session::input_view::unchecked(reinterpret_cast<const element*>(words + at.answer_input)));
  for (int k = 0; k < Lowered::exits; ++k) {
    session.step();
    for (int c = 0; c < Lowered::classes; ++c) {
      const std::uint32_t word = words[at.answer_logits + static_cast<std::size_t>(k * Lowered::classes + c)];
      const auto z = session.logits()[c];
      if constexpr (Session::logit_kind == kind::f32) {
        const float expected = __builtin_bit_cast(float, word);
        const float size = expected < 0 ? 1.0f - expected : 1.0f + expected;
        const float error = z < expected ? expected - z : z - expected;
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
