// Softmax cross-entropy by hand, and its gradient against differences.
#include <offramp/host/loss.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>

namespace {

using namespace offramp;

TEST_CASE("cross_entropy: by hand") {
  const float logits[] = {0, 0, 0, 0, 1000, 999};
  const std::uint8_t labels[] = {2, 1};
  float gradient[6];
  const double loss = host::cross_entropy(
      logits, labels, 2, 3, [](int i) { return i == 0 ? 1.0f : 0.5f; }, gradient);
  const double p = 1 / (1 + std::exp(-1.0));
  CHECK(loss == doctest::Approx(std::log(3.0) + 0.5 * -std::log(p)));
  CHECK(gradient[0] == doctest::Approx(1.0 / 3));
  CHECK(gradient[2] == doctest::Approx(1.0 / 3 - 1));
  CHECK(gradient[3] == 0.0f);
  CHECK(gradient[4] == doctest::Approx(0.5 * (p - 1)));
  CHECK(gradient[5] == doctest::Approx(0.5 * (1 - p)));
}

TEST_CASE("cross_entropy: gradient against differences") {
  double logits[] = {0.3, -1.2, 0.8, 2.0}, gradient[4], ignored[4];
  const std::uint8_t label[] = {1};
  const auto loss = [&](double* out) {
    return host::cross_entropy(
        logits, label, 1, 4, [](int) { return 1.0; }, out);
  };
  loss(gradient);
  for (int c = 0; c < 4; ++c) {
    const double at = logits[c];
    logits[c] = at + 1e-6;
    const double high = loss(ignored);
    logits[c] = at - 1e-6;
    const double low = loss(ignored);
    logits[c] = at;
    CHECK(gradient[c] == doctest::Approx((high - low) / 2e-6).epsilon(1e-6));
  }
}

TEST_CASE("cross_entropy: an offset is added to the logits") {
  const double logits[] = {0.3, -1.2, 0.8}, offset[] = {1, 2, -0.5}, sum[] = {1.3, 0.8, 0.3};
  const std::uint8_t label[] = {2};
  double with[3], plain[3];
  const auto one = [](int) { return 1.0; };
  CHECK(host::cross_entropy(logits, label, 1, 3, one, with, offset) ==
        doctest::Approx(host::cross_entropy(sum, label, 1, 3, one, plain)));
  for (int c = 0; c < 3; ++c) CHECK(with[c] == doctest::Approx(plain[c]));
}

TEST_CASE("distillation: by hand, gradient against differences, nothing to learn from oneself") {
  double logits[] = {0.3, -1.2, 0.8}, gradient[] = {5, 5, 5}, ignored[3];
  const double teacher[] = {1.5, 0.1, -0.7}, temperature = 2, weight = 0.7;
  const auto loss = [&](double* out) { return host::distillation(logits, teacher, 3, temperature, weight, out); };
  double p[3], t[3], sum_p = 0, sum_t = 0, expected = 0;
  for (int c = 0; c < 3; ++c) sum_p += p[c] = std::exp(logits[c] / 2), sum_t += t[c] = std::exp(teacher[c] / 2);
  for (int c = 0; c < 3; ++c) expected += t[c] / sum_t * std::log(t[c] / sum_t / (p[c] / sum_p));
  CHECK(loss(gradient) == doctest::Approx(weight * 4 * expected));
  for (int c = 0; c < 3; ++c) {
    const double at = logits[c];
    logits[c] = at + 1e-6;
    const double high = loss(ignored);
    logits[c] = at - 1e-6;
    const double low = loss(ignored);
    logits[c] = at;
    CHECK(gradient[c] - 5 == doctest::Approx((high - low) / 2e-6).epsilon(1e-6));  // added, not written
  }
  CHECK(host::distillation(teacher, teacher, 3, temperature, weight, ignored) == doctest::Approx(0.0));
}

}  // namespace
