// From the parameters of a reuse policy, in real numbers, to the words a model stores (exits/geometric_ensemble.hpp,
// exits/additive.hpp). For integer heads this chooses the scale of the judged logits, S: as fine as the bounds of the
// heads' logits allow. Nothing can overflow, and every plan is checked against the proof before it is handed out:
//
//   sum_j |A_j| < 2^31, so with |z_j| <= 2^31 the 64-bit sum stays below 2^62: exact;
//   with |z_j| <= Z_j the rounded result is at most sum_j |A_j| Z_j / 2^f + 1 + |B| < 2^30: never saturated, and
//   differences of judged logits are exact.
//
// The real value of judged logits is within `error` of the exact one, rounding of weights, bias and sum together.
#ifndef OFFRAMP_HOST_POLICY_WORDS_HPP
#define OFFRAMP_HOST_POLICY_WORDS_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <offramp/core/kind.hpp>
#include <offramp/exits/additive.hpp>
#include <offramp/exits/geometric_ensemble.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/quantized_model.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// The logits of one head. Integers: real value of a unit, and a bound of their size. Floats: {1, 0, true}. The scale
// may have been divided by a temperature (host/fold_temperature.hpp).
struct head_logits {
  double scale = 1;
  double largest = 2147483648.0;
  bool real = false;
};

// What `deployment` wants: words [exit][...] and the scales of the judged logits; and the proven error, real units.
struct reuse_plan {
  std::vector<std::uint32_t> words;
  std::vector<double> scale;
  std::vector<double> error;
};

// Zero Time Waste: log_weight[m][j] (w_mj, j <= m; the weight is exp(w) / (m + 1)) and bias[m][class], m from 0.
struct ensemble_parameters {
  std::vector<std::vector<double>> log_weight;
  std::vector<std::vector<double>> bias;
};

inline ensemble_parameters plain_geometric_mean(int exits, int classes) {
  ensemble_parameters p;
  for (int m = 0; m < exits; ++m) p.log_weight.emplace_back(static_cast<std::size_t>(m) + 1, 0.0);
  p.bias.assign(static_cast<std::size_t>(exits), std::vector<double>(static_cast<std::size_t>(classes), 0.0));
  return p;
}

namespace detail {

inline constexpr double finest_scale = 1.0 / 140737488355328.0;  // 2^-47: times 65536 it is still a fixed factor

inline void expect_finite(double v, const char* what) {
  if (!std::isfinite(v))
    throw error(std::string{"reuse policy: "} + what + " is " + std::to_string(v) + ", expected a finite number");
}

// Integer weights round(2^f * w) with the largest f that keeps the sum of their sizes below 2^31.
struct fixed_weights {
  std::vector<std::int32_t> at;
  int fraction = 62;  // f, at least 1
};
inline fixed_weights fix_weights(const std::vector<double>& real) {
  for (fixed_weights w;; --w.fraction) {
    double sum = 0;
    for (const double v : real) sum += std::abs(std::round(std::ldexp(v, w.fraction)));
    if (sum > 2147483647.0) continue;
    for (const double v : real) w.at.push_back(static_cast<std::int32_t>(std::llround(std::ldexp(v, w.fraction))));
    return w;
  }
}

// The largest size of round(sum_j A_j * z_j / 2^f) with |z_j| <= most[j].
inline double largest_sum(const fixed_weights& w, const std::vector<double>& most) {
  double sum = 1;
  for (std::size_t j = 0; j < most.size(); ++j)
    sum += std::ldexp(std::abs(static_cast<double>(w.at[j])) * most[j], -w.fraction);
  return sum;
}

// Units of the result that the rounding of the weights can make, and that of the sum itself.
inline double weight_error(const fixed_weights& w, const std::vector<double>& most) {
  double sum = 0.5;
  for (const double z : most) sum += std::ldexp(0.5 * z, -w.fraction);
  return sum;
}

// Judged logits stay below 2^30, so that their differences are exact, too.
inline constexpr double largest_judged = 1073741823.0;

// The smallest power of two (exact as the f32 of a record) at which a real value of size `most` stays below that.
inline double scale_for(double most) {
  double scale = finest_scale;
  while (most / scale > largest_judged) scale *= 2;
  return scale;
}

// Sums |code| of one output channel, and what the head adds; the unit is that of the accumulator. -1: not known.
inline double largest_logit(const quantized_model& q, std::size_t s) {
  const step_desc& step = q.program.steps[s];
  const op_signature& sig = step.op.signature;
  const quantization& in = q.tensors[static_cast<std::size_t>(step.in)];
  double most_in = 0;
  switch (sig.in) {
    case kind::bits: most_in = 1; break;
    case kind::u8: most_in = std::max(in.zero, 255 - in.zero); break;
    case kind::i8: most_in = std::max(in.zero + 128, 127 - in.zero); break;
    case kind::i16: most_in = 32768; break;
    default: return -1;
  }
  if (sig.what != op_kind::conv || q.kernels[s].empty() || sig.two_slopes) return -1;
  const auto channels = static_cast<std::size_t>(step.op.geometry.out.c);
  const std::size_t each = q.kernels[s].size() / channels;
  const std::size_t first = kernels::canonical_layout(step.op).array(0);
  double most = 0;
  for (std::size_t c = 0; c < channels; ++c) {
    const auto integer = [&](std::size_t array) {
      return static_cast<double>(static_cast<std::int32_t>(q.words[s][first + array * channels + c]));
    };
    double sum = std::abs(integer(0));
    for (std::size_t i = c * each; i < (c + 1) * each; ++i) sum += most_in * std::abs(q.kernels[s][i]);
    if (sig.add) sum = sum * std::ldexp(integer(1), static_cast<int>(integer(2)) - 31) + 1;
    most = std::max(most, sum);
  }
  return most;
}

}  // namespace detail

// The heads of a quantized model, with the bounds that follow from their weights.
inline std::vector<head_logits> heads_of(const quantized_model& q) {
  std::vector<head_logits> heads;
  for (std::size_t k = 0; k < q.program.logits.size(); ++k) {
    const int logits = q.program.logits[k];
    head_logits h{q.logit_scale(k), 0, q.program.tensors[static_cast<std::size_t>(logits)].element == kind::f32};
    for (std::size_t s = 0; s < q.program.steps.size() && !h.real; ++s) {
      if (q.program.steps[s].out != logits) continue;
      const double most = detail::largest_logit(q, s);
      h.largest = most < 0 ? 2147483648.0 : std::min(2147483648.0, h.largest + most);
    }
    heads.push_back(h);
  }
  return heads;
}

// Throws where parameters and heads differ in number, or a parameter is not finite.
inline reuse_plan geometric_words(const ensemble_parameters& p, std::span<const head_logits> heads) {
  const std::size_t exits = heads.size();
  if (p.log_weight.size() != exits || p.bias.size() != exits)
    throw error("geometric_ensemble: found weights of " + std::to_string(p.log_weight.size()) +
                " exits and biases of " + std::to_string(p.bias.size()) + ", expected " + std::to_string(exits));
  reuse_plan plan;
  for (std::size_t m = 0; m < exits; ++m) {
    if (p.log_weight[m].size() != m + 1)
      throw error("geometric_ensemble: exit " + std::to_string(m) + " has " + std::to_string(p.log_weight[m].size()) +
                  " weights, expected " + std::to_string(m + 1));
    if (p.bias[m].size() != p.bias[0].size())
      throw error("geometric_ensemble: exit " + std::to_string(m) + " has " + std::to_string(p.bias[m].size()) +
                  " biases, expected " + std::to_string(p.bias[0].size()));
    std::vector<double> weight;
    std::vector<double> most;
    double reach = 0;
    double most_bias = 0;
    for (std::size_t j = 0; j <= m; ++j) {
      weight.push_back(std::exp(p.log_weight[m][j]) / static_cast<double>(m + 1));
      detail::expect_finite(weight[j], "a weight");
      most.push_back(heads[j].largest);
      reach += weight[j] * heads[j].scale * heads[j].largest;
    }
    for (const double b : p.bias[m]) {
      detail::expect_finite(b, "a bias");
      most_bias = std::max(most_bias, std::abs(b));
    }
    const auto put_rest = [&] { plan.words.insert(plan.words.end(), exits - 1 - m, 0u); };
    if (heads[m].real) {
      plan.words.push_back(0);
      for (const double b : p.bias[m]) plan.words.push_back(__builtin_bit_cast(std::uint32_t, static_cast<float>(b)));
      for (std::size_t j = 0; j <= m; ++j)
        plan.words.push_back(__builtin_bit_cast(std::uint32_t, static_cast<float>(weight[j] * heads[j].scale)));
      put_rest();
      plan.scale.push_back(1);
      plan.error.push_back(0);
      continue;
    }
    for (double scale = detail::scale_for(reach + most_bias);; scale *= 2) {
      std::vector<double> in_units(weight);
      for (std::size_t j = 0; j <= m; ++j) in_units[j] *= heads[j].scale / scale;
      const detail::fixed_weights w = detail::fix_weights(in_units);
      if (w.fraction < 1 || detail::largest_sum(w, most) + most_bias / scale + 1 > detail::largest_judged) continue;
      plan.words.push_back(static_cast<std::uint32_t>(w.fraction - 1));
      for (const double b : p.bias[m])
        plan.words.push_back(static_cast<std::uint32_t>(static_cast<std::int32_t>(std::lround(b / scale))));
      for (const std::int32_t a : w.at) plan.words.push_back(static_cast<std::uint32_t>(a));
      put_rest();
      plan.scale.push_back(scale);
      plan.error.push_back(scale * (detail::weight_error(w, most) + 0.5));
      break;
    }
  }
  return plan;
}

// lambda[k] weighs what came before exit k; lambda[0] is not asked. One lambda serves all exits.
inline reuse_plan additive_words(std::span<const double> lambda, std::span<const head_logits> heads) {
  if (lambda.size() != 1 && lambda.size() != heads.size())
    throw error("additive: found " + std::to_string(lambda.size()) + " weights, expected 1 or " +
                std::to_string(heads.size()));
  reuse_plan plan;
  double reach = 0;  // bounds of the judged logits before this exit: real, and in their units
  double before = 0;
  for (std::size_t k = 0; k < heads.size(); ++k) {
    const double weight = k == 0 ? 0.0 : lambda[lambda.size() == 1 ? 0 : k];
    detail::expect_finite(weight, "a weight");
    if (heads[k].real) {
      plan.words.insert(plan.words.end(), {0u, __builtin_bit_cast(std::uint32_t, static_cast<float>(heads[k].scale)),
                                           __builtin_bit_cast(std::uint32_t, static_cast<float>(weight))});
      plan.scale.push_back(1);
      plan.error.push_back(0);
      continue;
    }
    reach = heads[k].scale * heads[k].largest + std::abs(weight) * reach;
    const double scale_before = k == 0 ? 0.0 : plan.scale.back();
    const double error_before = k == 0 ? 0.0 : plan.error.back();
    const std::vector<double> most{heads[k].largest, before};
    for (double scale = detail::scale_for(reach);; scale *= 2) {
      const detail::fixed_weights w = detail::fix_weights({heads[k].scale / scale, weight * scale_before / scale});
      const double largest = detail::largest_sum(w, most);
      if (w.fraction < 1 || largest > detail::largest_judged) continue;
      plan.words.insert(plan.words.end(), {static_cast<std::uint32_t>(w.fraction - 1),
                                           static_cast<std::uint32_t>(w.at[0]), static_cast<std::uint32_t>(w.at[1])});
      plan.scale.push_back(scale);
      plan.error.push_back(scale * detail::weight_error(w, most) + std::abs(weight) * error_before);
      before = largest;
      break;
    }
  }
  return plan;
}

// The plain form of a policy: nothing, the plain geometric mean, or lambda = 0.5.
template <class Reuse>
reuse_plan default_words(int classes, std::span<const head_logits> heads) {
  if constexpr (Reuse::id == geometric_ensemble::id) {
    return geometric_words(plain_geometric_mean(static_cast<int>(heads.size()), classes), heads);
  } else if constexpr (Reuse::id == additive::id) {
    const double half[] = {0.5};
    return additive_words(half, heads);
  } else {
    static_assert(Reuse::id == no_reuse::id, "offramp: a reuse policy of one's own needs words of one's own");
    static_cast<void>(classes);
    reuse_plan plan;
    for (const head_logits& h : heads) plan.scale.push_back(h.scale), plan.error.push_back(0);
    return plan;
  }
}

// Words of a criterion, [exit][thresholds, then parameters], from the two. Throws where they do not fit.
inline std::vector<std::uint32_t> criterion_words(std::span<const std::int32_t> thresholds_q16,
                                                  std::span<const std::uint32_t> parameters, int exits) {
  const auto n = static_cast<std::size_t>(exits);
  if (n == 0 || thresholds_q16.size() % n != 0 || parameters.size() % n != 0)
    throw error("criterion words: found " + std::to_string(thresholds_q16.size()) + " thresholds and " +
                std::to_string(parameters.size()) + " parameters, expected multiples of " + std::to_string(exits));
  std::vector<std::uint32_t> words;
  const std::size_t each = thresholds_q16.size() / n;
  const std::size_t more = parameters.size() / n;
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < each; ++i) words.push_back(static_cast<std::uint32_t>(thresholds_q16[k * each + i]));
    for (std::size_t i = 0; i < more; ++i) words.push_back(parameters[k * more + i]);
  }
  return words;
}

// A deployment to begin with: the policy in its plain form, no early exit. Parameters of the criterion are zero.
template <class Lowered, class Criterion = max_softmax, class Reuse = no_reuse>
deployment<Lowered::exits, Criterion, Reuse> default_deployment(const quantized_model& q) {
  constexpr std::size_t thresholds = offramp::detail::thresholds_of<Criterion, Lowered::classes>();
  constexpr std::size_t words = format::criterion_words<Criterion, Lowered::classes>();
  deployment<Lowered::exits, Criterion, Reuse> d;
  for (std::size_t k = 0; k < static_cast<std::size_t>(Lowered::exits); ++k) {
    d.thresholds.q16[k] = never_q16;
    for (std::size_t i = 0; words > 1 && i < words; ++i)
      d.criterion_words.push_back(i < thresholds ? static_cast<std::uint32_t>(never_q16) : 0u);
  }
  const reuse_plan plan = default_words<Reuse>(Lowered::classes, heads_of(q));
  d.reuse_words = plan.words;
  d.judged_scale = plan.scale;
  return d;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
