// Shapes and the two roundings up.
#include <offramp/core/shape.hpp>

#include <doctest/doctest.h>

#include <initializer_list>

using namespace offramp;

static_assert(shape{2, 3, 4}.size() == 24 && shape{2, 3, 4}.positions() == 6);
static_assert(shape{2, 3, 4} == shape{2, 3, 4} && shape{2, 3, 4} != shape{3, 2, 4});

TEST_CASE("rounding up") {
  for (int a = 0; a < 200; ++a)
    for (const int b : {1, 2, 3, 8, 32}) {
      const int q = ceil_div(a, b);
      CHECK((q * b >= a && (q - 1) * b < a));
      const std::size_t up = round_up(static_cast<std::size_t>(a), static_cast<std::size_t>(b));
      CHECK(up == static_cast<std::size_t>(q * b));
    }
}
