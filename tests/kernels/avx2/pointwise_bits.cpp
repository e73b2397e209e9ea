// covers: kernels/avx2/pointwise_bits.hpp kernels/avx2/pointwise_bits_traits.hpp
// Output stages from bits on AVX2 (tests/support/pointwise_bits_check.hpp).
#include <offramp/paths/avx2.hpp>

#include "tests/support/pointwise_bits_check.hpp"

using namespace offramp_test;
using path = offramp::path::avx2;

TEST_CASE("output stages from bits on AVX2 equal the reference over the case table") {
  check_path<path, from_bits>(pointwise_cases);
}

TEST_CASE("output stages from bits on AVX2 equal the reference for any number of channels") {
  check_from_bits_of_all_channels<path>();
}
