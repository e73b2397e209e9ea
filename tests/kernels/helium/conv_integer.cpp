// Convolutions and dense layers of bytes by Helium equal the reference: the case table, random geometries, static ones
// for each way windows are read and loops written out, and requantization at its edges.
// covers: kernels/helium/conv_integer.hpp kernels/helium/conv_integer_traits.hpp kernels/helium/byte_windows.hpp
// covers: kernels/helium/output.hpp
#include <doctest/doctest.h>

#include <array>
#include <type_traits>

#include <offramp/paths/helium.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp;
using namespace offramp_test;
using path_here = path::helium;

namespace {

constexpr std::array<op_signature, 14> signatures{
    conv(i8, i8, i8),
    conv(u8, i8, bits),
    conv(bits, i8, i32),
    conv(i8, i8, i32),
    conv(u8, i8, i8),
    conv(bits, i8, bits),
    rectified(conv(i8, i8, i8, true)),
    rectified(conv(u8, i8, i32)),
    two_slopes(conv(u8, i8, i16, true)),
    conv(i8, i8, i32, true),
    two_slopes(conv(i8, i8, kind::f32)),
    conv(u8, bits, bits),
    conv(i8, bits, i8),
    two_slopes(conv(u8, bits, i16, true)),
};
constexpr op_signature inner = signatures[0];
constexpr op_signature first_layer = signatures[1];
constexpr op_signature first_signs = signatures[11];
constexpr op_signature inner_signs = signatures[12];
constexpr op_signature last_layer = signatures[2];
static_assert(std::is_same_v<kernels::running_path<path_here, inner>, path_here>);

template <window W, op_signature... S>
void check_static(const char* why, std::uint64_t number) {
  (check_op<path_here, S>(static_geometry<W>{}, why, number), ...);
}

}  // namespace

TEST_CASE("Helium: bytes, the case table") { check_path<path_here, signatures>(conv_cases); }

TEST_CASE("Helium: bytes, random geometries") {
  random_numbers r{89};
  for (std::uint64_t i = 0; i < 300; ++i) {
    std::uint64_t which = 0;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (check_op<path_here, signatures[I]>(dynamic_geometry{random_conv(r, 20000)}, "random", 1000 * ++which + i), ...);
    }
    (std::make_index_sequence<signatures.size()>{});
  }
}

TEST_CASE("Helium: bytes, static geometries") {
  check_static<make_window({9, 9, 1}, 32, 3, 3, 1, 1, 1), first_layer, inner, first_signs>("nine numbers", 1);
  check_static<make_window({8, 7, 3}, 17, 3, 3, 1, 1, 1), first_layer, inner, inner_signs>("27 numbers, odd outputs",
                                                                                           2);
  check_static<make_window({7, 7, 4}, 33, 5, 5, 2, 2, 2), first_layer, inner, first_signs>("seven steps", 3);
  check_static<make_window({5, 5, 32}, 40, 3, 3, 1, 1, 1), inner, last_layer, inner_signs>("18 steps, odd positions",
                                                                                           4);
  check_static<make_window({1, 1, 1024}, 10, 1, 1, 1, 0, 0), inner, last_layer, inner_signs>("dense, in place", 5);
  check_static<make_window({1, 1, 44}, 9, 1, 1, 1, 0, 0), first_layer, inner>("dense, a part of a step", 6);
  check_static<make_window({2, 2, 20}, 6, 2, 2, 1, 0, 0), first_layer, inner>("dense, four taps in place", 7);
  check_static<make_window({5, 3, 32}, 6, 1, 1, 1, 0, 0), first_layer, inner>("1x1 in place, odd positions", 8);
  check_static<make_window({5, 7, 16}, 6, 1, 1, 2, 0, 0), first_layer, inner>("1x1 in place, stride 2", 9);
  check_static<stored_for(make_window({4, 5, 20}, 12, 3, 3, 1, 1, 1), 40, 33), first_layer, inner, last_layer,
               inner_signs>("stored wider", 10);
  check_static<stored_for(make_window({4, 5, 18}, 13, 3, 3, 1, 1, 1), 64, 34), inner, last_layer>(
      "stored wider, a part of a word", 11);
  check_static<make_window({2, 3, 8}, 6, 5, 5, 1, 3, 3), inner>("windows in the padding", 12);
}

namespace {

// Of one input and one weight; outputs can be worked out by hand.
constexpr window single = make_window({1, 1, 1}, 1, 1, 1, 1, 0, 0);
int run_single(int x, int weight, int bias, fixed_factor f, int low, int high) {
  constexpr kernel_op op{inner, single};
  const std::uint32_t canonical[] = {0,
                                     3,
                                     static_cast<std::uint32_t>(low),
                                     static_cast<std::uint32_t>(high),
                                     static_cast<std::uint32_t>(bias),
                                     static_cast<std::uint32_t>(f.multiplier),
                                     static_cast<std::uint32_t>(f.shift),
                                     static_cast<std::uint32_t>(weight) & 0xffu};
  std::uint32_t packed[32] = {};
  REQUIRE(kernels::weight_words<path_here>(op) <= 32);
  kernels::pack<path_here>(op, canonical, packed);
  alignas(8) std::uint32_t scratch[16];
  const auto in = static_cast<std::int8_t>(x);
  std::int8_t out = 0;
  kernels::run<path_here, inner>(dynamic_geometry{single}, {&in, packed, &out, scratch});
  return int{out};
}

}  // namespace

TEST_CASE("Helium: requantization by hand") {
  const auto run = [](int x, int weight, double factor, int low, int high) {
    return run_single(x, weight, 0, make_fixed_factor(factor), low, high);
  };
  CHECK(run(10, 10, 0.125, -128, 127) == 16);  // 12.5 is rounded up, and 3 are added
  CHECK(run(-10, 10, 0.125, -128, 127) == -9);
  CHECK(run(100, 100, 0.125, -128, 127) == 127);
  CHECK(run(100, -100, 0.125, -128, 127) == -128);
  CHECK(run(10, 10, 0.125, -5, 14) == 14);
  CHECK(run(-10, 10, 0.125, -5, 14) == -5);
  CHECK(run(10, 10, 0.75, -128, 127) == 78);
  CHECK(run(1, 2, 20.0, -128, 127) == 43);
}

TEST_CASE("Helium: requantization equals that of the reference, whatever sum and factor") {
  random_numbers r{4711};
  for (int i = 0; i < 20000; ++i) {
    const fixed_factor f{r.one_in(20) ? 0 : r.between(1 << 30, 0x7fffffff), r.between(-31, 30)};
    // Sums whose results lie about the limits, and any other.
    const int size = r.between(0, 30);
    const std::int32_t bias = r.between(-(1 << size), 1 << size) - 6;
    const std::int32_t q = clamp(requantize(bias + 6, f.multiplier, f.shift), -(1 << 24), 1 << 24) + 3;
    REQUIRE(run_single(2, 3, bias, f, -128, 127) == clamp(q, -128, 127));
  }
}
