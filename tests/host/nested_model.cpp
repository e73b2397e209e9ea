// Levels of a nested network are quantized together; levels that do not share their weights are refused.
#include <offramp/host/nested_model.hpp>

#include "tests/support/nested_check.hpp"

using namespace offramp;
using namespace offramp_test;

namespace {
using family = lower_nested<residual_family>;
}  // namespace

TEST_CASE("levels that do not share") {
  const host::labelled_images images = random_images({12, 12, 3}, 5, 20, 60);
  auto levels = random_levels<residual_family>(70);
  CHECK_THROWS_WITH_AS(host::quantize_nested<lower_nested<nested<residuals>>>(levels, images, {}, 1),
                       doctest::Contains("found 3 levels, the nested network has 1"), host::error);
  levels[1].parameters[0].weights[3] += 1;
  CHECK_THROWS_WITH_AS(host::quantize_nested<family>(levels, images, {}, 1),
                       doctest::Contains("level 1 has weights of its own"), host::error);
  host::share_weights(levels);
  CHECK_NOTHROW(host::quantize_nested<family>(levels, images, {.correct_bias = true}, 1));
  CHECK_THROWS_WITH_AS(host::quantize_nested<family>(levels, images, {.weights = host::weight_rule::least_output}, 1),
                       doctest::Contains("least_output"), host::error);
}
