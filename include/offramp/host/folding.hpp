// Folding: what becomes of batch norm, shifts, rectifiers and signs in an op's output stage: thresholds over the
// accumulator, and fixed-point affine maps.
#ifndef OFFRAMP_HOST_FOLDING_HPP
#define OFFRAMP_HOST_FOLDING_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <offramp/core/fixed_point.hpp>
#include <offramp/host/fused_layers.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// condition(acc) = (acc < threshold) xor flip. As it stands nothing is below: the condition is `flip` everywhere.
struct integer_threshold {
  std::int32_t threshold = std::numeric_limits<std::int32_t>::min();
  bool flip = false;
};
struct float_threshold {
  float threshold = -std::numeric_limits<float>::infinity();
  bool flip = false;
};

// By bisection over [-limit, limit] with the trainer's own expression, which is monotone.
template <class Condition>
integer_threshold bisect(Condition condition, std::int32_t limit) {
  integer_threshold t;
  t.flip = condition(limit);
  std::int64_t low = -std::int64_t{limit};
  std::int64_t high = limit;
  if (condition(static_cast<std::int32_t>(low)) == t.flip) return t;
  while (high - low > 1) {  // condition(low) != flip == condition(high)
    const std::int64_t middle = low + (high - low) / 2;
    (condition(static_cast<std::int32_t>(middle)) == t.flip ? high : low) = middle;
  }
  t.threshold = static_cast<std::int32_t>(high);
  return t;
}

namespace detail {

// Numbers the floats in order: -0 and +0 are 0, the smallest positive float is 1.
inline float float_of_rank(std::int32_t rank) {
  const auto magnitude = std::bit_cast<float>(rank < 0 ? -rank : rank);
  return rank < 0 ? -magnitude : magnitude;
}

}  // namespace detail

// The same over floats, between -1e30 and 1e30.
template <class Condition>
float_threshold bisect_floats(Condition condition) {
  const integer_threshold t = bisect([&](std::int32_t rank) { return condition(detail::float_of_rank(rank)); },
                                     std::bit_cast<std::int32_t>(1e30f));
  float_threshold f;
  f.flip = t.flip;
  if (t.threshold != std::numeric_limits<std::int32_t>::min()) f.threshold = detail::float_of_rank(t.threshold);
  return f;
}

// Of the sign behind everything, for channel c; `unit` is the real value of one unit of the accumulator.
inline integer_threshold sign_threshold(const fused_layers& f, int c, double unit, std::int32_t limit) {
  return bisect([&](std::int32_t acc) { return f.apply(c, static_cast<float>(unit), static_cast<float>(acc)) < 0; },
                limit);
}
inline float_threshold sign_threshold(const fused_layers& f, int c, double unit) {
  return bisect_floats([&](float acc) { return f.apply(c, static_cast<float>(unit), acc) < 0; });
}

// Of the rectifier: does it read a negative value?
inline integer_threshold rectifier_threshold(const fused_layers& f, int c, double unit, std::int32_t limit) {
  return bisect(
      [&](std::int32_t acc) { return f.before_rectifier(c, static_cast<float>(unit), static_cast<float>(acc)) < 0; },
      limit);
}
inline float_threshold rectifier_threshold(const fused_layers& f, int c, double unit) {
  return bisect_floats([&](float acc) { return f.before_rectifier(c, static_cast<float>(unit), acc) < 0; });
}

// y = factor * acc + offset as requantize((acc << fraction_bits) + bias, multiplier, shift).
struct affine_constants {
  std::int32_t bias = 0;
  std::int32_t multiplier = 0;
  std::int32_t shift = 0;
};
// The factor as Q31 with the sign of `factor`, the bias in units of the factor, at most `most_bias` large.
inline affine_constants find_affine(double factor, double offset, int fraction_bits, double most_bias = 1 << 30) {
  double per_unit = std::ldexp(factor, -fraction_bits);
  // A factor that vanishes beside its offset (gamma close to zero) is raised to where the bias still fits: the channel
  // is then its offset, give or take a part in most_bias for every unit of the accumulator.
  if (std::abs(offset) > std::abs(per_unit) * most_bias) per_unit = std::copysign(std::abs(offset) / most_bias, factor);
  affine_constants a;
  const fixed_factor q = make_fixed_factor(std::abs(per_unit));
  a.multiplier = per_unit < 0 ? -q.multiplier : q.multiplier;
  a.shift = q.shift;
  if (q.multiplier != 0)
    a.bias = static_cast<std::int32_t>(std::clamp(std::round(offset / per_unit), -most_bias, most_bias));
  return a;
}

// a * maximum + b * sum as unit * (A * maximum + B * sum) in whole numbers, for sums of `taps` numbers.
struct mixture_constants {
  std::int32_t maximum = 0;
  std::int32_t sum = 0;
  double unit = 1;
};
// |A| + taps |B| <= limit. B, the smaller number by far, is made as large as that allows and then exact by the choice
// of the unit; A alone is rounded, by less than 1 in limit of the result's range. Only where less than taps in limit of
// the mixture are left to the sum, B is 0.
inline mixture_constants find_mixture(double a, double b, int taps, std::int32_t limit) {
  mixture_constants m;
  m.sum = static_cast<std::int32_t>(b * limit / (std::abs(a) + taps * std::abs(b)));
  if (m.sum == 0) return {a < 0 ? -1 : 1, 0, std::abs(a)};
  m.unit = b / m.sum;
  m.maximum = static_cast<std::int32_t>(std::lround(a / m.unit));
  return m;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
