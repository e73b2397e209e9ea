// What the outputs of all heads become when earlier ones are asked again: Zero Time Waste's geometric ensemble, its two
// rivals that average probabilities, and the sums of boosted training. Fitted on validation outputs, all in floats.
#ifndef BENCHMARKS_STUDY_ENSEMBLES_HPP
#define BENCHMARKS_STUDY_ENSEMBLES_HPP

#include <cmath>
#include <cstdint>
#include <vector>

#include <offramp/exits/additive.hpp>
#include <offramp/exits/geometric_ensemble.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/fit_ensemble.hpp>
#include <offramp/host/policy_words.hpp>

namespace study {

namespace host = offramp::host;

inline constexpr int study_exits = 5;
inline constexpr int study_classes = 10;

// Products that the ensemble itself adds: `each` per exit, and per exit before it.
inline void pay_for_ensemble(host::exit_outputs& o, int each, int per_earlier) {
  std::int64_t sum = 0;
  for (std::size_t k = 0; k < o.ops.size(); ++k) {
    sum += each + per_earlier * static_cast<std::int64_t>(k);
    o.ops[k] += sum;
  }
}

template <class Reuse>
host::exit_outputs under(const host::exit_outputs& heads, const host::reuse_plan& plan) {
  return host::with_reuse<Reuse, study_exits, study_classes>(heads, plan.words, plan.scale);
}

inline std::vector<host::head_logits> float_heads() { return {study_exits, host::head_logits{1, 0, true}}; }

inline host::exit_outputs geometric(const host::exit_outputs& heads, const host::ensemble_parameters& fitted) {
  host::exit_outputs o = under<offramp::geometric_ensemble>(heads, host::geometric_words(fitted, float_heads()));
  pay_for_ensemble(o, study_classes, study_classes);
  return o;
}

inline host::exit_outputs summed(const host::exit_outputs& heads, double lambda) {
  host::exit_outputs o =
      under<offramp::additive>(heads, host::additive_words(std::vector<double>{lambda}, float_heads()));
  pay_for_ensemble(o, study_classes, 0);
  return o;
}

// softmax of every head, [exit][image * class].
inline std::vector<std::vector<double>> probabilities(const host::exit_outputs& heads) {
  std::vector<std::vector<double>> all;
  for (const std::vector<float>& z : heads.real_logits) {
    std::vector<double> p(z.size());
    for (std::size_t at = 0; at < z.size(); at += study_classes) {
      float most = z[at];
      for (std::size_t c = 1; c < study_classes; ++c) most = std::max(most, z[at + c]);
      double sum = 0;
      for (std::size_t c = 0; c < study_classes; ++c)
        sum += p[at + c] = std::exp(static_cast<double>(z[at + c] - most));
      for (std::size_t c = 0; c < study_classes; ++c) p[at + c] /= sum;
    }
    all.push_back(std::move(p));
  }
  return all;
}

// q_m[c] proportional to sum over j <= m of exp(weight[m][j]) p_j[c], and exp(bias[m][c]); no bias: nothing.
struct probability_ensemble {
  std::vector<std::vector<double>> weight, bias;
};

inline probability_ensemble plain_mean() {
  probability_ensemble e;
  for (std::size_t m = 0; m < study_exits; ++m) e.weight.emplace_back(m + 1, 0.0), e.bias.emplace_back();
  return e;
}

// Cross-entropy of log(q + 1e-6) under Adam on the whole set. The paper begins at bias 0, which adds 1 to every class;
// -3 saves the steps that undo it.
inline probability_ensemble fit_additive(const host::exit_outputs& validation, int steps = 300) {
  const std::vector<std::vector<double>> p = probabilities(validation);
  probability_ensemble e;
  for (std::size_t m = 0; m < study_exits; ++m) {
    std::vector<double> at(m + 1 + study_classes, 0.0), first(at), second(at), gradient(at);
    std::fill(at.begin() + static_cast<std::ptrdiff_t>(m) + 1, at.end(), -3.0);
    for (int step = 1; step <= steps; ++step) {
      std::vector<double> factor;
      for (const double v : at) factor.push_back(std::exp(v));
      std::fill(gradient.begin(), gradient.end(), 0.0);
      for (std::size_t i = 0; i < validation.truth.size(); ++i) {
        const std::size_t here = i * study_classes;
        double s[study_classes];
        double sum = 0;
        for (std::size_t c = 0; c < study_classes; ++c) {
          s[c] = factor[m + 1 + c];
          for (std::size_t j = 0; j <= m; ++j) s[c] += factor[j] * p[j][here + c];
          sum += s[c];
        }
        const auto truth = static_cast<std::size_t>(validation.truth[i]);
        const double q = s[truth] / sum;
        const double slope = -1 / (q + 1e-6) / sum;  // dL/ds[c] = slope * (c == truth) - slope * q
        for (std::size_t c = 0; c < study_classes; ++c) {
          const double ds = slope * ((c == truth ? 1.0 : 0.0) - q);
          gradient[m + 1 + c] += ds * factor[m + 1 + c];
          for (std::size_t j = 0; j <= m; ++j) gradient[j] += ds * factor[j] * p[j][here + c];
        }
      }
      const double unbias = std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step));
      for (std::size_t v = 0; v < at.size(); ++v) {
        const double g = gradient[v] / static_cast<double>(validation.truth.size());
        first[v] = 0.9 * first[v] + 0.1 * g;
        second[v] = 0.999 * second[v] + 0.001 * g * g;
        at[v] -= 0.02 * unbias * first[v] / (std::sqrt(second[v]) + 1e-8);
      }
    }
    const auto end = at.begin() + static_cast<std::ptrdiff_t>(m) + 1;
    e.weight.emplace_back(at.begin(), end);
    e.bias.emplace_back(end, at.end());
  }
  return e;
}

// The outputs judged by log q: its softmax is q.
inline host::exit_outputs averaged(const host::exit_outputs& heads, const probability_ensemble& e) {
  const std::vector<std::vector<double>> p = probabilities(heads);
  host::exit_outputs o = heads;
  for (std::size_t m = 0; m < study_exits; ++m)
    for (std::size_t i = 0; i < heads.truth.size(); ++i) {
      float best = -1e30f;
      for (std::size_t c = 0; c < study_classes; ++c) {
        double sum = e.bias[m].empty() ? 1e-12 : std::exp(e.bias[m][c]);
        for (std::size_t j = 0; j <= m; ++j) sum += std::exp(e.weight[m][j]) * p[j][i * study_classes + c];
        const auto z = static_cast<float>(std::log(sum));
        o.real_logits[m][i * study_classes + c] = z;
        if (z > best) best = z, o.label[m][i] = static_cast<int>(c);
      }
    }
  host::rescore<offramp::max_softmax>(o);
  const bool fitted = !e.bias[0].empty();
  pay_for_ensemble(o, study_classes, fitted ? study_classes : 0);
  return o;
}

}  // namespace study

#endif
