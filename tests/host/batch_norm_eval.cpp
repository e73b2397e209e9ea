// The one expression of batch norm in evaluation: by hand, and that the hoisted form is the same to the last bit.
#include <offramp/host/batch_norm_eval.hpp>

#include <doctest/doctest.h>

#include <cmath>

#include <offramp/host/random.hpp>

namespace {

using namespace offramp;

TEST_CASE("batch_norm_eval: by hand") {
  CHECK(host::batch_norm_eval(5, 1, 4.0f - batch_norm_epsilon, 3, 0.5f) == doctest::Approx(6.5));
  CHECK(host::batch_norm_eval(1, 1, 0, -2, 0.25f) == 0.25f);
  CHECK(host::batch_norm_eval(2, 1, 0, 0, -1) == -1.0f);
}

TEST_CASE("batch_norm_eval: scale computed ahead changes no bit") {
  host::random_source random{3};
  for (int i = 0; i < 1000; ++i) {
    const float x = 50 * random.normal(), mean = random.normal(), variance = 10 * random.uniform();
    const float gamma = random.normal(), beta = random.normal(), scale = host::batch_norm_scale(variance, gamma);
    const float y = host::batch_norm_eval(x, mean, variance, gamma, beta);
    REQUIRE(y == host::batch_norm_apply(x, mean, scale, beta));
    REQUIRE(y == doctest::Approx((x - mean) / std::sqrt(variance + 1e-5f) * gamma + beta).epsilon(1e-4).scale(1));
  }
}

}  // namespace
