// Floats on vectors of xsimd equal the reference on exact data, for every width of the last block.
// covers: kernels/xsimd/conv_float.hpp kernels/xsimd/conv_float_traits.hpp
#include <offramp/paths/xsimd.hpp>

#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using vectors = offramp::path::xsimd;

namespace {

constexpr std::array signatures{
    conv(kind::f32, kind::f32, kind::f32),  conv(kind::f32, kind::f32, kind::f32, true),
    conv(kind::f32, kind::f32, kind::bits), conv(kind::f32, kind::f32, kind::i8),
    conv(kind::u8, kind::f32, kind::f32),   conv(kind::bits, kind::f32, kind::f32),
};
constexpr op_signature floats = signatures[0];
static_assert(std::is_same_v<kernels::running_path<vectors, floats>, vectors>);
static_assert(std::is_same_v<kernels::running_path<vectors, grouped(floats)>, offramp::path::portable>);

}  // namespace

TEST_CASE("float convolutions on xsimd equal the reference over the case table") {
  check_path<vectors, signatures>(conv_cases);
}

TEST_CASE("float convolutions on xsimd equal the reference for every number of output channels") {
  for (int out = 1; out <= 70; ++out)
    check_op<vectors, floats>(dynamic_geometry{make_window({3, 8, 5}, out, 3, 3, 1, 1, 1)}, "outputs",
                              static_cast<std::uint64_t>(out));
}

TEST_CASE("float convolutions on xsimd equal the reference over random geometries") {
  random_numbers r{88};
  for (std::uint64_t i = 0; i < 200; ++i)
    check_op<vectors, floats>(dynamic_geometry{random_conv(r)}, "random", 3000 + i);
}

TEST_CASE("float convolutions on xsimd equal the reference in static geometries") {
  check_op<vectors, floats>(static_geometry<make_window({9, 9, 16}, 32, 3, 3, 1, 1, 1)>{}, "static", 1);
  check_op<vectors, floats>(static_geometry<make_window({1, 1, 100}, 40, 1, 1, 1, 0, 0)>{}, "static, dense", 2);
}
