// Costs counted from the description: products of bits apart, one 64th of an operation each.
#include <doctest/doctest.h>

#include <offramp/kernels/cost.hpp>

#include "tests/support/cases.hpp"

using namespace offramp;
using namespace offramp_test;

TEST_CASE("costs of a convolution and of a pool, by hand") {
  const window w = make_window({14, 14, 64}, 32, 3, 3, 1, 1, 1);
  const op_cost binary_conv = kernels::cost({conv(bits, bits, bits), w}, 600);
  CHECK(binary_conv.binary_macs == 14 * 14 * 32 * 9 * 64);
  CHECK(binary_conv.macs == 0);
  CHECK(binary_conv.ops() == 14 * 14 * 32 * 9);
  CHECK(binary_conv.weight_bytes == 2400);
  CHECK(binary_conv.in_bytes == 14 * 14 * 8);
  CHECK(binary_conv.out_bytes == 14 * 14 * 4);
  const op_cost mixed = kernels::cost({conv(i8, bits, i16), w}, 0);
  CHECK(mixed.macs == 14 * 14 * 32 * 9 * 64);
  CHECK(mixed.out_bytes == 14 * 14 * 32 * 2);
  const op_cost pool = kernels::cost({max_pool(bits), make_window({14, 14, 32}, 32, 2, 2, 2, 0, 0)}, 0);
  CHECK(pool.simple == 7 * 7 * 32 * 4);
  const op_cost mixture = kernels::cost({mixed_pool(i16, i8), make_window({14, 14, 32}, 32, 3, 3, 3, 0, 0)}, 9);
  CHECK(mixture.simple == 2 * 4 * 4 * 32 * 9);
  CHECK(mixture.macs == 2 * 4 * 4 * 32);
  CHECK(mixture.weight_bytes == 36);
  CHECK((binary_conv + mixed + pool).macs == mixed.macs);
  CHECK((binary_conv + pool).simple == pool.simple);
}
