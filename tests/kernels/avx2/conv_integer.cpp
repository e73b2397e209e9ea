// covers: kernels/avx2/conv_integer_traits.hpp
// covers: kernels/avx2/output_block.hpp
// covers: kernels/avx2/conv_signs.hpp
// 16-bit products against the reference: the case table, random geometries, and static ones that reach every block.
#include <doctest/doctest.h>

#include <array>

#include <offramp/kernels/avx2/code.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp;
using namespace offramp_test;

namespace {

constexpr std::array<op_signature, 6> integer_convs{
    conv(i8, bits, i8), conv(u8, i8, i8), conv(i8, i8, bits), conv(i16, bits, i16), two_slopes(conv(i8, i8, i8, true)),
    conv(bits, i8, i32)};
constexpr op_signature first_layer = conv(u8, bits, bits);
constexpr op_signature last_layer = conv(bits, i8, i32);
constexpr op_signature inner = conv(i8, i8, i8);

template <op_signature S, window W>
void check_static(const char* why, std::uint64_t stream) {
  check_op<path::avx2, S>(static_geometry<W>{}, why, stream);
}

}  // namespace

TEST_CASE("AVX2: the case table") { check_path<path::avx2, integer_convs>(conv_cases); }

TEST_CASE("AVX2: random geometries") {
  if (!kernels::runs_here<path::avx2>()) return;
  random_numbers r{77};
  for (std::uint64_t i = 0; i < 400; ++i) {
    check_op<path::avx2, inner>(dynamic_geometry{random_conv(r)}, "random", 1000 + i);
    check_op<path::avx2, first_layer>(dynamic_geometry{random_conv(r)}, "random", 2000 + i);
    check_op<path::avx2, last_layer>(dynamic_geometry{random_conv(r)}, "random", 3000 + i);
  }
}

TEST_CASE("AVX2: static geometries") {
  if (!kernels::runs_here<path::avx2>()) return;
  check_static<first_layer, make_window({32, 32, 3}, 16, 3, 3, 1, 1, 1)>("first layer", 1);
  check_static<first_layer, make_window({28, 28, 1}, 40, 5, 5, 1, 2, 2)>("rows of taps, three vectors", 2);
  check_static<inner, make_window({4, 57, 16}, 16, 3, 3, 1, 1, 1)>("one vector, three blocks of positions", 3);
  check_static<inner, make_window({3, 30, 33}, 48, 3, 3, 1, 1, 1)>("odd channels, blocks that share positions", 4);
  check_static<inner, make_window({8, 8, 64}, 64, 3, 3, 1, 1, 1)>("one block a row", 5);
  check_static<inner, make_window({9, 9, 20}, 65, 3, 3, 2, 1, 1)>("stride 2, five vectors, one of a single channel", 6);
  check_static<inner, make_window({4, 4, 32}, 112, 3, 3, 1, 1, 1)>("four vectors together, three left", 7);
  check_static<inner, make_window({6, 6, 40}, 70, 1, 1, 1, 0, 0)>("1x1", 8);
  check_static<inner, make_window({4, 4, 31}, 150, 4, 4, 1, 0, 0)>("dense, ten vectors", 9);
  check_static<inner, make_window({1, 1, 256}, 10, 1, 1, 1, 0, 0)>("dense", 10);
  check_static<inner, stored_for(make_window({5, 16, 20}, 24, 3, 3, 1, 1, 1), 40, 64)>("stored wider", 11);
  check_static<inner, stored_for(make_window({5, 7, 9}, 16, 3, 3, 1, 1, 1), 13, 33)>("stored wider, odd", 12);
  check_static<inner, make_window({5, 14, 8}, 32, 5, 7, 1, 2, 3)>("a window wider than half a row", 13);
  check_static<inner, make_window({7, 3, 8}, 20, 3, 7, 1, 1, 3)>("a window wider than its input", 14);
  check_static<conv(i16, i8, i8), make_window({6, 14, 8}, 24, 3, 3, 1, 1, 1)>("16 bits", 16);
  check_static<conv(i16, i8, i8), make_window({5, 5, 8}, 24, 3, 3, 1, 0, 0)>("16 bits, not copied", 17);
  check_static<last_layer, make_window({5, 5, 70}, 10, 3, 3, 1, 1, 1)>("signs times int8", 15);
}
