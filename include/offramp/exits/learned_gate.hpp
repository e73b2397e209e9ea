// A gate that has learned when this exit is right: logistic regression on three features of the logits (BranchyNet's
// learned criterion; the commitment layer of QuickNets, arXiv 2212.12866, in its smallest form):
//
//   score = sigmoid(b + w0 * max_softmax + w1 * min(logit_margin, 16) + w2 * entropy)  0..1, chance of being right
//
// Beyond a margin of 16 a softmax no longer changes in Q16. Four words an exit behind the threshold: b, w0, w1, w2 in
// Q16, for float networks too. host::fit_gate finds them on held-out data. Best joined: all_of<max_softmax,
// learned_gate>.
#ifndef OFFRAMP_EXITS_LEARNED_GATE_HPP
#define OFFRAMP_EXITS_LEARNED_GATE_HPP

#include <cstdint>

#include <offramp/exits/criteria.hpp>

namespace offramp::inline OFFRAMP_ABI {

// sigmoid(u), both Q16; rises with u, 0..1.
constexpr std::int32_t sigmoid_q16(std::int64_t u) {
  constexpr std::int64_t far = 16 * q16_one;
  const std::int64_t size = u < 0 ? -u : u;
  const std::uint32_t e = exp_minus_q16(static_cast<std::uint32_t>(size < far ? size : far));
  const auto s = static_cast<std::int32_t>(0xffffffffu / (65536u + e));
  return u < 0 ? q16_one - s : s;
}

struct learned_gate {
  static constexpr std::uint32_t id = 5;
  static constexpr const char* name = "learned_gate";
  static constexpr bool has_parameters = true;
  static constexpr int features = 3;
  static constexpr std::int32_t largest_margin = 16 * q16_one;
  template <int>
  static constexpr int words = 1 + 1 + features;

  struct feature_values {
    std::int32_t q16[features];
  };
  struct real_features {
    float value[features];
  };

  static constexpr feature_values features_of(const std::int32_t* z, int classes, fixed_factor unit) {
    const detail::moments<std::uint32_t> m = detail::softmax_moments(z, classes, unit);
    const std::int32_t gap = logit_margin::score(z, classes, unit);
    const std::int32_t margin = gap < largest_margin ? gap : largest_margin;
    return {{static_cast<std::int32_t>(0xffffffffu / m.sum), margin, detail::entropy_score(m, classes)}};
  }
  static real_features features_of(const float* z, int classes) {
    const detail::moments<float> m = detail::softmax_moments(z, classes);
    const float gap = logit_margin::score(z, classes);
    const float margin = gap < 16.0f ? gap : 16.0f;
    return {{1.0f / m.sum, margin, detail::entropy_score(m, classes)}};
  }

  // Sums are of 64 bits: features stay below 2^21, so no parameters can make them overflow.
  static constexpr std::int32_t score(const std::int32_t* z, int classes, fixed_factor unit,
                                      const std::uint32_t* parameters) {
    const feature_values f = features_of(z, classes, unit);
    std::int64_t u = std::int64_t{static_cast<std::int32_t>(parameters[0])} * q16_one;
    for (int i = 0; i < features; ++i) u += std::int64_t{static_cast<std::int32_t>(parameters[1 + i])} * f.q16[i];
    return sigmoid_q16((u + q16_one / 2) >> 16);
  }
  static float score(const float* z, int classes, const std::uint32_t* parameters) {
    const real_features f = features_of(z, classes);
    float u = static_cast<float>(static_cast<std::int32_t>(parameters[0]));
    for (int i = 0; i < features; ++i)
      u += static_cast<float>(static_cast<std::int32_t>(parameters[1 + i])) * f.value[i];
    return 1.0f / (1.0f + __builtin_expf(u * (-1.0f / 65536.0f)));
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
