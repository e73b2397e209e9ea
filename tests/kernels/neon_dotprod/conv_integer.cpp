// Bytes times int8 or signs with dot products equal the reference: the case table, random geometries, static ones.
// Loops run on Arm (under an emulator) where there are dot products; elsewhere the path must say that it cannot.
// covers: kernels/neon_dotprod/target.hpp kernels/neon_dotprod/code.hpp paths/neon_dotprod.hpp
#include <offramp/paths/neon_dotprod.hpp>

#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using dotprod = offramp::path::neon_dotprod;

TEST_CASE("dot products: a form of their own of what NEON packs") {
  const kernel_op op{conv(kind::i8, kind::i8, kind::i8), make_window({8, 8, 3}, 16, 3, 3, 1, 1, 1)};
  CHECK(kernels::weight_words<dotprod>(op) == kernels::packed_begin(op) + 16 + 16 * 9);
  CHECK(kernels::weight_words<offramp::path::neon>(op) == kernels::packed_begin(op) + 16 + 16 * 12);
}

#if OFFRAMP_NEON
namespace {

constexpr std::array signatures{
    conv(kind::i8, kind::bits, kind::i8),  conv(kind::u8, kind::i8, kind::i8),
    conv(kind::i8, kind::i8, kind::bits),  two_slopes(conv(kind::i8, kind::i8, kind::i8, true)),
    conv(kind::bits, kind::i8, kind::i32), conv(kind::i8, kind::i8, kind::i16, true),
    conv(kind::u8, kind::bits, kind::f32), rectified(conv(kind::i8, kind::i8, kind::i8)),
};

}  // namespace

TEST_CASE("bytes with dot products equal the reference") { check_path<dotprod, signatures>(conv_cases); }

TEST_CASE("random geometries of bytes with dot products equal the reference") {
  if (!kernels::runs_here<dotprod>()) return;
  random_numbers r{90003};
  for (std::uint64_t i = 0; i < 100; ++i) {
    check_op<dotprod, signatures[1]>(dynamic_geometry{random_conv(r)}, "random", 1000 + i);
    check_op<dotprod, signatures[2]>(dynamic_geometry{random_conv(r)}, "random", 2000 + i);
    check_op<dotprod, signatures[4]>(dynamic_geometry{random_conv(r)}, "random", 3000 + i);
  }
}

TEST_CASE("static geometries of bytes with dot products equal the reference") {
  if (!kernels::runs_here<dotprod>()) return;
  check_op<dotprod, signatures[1]>(static_geometry<make_window({9, 9, 3}, 16, 3, 3, 1, 1, 1)>{}, "first layer", 1);
  check_op<dotprod, signatures[3]>(static_geometry<make_window({5, 6, 32}, 48, 3, 3, 1, 1, 1)>{}, "whole blocks", 2);
  check_op<dotprod, signatures[2]>(static_geometry<make_window({5, 6, 32}, 48, 3, 3, 1, 1, 1)>{}, "blocks of bits", 3);
  check_op<dotprod, signatures[5]>(static_geometry<make_window({1, 1, 256}, 10, 1, 1, 1, 0, 0)>{}, "dense", 4);
}
#else
TEST_CASE("no dot products here, and the path says so") { CHECK_FALSE(kernels::runs_here<dotprod>()); }
#endif
