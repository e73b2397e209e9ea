// Output stages without a convolution: equal to the reference over the case table.
#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;

namespace {

constexpr std::array to_bits{pointwise(kind::i16, kind::bits), pointwise(kind::i8, kind::bits),
                             pointwise(kind::f32, kind::bits), pointwise(kind::u8, kind::bits)};
constexpr std::array to_numbers{
    pointwise(kind::i16, kind::i8), pointwise(kind::i16, kind::i16, true), pointwise(kind::i16, kind::f32),
    pointwise(kind::i8, kind::i8),  pointwise(kind::i8, kind::i16),        pointwise(kind::u8, kind::i8),
    pointwise(kind::f32, kind::i8), pointwise(kind::f32, kind::f32),       pointwise(kind::i32, kind::i16),
};

constexpr std::array from_bits{pointwise(kind::bits, kind::i8), pointwise(kind::bits, kind::i16, true),
                               pointwise(kind::bits, kind::f32), pointwise(kind::bits, kind::bits)};

}  // namespace

TEST_CASE("signs of numbers equal the reference over the case table") {
  check_all<to_bits>(pointwise_cases);
  require_run<offramp::path::portable, to_bits>();
  require_run<offramp::path::fake, to_bits>();
}

TEST_CASE("changes of kind equal the reference over the case table") {
  check_all<to_numbers>(pointwise_cases);
  require_run<offramp::path::portable, to_numbers>();
}

TEST_CASE("numbers from signs equal the reference over the case table") {
  check_all<from_bits>(pointwise_cases);
  require_run<offramp::path::portable, from_bits>();
}
