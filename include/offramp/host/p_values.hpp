// Valid p-values of the hypothesis "the mean loss is above epsilon", from n losses within 0 to 1 (design: Bates et al.
// 2021, arXiv 2101.02703; Angelopoulos et al. 2021, Learn then Test, arXiv 2110.01052; betting: Waudby-Smith and Ramdas
// 2024, arXiv 2010.09686). If the hypothesis holds, a p-value is at most delta with a probability of at most delta.
#ifndef OFFRAMP_HOST_P_VALUES_HPP
#define OFFRAMP_HOST_P_VALUES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// P(Bin(n, epsilon) <= losses), exact: for losses of 0 and 1. 0 < epsilon < 1. Terms in logarithms, since (1 -
// epsilon)^n may be below all doubles.
inline double binomial_p_value(int n, double epsilon, double losses) {
  if (losses >= n) return 1;
  if (losses < 0) return 0;
  const int most = static_cast<int>(losses);
  const double count = n;
  const double odds = std::log(epsilon) - std::log1p(-epsilon);
  // Terms rise up to the mode; the largest of those summed is taken out, so that none of them overflows.
  double term = count * std::log1p(-epsilon);
  double largest = term;
  double sum = 1;
  for (int k = 1; k <= most; ++k) {
    term += odds + std::log(static_cast<double>(n - k + 1) / k);
    if (term > largest) {
      sum = sum * std::exp(largest - term) + 1;
      largest = term;
    } else {
      sum += std::exp(term - largest);
    }
  }
  return std::min(1.0, sum * std::exp(largest));
}

// min(1, exp(-n h(min(r, epsilon), epsilon)), e P(Bin(n, epsilon) <= ceil(S))) with S the sum of the losses, r = S/n
// and h(a, b) = a log(a/b) + (1-a) log((1-a)/(1-b)).
inline double hoeffding_bentkus_p_value(int n, double epsilon, double losses) {
  const double a = std::min(losses / n, epsilon);
  const double near = a > 0 ? a * std::log(a / epsilon) : 0.0;
  const double far = a < 1 ? (1 - a) * (std::log1p(-a) - std::log1p(-epsilon)) : 0.0;
  const double hoeffding = std::exp(-n * (near + far));
  const double bentkus = std::exp(1.0) * binomial_p_value(n, epsilon, std::ceil(losses));
  return std::min({1.0, hoeffding, bentkus});
}

// A gambler bets against the hypothesis, loss by loss, with a stake chosen from the losses before; if it holds, the
// fortune reaches 1/delta with a probability of at most delta. 1 / (largest fortune): at most delta where that happens.
// The order of the losses must not depend on them. `delta` only chooses the stakes.
inline double betting_p_value(const std::vector<double>& losses, double epsilon, double delta) {
  const double most = 0.99 / (1 - epsilon);  // a loss of 1 then leaves something of the fortune
  const double factor = 2 * std::log(1 / delta) / static_cast<double>(losses.size());
  double fortune = 0;  // logarithm
  double largest = 0;
  double sum = 0.5;
  double squares = 0.25;
  double variance = 0.25;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const double stake = std::min(most, std::sqrt(factor / variance));
    fortune += std::log1p(-stake * (losses[i] - epsilon));
    largest = std::max(largest, fortune);
    const auto seen = static_cast<double>(i) + 2;  // with the one that sum and squares begin with
    sum += losses[i];
    const double mean = sum / seen;
    squares += (losses[i] - mean) * (losses[i] - mean);
    variance = squares / seen;
  }
  return std::exp(-largest);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
