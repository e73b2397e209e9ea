// Exit criteria: a score from one head's logits, larger = more certain; a sample leaves when score >= threshold.
// Scores are Q16 in the integer form and float in the float form, on the same scale, so that one threshold serves both.
//
//   max_softmax    max_c softmax(z)[c]                               0..1  (SDN, ZTW, MSDNet, BoostNet)
//   logit_margin   z(1) - z(2), the two largest logits, real units   0.. (no exponential)
//   entropy        1 - H(softmax(z)) / ln C                          0..1  (BranchyNet's H < T is score > 1 - T / ln C)
//
// Integer logits are z * scale with one positive scale per exit; all three need only differences to the largest logit.
#ifndef OFFRAMP_EXITS_CRITERIA_HPP
#define OFFRAMP_EXITS_CRITERIA_HPP

#include <cstdint>

#include <offramp/core/fixed_point.hpp>
#include <offramp/exits/fixed_math.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Index of the largest logit; the first of equals.
template <class T>
constexpr int argmax(const T* z, int classes) {
  int best = 0;
  for (int c = 1; c < classes; ++c)
    if (z[c] > z[best]) best = c;
  return best;
}

// The threshold of an exit that is never taken: scores stay below it.
inline constexpr std::int32_t never_q16 = 0x7fffffff;

namespace detail {

// (z_max - z_c) * scale in Q16, at most 2^31 - 1. `unit` is scale * 65536 as a fixed factor.
constexpr std::uint32_t logit_gap(std::int32_t z_max, std::int32_t z_c, fixed_factor unit) {
  const std::uint32_t d = static_cast<std::uint32_t>(z_max) - static_cast<std::uint32_t>(z_c);
  const std::int32_t gap = d > 0x7fffffffu ? 0x7fffffff : static_cast<std::int32_t>(d);
  return static_cast<std::uint32_t>(requantize(gap, unit.multiplier, unit.shift));
}

// Sum over c of exp(z_c - z_max), Q16; at least 1.0, as the largest contributes 1.
constexpr std::uint32_t softmax_sum(const std::int32_t* z, int classes, fixed_factor unit) {
  const std::int32_t z_max = z[argmax(z, classes)];
  std::uint32_t sum = 0;
  for (int c = 0; c < classes; ++c) sum += exp_minus_q16(logit_gap(z_max, z[c], unit));
  return sum;
}

inline float softmax_sum(const float* z, int classes) {
  const float z_max = z[argmax(z, classes)];
  float sum = 0;
  for (int c = 0; c < classes; ++c) sum += __builtin_expf(z[c] - z_max);
  return sum;
}

}  // namespace detail

// What to provide for a criterion of one's own: the two `score` functions and an id of 1000 or more, which is stored
// with thresholds so that those of one criterion are not taken for another's.
template <class C>
concept exit_criterion = requires(const std::int32_t* z, const float* zf, fixed_factor unit) {
  {C::score(z, 10, unit)};
  {C::score(zf, 10)};
  {C::id};
};

struct max_softmax {
  static constexpr std::uint32_t id = 1;
  static constexpr const char* name = "max_softmax";
  static constexpr std::int32_t score(const std::int32_t* z, int classes, fixed_factor unit) {
    // 1 / sum in Q16: 2^32 / sum, one 32-bit division (sum >= 65536, so the quotient of 2^32 - 1 is exact to one unit).
    return static_cast<std::int32_t>(0xffffffffu / detail::softmax_sum(z, classes, unit));
  }
  static float score(const float* z, int classes) { return 1.0f / detail::softmax_sum(z, classes); }
};

struct logit_margin {
  static constexpr std::uint32_t id = 2;
  static constexpr const char* name = "logit_margin";
  template <class T>
  static constexpr T second(const T* z, int classes, int first) {
    T best = z[first == 0 ? 1 : 0];
    for (int c = 0; c < classes; ++c)
      if (c != first && z[c] > best) best = z[c];
    return best;
  }
  static constexpr std::int32_t score(const std::int32_t* z, int classes, fixed_factor unit) {
    const int first = argmax(z, classes);
    const auto gap = static_cast<std::int32_t>(detail::logit_gap(z[first], second(z, classes, first), unit));
    return gap < never_q16 ? gap : never_q16 - 1;
  }
  static constexpr float score(const float* z, int classes) {
    const int first = argmax(z, classes);
    return z[first] - second(z, classes, first);
  }
};

struct entropy {
  static constexpr std::uint32_t id = 3;
  static constexpr const char* name = "entropy";
  // H = ln(sum e_c) + sum(e_c d_c) / sum e_c with e_c = exp(-d_c), d_c the gap to the largest logit.
  static constexpr std::int32_t score(const std::int32_t* z, int classes, fixed_factor unit) {
    const std::int32_t z_max = z[argmax(z, classes)];
    std::uint32_t sum = 0;
    std::uint32_t weighted = 0;  // at most C * exp(-1): no overflow below 2^15 classes
    for (int c = 0; c < classes; ++c) {
      const std::uint32_t d = detail::logit_gap(z_max, z[c], unit);
      const std::uint32_t e = exp_minus_q16(d);
      sum += e;
      weighted += static_cast<std::uint32_t>((std::uint64_t{e} * d) >> 16);
    }
    // The quotient of two Q16 numbers, both scaled down alike until weighted << 16 fits 32 bits.
    int down = 0;
    while ((weighted >> down) >= 65536u) ++down;
    const std::uint32_t mean_gap = ((weighted >> down) << 16) / (sum >> down);
    const std::uint32_t h = log_q16(sum) + mean_gap;
    const std::uint32_t most = log_q16(static_cast<std::uint32_t>(classes) << 16);
    const std::uint32_t share = h >= most ? 65536u : static_cast<std::uint32_t>(((h >> 2) << 16) / (most >> 2));
    return share >= 65536u ? 0 : static_cast<std::int32_t>(65536u - share);
  }
  static float score(const float* z, int classes) {
    const float z_max = z[argmax(z, classes)];
    float sum = 0;
    float weighted = 0;
    for (int c = 0; c < classes; ++c) {
      const float d = z_max - z[c];
      const float e = __builtin_expf(-d);
      sum += e;
      weighted += e * d;
    }
    return 1.0f - (__builtin_logf(sum) + weighted / sum) / __builtin_logf(static_cast<float>(classes));
  }
};

// Thresholds, one an exit, on the criterion's scale in Q16. The last exit's is never asked.
template <int Exits>
struct exit_thresholds {
  std::int32_t q16[Exits]{};
};

// One threshold for all exits, in the criterion's units: confidence{0.9f}.
struct confidence {
  std::int32_t q16;
  explicit constexpr confidence(float threshold) : q16{to_q16(threshold)} {}
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
