// p-values against sums and searches that share no line with them, and against what they promise: on generated losses
// whose mean is just above epsilon, p <= delta in at most a share delta of draws.
#include <offramp/host/p_values.hpp>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

// P(Bin(n, p) <= most): probabilities of all counts, image by image, no logarithm and no binomial coefficient.
long double cdf_by_convolution(int n, long double p, int most) {
  std::vector<long double> chance{1.0L};
  for (int i = 0; i < n; ++i) {
    chance.push_back(0.0L);
    for (std::size_t k = chance.size() - 1; k > 0; --k) chance[k] = chance[k] * (1 - p) + chance[k - 1] * p;
    chance[0] *= 1 - p;
  }
  long double sum = 0;
  for (int k = 0; k <= most && k < static_cast<int>(chance.size()); ++k) sum += chance[static_cast<std::size_t>(k)];
  return sum;
}

// The best exponent of Chernoff's bound by search: min over s >= 0 of E[exp(s (epsilon' - L))] with L in {0, 1}.
long double chernoff_by_search(int n, long double mean, long double epsilon) {
  long double best = 1;
  for (long double s = 0; s < 60; s += 0.0005L)
    best = std::min(best, std::exp(s * mean) * (1 - epsilon + epsilon * std::exp(-s)));
  return std::pow(best, static_cast<long double>(n));
}

}  // namespace

TEST_CASE("p_values: the binomial one is the sum of its terms") {
  for (const int n : {1, 7, 50, 600})
    for (const double epsilon : {0.001, 0.02, 0.3, 0.9})
      for (const int losses : {0, 1, 3, 12, 49, 50, 300, 599, 600}) {
        CAPTURE(n);
        CAPTURE(epsilon);
        CAPTURE(losses);
        const auto right = static_cast<double>(cdf_by_convolution(n, static_cast<long double>(epsilon), losses));
        CHECK(host::binomial_p_value(n, epsilon, losses) == doctest::Approx(right).epsilon(1e-9));
      }
  CHECK(host::binomial_p_value(5000, 0.005, 0) == doctest::Approx(std::pow(0.995, 5000)));
  CHECK(host::binomial_p_value(10, 0.5, 10) == 1);
  // (1 - epsilon)^n is below all doubles; the tail around the mean is not.
  CHECK(host::binomial_p_value(100000, 0.5, 50000) == doctest::Approx(0.5).epsilon(0.01));
  CHECK(host::binomial_p_value(100000, 0.5, 40000) == 0);
}

TEST_CASE("p_values: Hoeffding-Bentkus by its two bounds") {
  for (const int n : {30, 400})
    for (const double epsilon : {0.02, 0.2})
      for (const double losses : {0.0, 0.3, 2.0, 2.5, 9.999}) {
        CAPTURE(n);
        CAPTURE(epsilon);
        CAPTURE(losses);
        const double mean = std::min(losses / n, epsilon);
        const auto hoeffding = static_cast<double>(
            chernoff_by_search(n, static_cast<long double>(mean), static_cast<long double>(epsilon)));
        const double bentkus =
            2.718281828459045 * static_cast<double>(cdf_by_convolution(n, static_cast<long double>(epsilon),
                                                                       static_cast<int>(std::ceil(losses))));
        CHECK(host::hoeffding_bentkus_p_value(n, epsilon, losses) ==
              doctest::Approx(std::min({1.0, hoeffding, bentkus})).epsilon(1e-4));
      }
  CHECK(host::hoeffding_bentkus_p_value(100, 0.1, 10) == doctest::Approx(1.0));
  CHECK(host::hoeffding_bentkus_p_value(100, 0.1, 100) == doctest::Approx(1.0));
  // The binomial test needs no factor e: never the larger of the two on losses of 0 and 1.
  CHECK(host::binomial_p_value(1000, 0.02, 5) < host::hoeffding_bentkus_p_value(1000, 0.02, 5));
}

TEST_CASE("p_values: a bet by hand") {
  // One loss: stake sqrt(2 log(1/delta) / (1 * 1/4)) = 6.07 for delta = 0.01, cut to 0.99 / (1 - 0.2).
  const double stake = 0.99 / 0.8;
  CHECK(host::betting_p_value({0.0}, 0.2, 0.01) == doctest::Approx(1 / (1 + stake * 0.2)));
  CHECK(host::betting_p_value({1.0}, 0.2, 0.01) == 1);  // the fortune begins at 1
  // Two losses, delta so large that nothing is cut: v_0 = 1/4, then m_1 = (1/2 + 0)/2 = 1/4, v_1 = (1/4 + 1/16)/2.
  const double factor = 2 * std::log(1 / 0.9) / 2;
  const double first = 1 + std::sqrt(factor / 0.25) * 0.2;
  const double second = 1 + std::sqrt(factor / (0.3125 / 2)) * (0.2 - 0.1);
  CHECK(host::betting_p_value({0.0, 0.1}, 0.2, 0.9) == doctest::Approx(1 / (first * second)));
  // The largest fortune counts, not the last.
  CHECK(host::betting_p_value({0.0, 1.0}, 0.2, 0.9) == doctest::Approx(1 / first));
}

TEST_CASE("p_values: at a mean of epsilon they are below delta no more often than they say") {
  offramp_test::random_numbers r{610};
  constexpr int draws = 2000;
  constexpr int n = 200;
  constexpr double delta = 0.1;
  constexpr double most = delta + 0.0202;  // 3 sqrt(delta (1 - delta) / draws)
  int binomial = 0, bentkus = 0, bentkus_real = 0, betting = 0;
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<double> zero_one(n), real(n);
    double sum = 0, sum_real = 0;
    for (int i = 0; i < n; ++i) {
      zero_one[static_cast<std::size_t>(i)] = r.between(0, 99) < 5 ? 1 : 0;  // mean 0.05
      real[static_cast<std::size_t>(i)] = r.between(0, 9) < 5 ? r.between(0, 2000) / 10000.0 : 0;
      sum += zero_one[static_cast<std::size_t>(i)];
      sum_real += real[static_cast<std::size_t>(i)];
    }
    binomial += host::binomial_p_value(n, 0.05, sum) <= delta ? 1 : 0;
    bentkus += host::hoeffding_bentkus_p_value(n, 0.05, sum) <= delta ? 1 : 0;
    bentkus_real += host::hoeffding_bentkus_p_value(n, 0.05, sum_real) <= delta ? 1 : 0;
    betting += host::betting_p_value(real, 0.05, delta) <= delta ? 1 : 0;
  }
  CHECK(binomial <= most * draws);
  CHECK(bentkus <= most * draws);
  CHECK(bentkus_real <= most * draws);
  CHECK(betting <= most * draws);
  // And they are of some use: the binomial one comes close, the betting one beats Hoeffding-Bentkus at small variance.
  CHECK(binomial > 0.4 * delta * draws);
  CHECK(betting > bentkus_real);
}
