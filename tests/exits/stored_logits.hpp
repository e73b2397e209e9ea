// Exit policies on logits that lie in memory: what a session does after its heads have run, without a network. And the
// proven bounds of how far integer policies may be from float ones.
#ifndef OFFRAMP_TESTS_EXITS_STORED_LOGITS_HPP
#define OFFRAMP_TESTS_EXITS_STORED_LOGITS_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <offramp/exits/policies.hpp>
#include <offramp/host/policy_words.hpp>

namespace offramp_test {

// Logits of all heads, [exit][class], and what the exits of a model would store.
template <class T, int Exits, int Classes>
struct stored_logits {
  T z[Exits][Classes];
  offramp::fixed_factor unit[Exits];
  const std::uint32_t* criterion[Exits];  // thresholds, then parameters
  const std::uint32_t* reuse[Exits];
};

template <class T, int Exits, int Classes>
struct judged_exits {
  int exit = Exits - 1;  // the first that was sure
  T logits[Exits][Classes];
  bool sure[Exits];
};

// Asks every exit; the last one is asked too.
template <class Criterion, class Reuse, class T, int Exits, int Classes>
judged_exits<T, Exits, Classes> judge(const stored_logits<T, Exits, Classes>& in) {
  using namespace offramp;
  judged_exits<T, Exits, Classes> out;
  typename Reuse::template state<T, Exits, Classes> reuse;
  detail::state_of<Criterion> seen;
  reuse.begin();
  seen.begin();
  for (int k = 0; k < Exits; ++k) {
    const T* judged = reuse.combine(k, in.z[k], in.reuse[k]);
    for (int c = 0; c < Classes; ++c) out.logits[k][c] = judged[c];
    seen.look(judged, Classes);
    out.sure[k] = detail::leaves<Criterion, Classes>(
        seen,
        judged_exit<T>{judged, Classes, in.unit[k], in.criterion[k] + detail::thresholds_of<Criterion, Classes>()},
        [&](int i) { return static_cast<std::int32_t>(in.criterion[k][i]); });
    if (out.sure[k] && k < out.exit) out.exit = k;
  }
  return out;
}

// Largest errors of the terms that softmax and entropy are sums of, in units of 2^-16, found by looking at every gap in
// Q16 that gives more than nothing: exp(-d) itself, and d * exp(-d) as it is rounded down.
struct term_errors {
  double exp = 0;
  double weighted = 0;
};
inline term_errors look_at_terms() {  // no lambda: compilers would do it while compiling
  term_errors t;
  for (std::uint32_t d = 0; d < 14u * 65536u; ++d) {
    const double e = std::exp(-static_cast<double>(d) / 65536.0);
    const std::uint32_t q = offramp::exp_minus_q16(d);
    t.exp = std::max(t.exp, std::abs(q - 65536.0 * e));
    t.weighted = std::max(t.weighted, std::abs(static_cast<double>((std::uint64_t{q} * d) >> 16) - d * e));
  }
  // Beyond 14, exp(-d) * 65536 < 0.06 and d * exp(-d) * 65536 < 0.8: nothing, and truly nearly nothing.
  t.exp = std::max(t.exp, 0.06);
  t.weighted = std::max(t.weighted, 0.8);
  return t;
}
inline const term_errors& errors_of_terms() {
  static const term_errors found = look_at_terms();
  return found;
}

// How far an integer score may be from the real one, Q16, if every logit is within `e` (real units) of the exact one.
// Gaps between logits are within 2e; in Q16 they are rounded once, half a unit. Slopes: probability 1/2 of the largest
// change of a logit, as sum |dp/dz_c| = 2 p (1 - p); entropy at most sqrt(1 + ln^2(C) / 4), a bound of the deviation of
// -ln p (its mean absolute deviation is the slope).
template <class C>
struct score_bound;

template <>
struct score_bound<offramp::logit_margin> {
  static double q16(double e, int, const std::uint32_t*) { return 65536 * 2 * e + 2; }
};
template <>
struct score_bound<offramp::max_softmax> {
  static double q16(double e, int classes, const std::uint32_t*) {
    return 65536 * e / 2 + (errors_of_terms().exp + 0.5) * (classes - 1) + 2;
  }
};
template <>
struct score_bound<offramp::entropy> {
  static double q16(double e, int classes, const std::uint32_t*) {
    const double most = std::log(classes);
    const double sum = (errors_of_terms().exp + 0.5) * (classes - 1);
    const double weighted = (errors_of_terms().weighted + 0.5) * (classes - 1);
    // log_q16 within 3 units; a quotient of 16-bit numbers loses (1 + quotient) / 32768 of itself, and rounds down.
    const double entropy = sum + 3 + weighted + most * sum + 65536 * most * (1 + most) / 32768 + 1;
    return 65536 * e * std::sqrt(1 + most * most / 4) / most + entropy / most + 3 + 65536.0 * 2 / 32768 + 1;
  }
};
template <>
struct score_bound<offramp::learned_gate> {
  static double q16(double e, int classes, const std::uint32_t* parameters) {
    const auto weight = [&](int i) { return std::abs(static_cast<std::int32_t>(parameters[1 + i]) / 65536.0); };
    const double u = weight(0) * score_bound<offramp::max_softmax>::q16(e, classes, nullptr) +
                     weight(1) * score_bound<offramp::logit_margin>::q16(e, classes, nullptr) +
                     weight(2) * score_bound<offramp::entropy>::q16(e, classes, nullptr) + 1;
    return u / 4 + errors_of_terms().exp + 3;  // the sigmoid's slope is at most 1/4
  }
};

}  // namespace offramp_test

#endif
