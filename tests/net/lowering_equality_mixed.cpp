// covers: net/lower.hpp host/fake_quantized.hpp host/quantize.hpp kernels/portable/pool.hpp
// The same as lowering_equality.cpp for mixed pooling: of pixels, activations and streams, with an a on either side of
// [0, 1].
#include "tests/net/lowering_equality.hpp"
#include "tests/support/networks.hpp"

using namespace offramp;
using offramp_test::compare_lowering;
using offramp_test::networks::mixed;

TEST_CASE("lowering equality: mixtures") {
  compare_lowering<lower<mixed>>("mixed i8", 31);
  compare_lowering<lower<mixed, i8, i8>>("mixed, i8 stream", 32);
}
TEST_CASE("lowering equality: mixtures in floats") { compare_lowering<lower<mixed, f32>>("mixed f32", 33, false); }
