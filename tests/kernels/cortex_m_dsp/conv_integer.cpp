// covers: kernels/cortex_m_dsp/conv_integer_traits.hpp kernels/cortex_m_dsp/packing.hpp
// covers: kernels/cortex_m_dsp/products.hpp kernels/cortex_m_dsp/window_pairs.hpp kernels/cortex_m_dsp/output.hpp
// covers: kernels/cortex_m_dsp/instructions.hpp kernels/cortex_m_dsp/traits.hpp kernels/cortex_m_dsp/code.hpp
// covers: paths/cortex_m_dsp.hpp
// Pairs of 16-bit products against the reference: the case table, random geometries, and static ones for each way a
// window is widened and a loop written out; then the instructions, one by one.
#include <doctest/doctest.h>

#include <array>
#include <type_traits>

#include <offramp/paths/cortex_m_dsp.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp;
using namespace offramp_test;
using dsp = path::cortex_m_dsp;
namespace instructions = offramp::kernels::cortex_m_dsp;

namespace {

constexpr std::array<op_signature, 13> integer_convs{
    conv(i8, i8, i8),
    conv(u8, bits, bits),
    conv(u8, i8, bits),
    conv(i8, bits, i8),
    conv(bits, i8, i32),
    conv(i8, i8, i32),
    conv(i16, i8, i8),
    conv(i16, bits, i16),
    conv(bits, i8, bits),
    rectified(conv(i8, i8, i8, true)),
    two_slopes(conv(u8, i8, i16, true)),
    conv(i8, i8, i32, true),
    two_slopes(conv(i8, bits, kind::f32)),
};
constexpr op_signature first_layer = conv(u8, bits, bits);
constexpr op_signature inner = conv(i8, i8, i8);
constexpr op_signature last_layer = conv(bits, i8, i32);
constexpr op_signature stream = conv(i16, i8, i16, true);

// What is left to the parents.
static_assert(std::is_same_v<kernels::running_path<dsp, inner>, dsp>);
static_assert(!std::is_same_v<kernels::running_path<dsp, conv(bits, bits, bits)>, dsp>);
static_assert(!std::is_same_v<kernels::running_path<dsp, conv(kind::f32, kind::f32, kind::f32)>, dsp>);

template <window W, op_signature... S>
void check_static(const char* why, std::uint64_t number) {
  (check_op<dsp, S>(static_geometry<W>{}, why, number), ...);
}

}  // namespace

TEST_CASE("DSP: the case table") { check_path<dsp, integer_convs>(conv_cases); }

TEST_CASE("DSP: random geometries") {
  random_numbers r{88};
  for (std::uint64_t i = 0; i < 300; ++i) {
    std::uint64_t which = 0;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (check_op<dsp, integer_convs[I]>(dynamic_geometry{random_conv(r, 20000)}, "random", 1000 * ++which + i), ...);
    }
    (std::make_index_sequence<integer_convs.size()>{});
  }
}

TEST_CASE("DSP: static geometries") {
  check_static<make_window({9, 9, 1}, 32, 3, 3, 1, 1, 1), first_layer, inner>("nine numbers: a part of a word", 1);
  check_static<make_window({8, 7, 3}, 17, 3, 3, 1, 1, 1), first_layer, inner, stream>("27 numbers, odd outputs", 2);
  check_static<make_window({7, 7, 4}, 33, 5, 5, 2, 2, 2), first_layer, inner>("three words of signs and a rest", 3);
  check_static<make_window({5, 5, 32}, 40, 3, 3, 1, 1, 1), inner, last_layer>("72 groups of four, odd positions", 4);
  check_static<make_window({1, 1, 1024}, 10, 1, 1, 1, 0, 0), inner, last_layer>("dense", 5);
  check_static<make_window({1, 1, 44}, 9, 1, 1, 1, 0, 0), first_layer, inner>("dense, eleven groups", 6);
  check_static<stored_for(make_window({4, 5, 20}, 12, 3, 3, 1, 1, 1), 40, 33), first_layer, inner, stream>(
      "stored wider", 7);
  check_static<stored_for(make_window({4, 5, 18}, 13, 3, 3, 1, 1, 1), 64, 34), inner, last_layer>(
      "stored wider, a part of a group, of a word", 8);
  check_static<make_window({2, 3, 8}, 6, 5, 5, 1, 3, 3), inner>("windows in the padding", 9);
}

namespace {

constexpr op_signature logits = conv(i8, i8, i32);
constexpr op_signature from_image = conv(u8, i8, bits);
template <window W>
constexpr bool shares = instructions::shares_dense_code({logits, W});
constexpr window head = make_window({3, 3, 64}, 10, 3, 3, 1, 0, 0);
static_assert(shares<head> && shares<make_window({2, 2, 3}, 7, 2, 2, 1, 0, 0)>);
static_assert(!shares<make_window({3, 3, 5}, 7, 3, 3, 1, 0, 0)>);  // a part of a group
static_assert(!shares<make_window({3, 3, 8}, 7, 3, 3, 1, 1, 1)>);  // padding
static_assert(!shares<make_window({3, 3, 8}, 7, 2, 2, 1, 0, 0)>);  // four positions
static_assert(!shares<make_window({3, 3, 8}, 7, 2, 2, 2, 0, 0)>);  // a part of the input
static_assert(!shares<stored_for(make_window({1, 1, 64}, 10, 1, 1, 1, 0, 0), 96, 10)>);
static_assert(!shares<stored_for(make_window({1, 1, 64}, 10, 1, 1, 1, 0, 0), 64, 12)>);
static_assert(!instructions::shares_dense_code({conv(i16, i8, i8), head}));
static_assert(!instructions::shares_dense_code({conv(i8, bits, i8), head}));

}  // namespace

TEST_CASE("DSP: dense layers that share their code") {
  check_static<head, inner, logits, from_image>("units of 16, a window of nine taps", 20);
  check_static<make_window({2, 2, 128}, 11, 2, 2, 1, 0, 0), inner, logits, from_image>("an odd number of outputs", 21);
  check_static<make_window({1, 1, 16}, 40, 1, 1, 1, 0, 0), inner, logits, from_image>("a single unit", 22);
  check_static<make_window({1, 3, 8}, 33, 1, 3, 1, 0, 0), inner, logits, from_image>("units of 12", 23);
  check_static<make_window({5, 1, 8}, 1, 5, 1, 1, 0, 0), inner, logits, from_image>("units of 8", 24);
  check_static<make_window({2, 2, 7}, 10, 2, 2, 1, 0, 0), inner, logits, from_image>("units of 4 across taps", 25);
  check_static<make_window({1, 1, 4}, 2, 1, 1, 1, 0, 0), inner, logits, from_image>("four numbers", 26);
  check_static<make_window({3, 3, 5}, 7, 3, 3, 1, 0, 0), inner, logits>("not shared", 27);
}

TEST_CASE("DSP: large factors and narrow limits are the output stage's") {
  // One input, one weight: outputs can be worked out by hand.
  constexpr window w = make_window({1, 1, 1}, 1, 1, 1, 1, 0, 0);
  const auto run = [&](int x, int weight, double factor, int low, int high) {
    constexpr kernel_op op{inner, w};
    const fixed_factor f = make_fixed_factor(factor);
    const std::uint32_t canonical[] = {0,
                                       3,
                                       static_cast<std::uint32_t>(low),
                                       static_cast<std::uint32_t>(high),
                                       0,
                                       static_cast<std::uint32_t>(f.multiplier),
                                       static_cast<std::uint32_t>(f.shift),
                                       static_cast<std::uint32_t>(weight) & 0xffu};
    std::uint32_t packed[16] = {};
    REQUIRE(kernels::weight_words<dsp>(op) <= 16);
    kernels::pack<dsp>(op, canonical, packed);
    alignas(8) std::uint32_t scratch[16];
    const auto in = static_cast<std::int8_t>(x);
    std::int8_t out = 0;
    kernels::run<dsp, inner>(dynamic_geometry{w}, {&in, packed, &out, scratch});
    return int{out};
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

TEST_CASE("DSP: instructions") {
  using instructions::half;
  CHECK(instructions::smlad(0x00020003u, 0xffff0005u, 100) == 100 - 2 + 15);
  CHECK(instructions::smlad(0x80008000u, 0x80008000u, 0x7fffffff) == -1);  // wraps
  CHECK(instructions::smla<half::low, half::high>(0x00020003u, 0xffff0005u, 1) == -2);
  CHECK(instructions::smla<half::high, half::low>(0x00020003u, 0xffff0005u, 1) == 11);
  CHECK(instructions::wide_bytes<false>(0x7f80ff01u) == 0xff800001u);
  CHECK(instructions::wide_bytes<true>(0x7f80ff01u) == 0x007fffffu);
  CHECK(instructions::add_bytes<false, false>(0xffff0001u, 0x7f80ff01u) == 0x007f0002u);
  CHECK(instructions::add_bytes<false, true>(0xffff0001u, 0x7f80ff01u) == 0x007e0100u);
  CHECK(instructions::subtract_pairs(0x00010000u, 0x00020001u) == 0xffffffffu);
  CHECK(instructions::high_product(-1, 1) == -1);
  CHECK(instructions::saturated_half<8>(255) == 127);
  CHECK(instructions::saturated_half<8>(256) == 127);
  CHECK(instructions::saturated_half<8>(-257) == -128);
  CHECK(instructions::saturated_half<8>(-3) == -2);
  CHECK(instructions::shift_right_less_2(-8, -4) == -2);
  CHECK(instructions::shift_in_not_below(1, 5, 5) == 3);
  CHECK(instructions::shift_in_not_below(1, 4, 5) == 2);
  CHECK(instructions::reverse_bits(0x00000003u) == 0xc0000000u);
}
