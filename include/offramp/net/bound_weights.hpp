// Weights that have been checked for one network on one path and one pair of exit policies: what a session runs on.
// Zero copy: pointers into flash. `bind_weights` (model/bind.hpp) or a generated header's `packed_model` makes one.
#ifndef OFFRAMP_NET_BOUND_WEIGHTS_HPP
#define OFFRAMP_NET_BOUND_WEIGHTS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/fixed_point.hpp>

namespace offramp::inline OFFRAMP_ABI {

// The policies of a plain session (exits/criteria.hpp, exits/reuse.hpp). Here they are names only.
struct max_softmax;
struct no_reuse;

// What is stored for each exit beside its weights (model/format.hpp).
struct exit_record_view {
  static constexpr std::uint32_t fixed_words = 5;  // before the policies' own words
  const std::uint32_t* words = nullptr;

  // Real logit = stored logit * logit_scale (1 for float heads).
  [[nodiscard]] constexpr float logit_scale() const { return __builtin_bit_cast(float, words[2]); }
  // logit_scale * 65536: turns differences of integer logits into Q16.
  [[nodiscard]] constexpr fixed_factor unit() const {
    return {static_cast<std::int32_t>(words[3]), static_cast<std::int32_t>(words[4])};
  }
  // The criterion's words: thresholds (Q16) first, then its parameters.
  [[nodiscard]] constexpr const std::uint32_t* criterion() const { return words + fixed_words; }
  [[nodiscard]] constexpr std::int32_t threshold_q16(int i = 0) const {
    return static_cast<std::int32_t>(criterion()[i]);
  }
};

// For a session of `Criterion` and `Reuse`: their words are stored, or they need none.
template <class Lowered, class Path, class Criterion = max_softmax, class Reuse = no_reuse>
struct bound_weights {
  const std::uint32_t* ops = nullptr;      // packed weights of all ops, at the offsets of planned<Lowered, Path>
  const std::uint32_t* records = nullptr;  // one after the other, `record_words` each
  std::uint32_t record_words = 0;
  std::uint32_t criterion_words = 0;  // as stored; another criterion may have stored them
  bool thresholds_stored = false;     // for this Criterion and this Reuse: where not, they mean nothing here

  [[nodiscard]] constexpr exit_record_view record(int k) const {
    return {records + static_cast<std::size_t>(k) * record_words};
  }
  // The reuse policy's words of exit k.
  [[nodiscard]] constexpr const std::uint32_t* reuse(int k) const { return record(k).criterion() + criterion_words; }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
