// The plain criteria: a score from one head's logits, larger = more certain; a sample leaves when score >= threshold.
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
#include <offramp/exits/criterion.hpp>
#include <offramp/exits/fixed_math.hpp>

namespace offramp::inline OFFRAMP_ABI {

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

// What entropy is made of: with d_c the gap to the largest logit and e_c = exp(-d_c), sum e_c and sum e_c d_c.
template <class T>
struct moments {
  T sum = 0;
  T weighted = 0;
};

// Q16; the second sum is at most C * exp(-1), so neither overflows below 2^15 classes.
constexpr moments<std::uint32_t> softmax_moments(const std::int32_t* z, int classes, fixed_factor unit) {
  const std::int32_t z_max = z[argmax(z, classes)];
  moments<std::uint32_t> m;
  for (int c = 0; c < classes; ++c) {
    const std::uint32_t d = logit_gap(z_max, z[c], unit);
    const std::uint32_t e = exp_minus_q16(d);
    m.sum += e;
    m.weighted += static_cast<std::uint32_t>((std::uint64_t{e} * d) >> 16);
  }
  return m;
}

inline moments<float> softmax_moments(const float* z, int classes) {
  const float z_max = z[argmax(z, classes)];
  moments<float> m;
  for (int c = 0; c < classes; ++c) {
    const float d = z_max - z[c];
    const float e = __builtin_expf(-d);
    m.sum += e;
    m.weighted += e * d;
  }
  return m;
}

// a / b in Q16 by one 32-bit division: both are scaled down alike until the dividend fits. a < 2^16 b.
constexpr std::uint32_t quotient_q16(std::uint32_t a, std::uint32_t b) {
  int down = 0;
  while ((a >> down) >= 65536u) ++down;
  return ((a >> down) << 16) / (b >> down);
}

// 1 - H / ln C with H = ln(sum e_c) + sum(e_c d_c) / sum e_c.
constexpr std::int32_t entropy_score(moments<std::uint32_t> m, int classes) {
  const std::uint32_t h = log_q16(m.sum) + quotient_q16(m.weighted, m.sum);
  const std::uint32_t most = log_q16(static_cast<std::uint32_t>(classes) << 16);
  const std::uint32_t share = h >= most ? 65536u : quotient_q16(h, most);
  return share >= 65536u ? 0 : static_cast<std::int32_t>(65536u - share);
}
inline float entropy_score(moments<float> m, int classes) {
  return 1.0f - (__builtin_logf(m.sum) + m.weighted / m.sum) / __builtin_logf(static_cast<float>(classes));
}

}  // namespace detail

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
  static constexpr std::int32_t score(const std::int32_t* z, int classes, fixed_factor unit) {
    return detail::entropy_score(detail::softmax_moments(z, classes, unit), classes);
  }
  static float score(const float* z, int classes) {
    return detail::entropy_score(detail::softmax_moments(z, classes), classes);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
