// Bytes times int8 or signs on plain NEON equal the reference: the case table, random geometries, static ones. Loops
// run on Arm (under an emulator); elsewhere the path must say that it cannot.
// covers: kernels/neon/byte_blocks.hpp kernels/neon/cpu.hpp paths/arm.hpp
#include <offramp/paths/arm.hpp>

#include <array>
#include <type_traits>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
namespace path = offramp::path;
using path::neon;

namespace {

constexpr std::array signatures{
    conv(kind::i8, kind::bits, kind::i8),  conv(kind::u8, kind::i8, kind::i8),
    conv(kind::i8, kind::i8, kind::bits),  two_slopes(conv(kind::i8, kind::i8, kind::i8, true)),
    conv(kind::bits, kind::i8, kind::i32), conv(kind::i8, kind::i8, kind::i16, true),
    conv(kind::u8, kind::bits, kind::f32), rectified(conv(kind::i8, kind::i8, kind::i8)),
};

// What runs where is a constant of the signature, on any machine.
template <class P, op_signature S>
using running = kernels::running_path<P, S>;
static_assert(std::is_same_v<running<path::neon_dotprod, signatures[1]>, path::neon_dotprod>);
static_assert(std::is_same_v<running<path::neon_dotprod, conv(kind::bits, kind::bits, kind::bits)>, neon>);
static_assert(std::is_same_v<running<neon, conv(kind::i16, kind::i8, kind::i16)>, path::portable>);

}  // namespace

TEST_CASE("the paths of Arm, best first") {
  CHECK(path::arm::find("neon_dotprod") == 0);
  CHECK(path::arm::find("portable") == path::arm::size - 1);
  CHECK_FALSE((kernels::runs_here<path::neon_dotprod>() && !kernels::runs_here<neon>()));
  CHECK(path::arm::best_here() == (kernels::runs_here<path::neon_dotprod>() ? 0 : kernels::runs_here<neon>() ? 1 : 2));
}

#if OFFRAMP_NEON
TEST_CASE("bytes on NEON equal the reference") {
  REQUIRE(kernels::runs_here<neon>());
  check_path<neon, signatures>(conv_cases);
}

TEST_CASE("random geometries of bytes on NEON equal the reference") {
  random_numbers r{90002};
  for (std::uint64_t i = 0; i < 100; ++i) {
    check_op<neon, signatures[1]>(dynamic_geometry{random_conv(r)}, "random", 1000 + i);
    check_op<neon, signatures[2]>(dynamic_geometry{random_conv(r)}, "random", 2000 + i);
    check_op<neon, signatures[4]>(dynamic_geometry{random_conv(r)}, "random", 3000 + i);
  }
}

TEST_CASE("static geometries of bytes on NEON equal the reference") {
  check_op<neon, signatures[1]>(static_geometry<make_window({9, 9, 3}, 16, 3, 3, 1, 1, 1)>{}, "first layer", 1);
  check_op<neon, signatures[3]>(static_geometry<make_window({5, 6, 32}, 40, 3, 3, 1, 1, 1)>{}, "whole blocks", 2);
  check_op<neon, signatures[5]>(static_geometry<make_window({1, 1, 256}, 10, 1, 1, 1, 0, 0)>{}, "dense", 3);
}
#else
TEST_CASE("no NEON here, and the path says so") { CHECK_FALSE(kernels::runs_here<neon>()); }
#endif
