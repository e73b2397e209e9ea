// What is promised about the thresholds of a model, stored with them: host/risk_control.hpp finds thresholds that keep
//
//   P( E[loss of leaving early] <= epsilon ) >= 1 - delta     over the n images that they were chosen with
//
// (Learn-then-Test), or E[loss] <= epsilon on average over such sets (conformal risk control, where delta is 0). A
// device can read it; host/guarantee_text.hpp says it in English. Four words: kind of loss | kind of test << 8, epsilon
// and delta as f32, n.
#ifndef OFFRAMP_MODEL_GUARANTEE_HPP
#define OFFRAMP_MODEL_GUARANTEE_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/model/format.hpp>

namespace offramp::inline OFFRAMP_ABI {

// What leaving early costs one image, 0 to 1, against the answer of the last exit.
enum class risk_loss : std::uint8_t {
  none = 0,
  accuracy_gap = 1,       // wrong where the last exit is right
  disagreement = 2,       // another class than the last exit's
  brier_gap = 3,          // Brier score (halved: 0 to 1) above that of the last exit
  brier_consistency = 4,  // half the squared distance between the two distributions
};

// How the promise was tested.
enum class risk_test : std::uint8_t {
  none = 0,
  binomial = 1,           // exact; for losses of 0 and 1
  hoeffding_bentkus = 2,  // for any loss within 0 to 1
  betting = 3,            // the same, stronger where the loss varies little
  in_expectation = 4,     // conformal: on average over calibration sets
};

struct guarantee {
  risk_loss loss = risk_loss::none;
  risk_test test = risk_test::none;
  float epsilon = 0;
  float delta = 0;
  std::uint32_t n = 0;

  [[nodiscard]] constexpr bool promised() const { return loss != risk_loss::none; }
  friend constexpr bool operator==(const guarantee&, const guarantee&) = default;
};

namespace format {

// Known kinds (1 to 4, both at once: a kind of 0 borrows from what is above it); 0 < epsilon < 1 and 0 <= delta < 1
// (bits of positive floats are in order, with NaN above all numbers), where 0 stands for a promise in expectation
// alone; n from 1.
constexpr bool guarantee_sound(const std::uint32_t* words) {
  constexpr std::uint32_t one = 0x3f800000u;
  const bool expectation = words[0] >> 8 == static_cast<std::uint32_t>(risk_test::in_expectation);
  return ((words[0] - 0x101u) & ~0x303u) == 0 && words[1] - 1 < one - 1 && words[2] < one &&
         (words[2] == 0) == expectation && words[3] != 0;
}

constexpr void write_guarantee(const guarantee& g, std::uint32_t* to) {
  to[0] = static_cast<std::uint32_t>(g.loss) | static_cast<std::uint32_t>(g.test) << 8;
  to[1] = __builtin_bit_cast(std::uint32_t, g.epsilon);
  to[2] = __builtin_bit_cast(std::uint32_t, g.delta);
  to[3] = g.n;
}

}  // namespace format

// The guarantee of a model whose words are known to be sound (bound, or from a generated header). Nothing promised: {}.
// It speaks of the thresholds stored, as the model's own policies ask them, and of the model's last exit.
constexpr guarantee guarantee_in(const std::uint32_t* words) {
  const format::sections at = format::sections_in(words);
  const bool there = at.guarantee != at.crc;
  // Word by word: zeros in one go would call memset on some targets.
  const auto word = [&](std::size_t i) { return there ? words[at.guarantee + i] : 0u; };
  return {static_cast<risk_loss>(word(0) & 0xffu), static_cast<risk_test>(word(0) >> 8),
          __builtin_bit_cast(float, word(1)), __builtin_bit_cast(float, word(2)), word(3)};
}

// The same, as far as it holds for weights bound from these words: for the whole network, under the policies whose
// thresholds are stored. {} otherwise.
template <class Lowered, class Path, class Criterion, class Reuse>
constexpr guarantee guarantee_of(const bound_weights<Lowered, Path, Criterion, Reuse>& bound,
                                 const std::uint32_t* words) {
  const bool whole = words[format::word::exits] == static_cast<std::uint32_t>(Lowered::exits);
  return whole && bound.thresholds_stored ? guarantee_in(words) : guarantee{};
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
