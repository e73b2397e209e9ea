// The output stage by itself: thresholds at their edges, clamps after the zero point, saturation at both ends.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>

#include <offramp/kernels/output_stage.hpp>

#include "tests/support/cases.hpp"

using namespace offramp;
using namespace offramp_test;
using kernels::below_threshold;
using kernels::finish;
using kernels::parameters;

namespace {

constexpr window one = make_window({1, 1, 1}, 1, 1, 1, 1, 0, 0);
constexpr std::uint32_t word(std::int32_t v) { return static_cast<std::uint32_t>(v); }

}  // namespace

TEST_CASE("thresholds: strictly below; the extremes mean always and never") {
  static constexpr op_signature s = conv(i8, i8, bits);
  const std::int32_t lowest = std::numeric_limits<std::int32_t>::min();
  const std::int32_t highest = std::numeric_limits<std::int32_t>::max();
  const auto below = [](std::int32_t threshold, std::int32_t acc) {
    const std::uint32_t words[6] = {0, 0, 0, 0, word(threshold), 0};
    return below_threshold<s>(parameters<s>{words, one}, 0, acc);
  };
  CHECK(below(5, 4));
  CHECK_FALSE(below(5, 5));
  CHECK_FALSE(below(lowest, lowest));
  CHECK(below(highest, highest - 1));
}

TEST_CASE("int8: zero point first, clamp second") {
  static constexpr op_signature s = conv(i8, i8, i8);
  const auto value = [](std::int32_t acc, std::int32_t out_zero, std::int32_t low, std::int32_t high) {
    const std::uint32_t words[8] = {0, word(out_zero), word(low), word(high),
                                    0, word(1 << 30),  word(1),   0};  // factor 1
    return int{finish<s>(parameters<s>{words, one}, 0, acc, std::int8_t{0})};
  };
  CHECK(value(10, -128, -128, 127) == -118);
  CHECK(value(-10, 5, 5, 127) == 5);  // relu: low is the zero point
  CHECK(value(std::numeric_limits<std::int32_t>::max(), 127, -128, 127) == 127);
  CHECK(value(std::numeric_limits<std::int32_t>::min(), -128, -128, 127) == -128);
}

TEST_CASE("streams saturate at the ends of their kind, not at the clamp") {
  const auto words_for = [](std::int32_t low, std::int32_t high) {
    return std::array<std::uint32_t, 8>{0, 0, word(low), word(high), 0, word(1 << 30), word(1), 0};
  };
  static constexpr op_signature s16 = conv(i8, i8, i16, true);
  const auto wide = words_for(0, 1000);
  CHECK(finish<s16>(parameters<s16>{wide.data(), one}, 0, 2000, 32000) == 32767);
  CHECK(finish<s16>(parameters<s16>{wide.data(), one}, 0, 2000, -32768) == -31768);
  CHECK(finish<s16>(parameters<s16>{wide.data(), one}, 0, -5, 7) == 7);
  static constexpr op_signature s8 = conv(i8, i8, i8, true);
  const auto narrow = words_for(-128, 127);
  CHECK(int{finish<s8>(parameters<s8>{narrow.data(), one}, 0, -100, -100)} == -128);
  CHECK(int{finish<s8>(parameters<s8>{narrow.data(), one}, 0, 100, -100)} == 0);
}

TEST_CASE("logits: bias added; what another exit's logits give is requantized and added") {
  static constexpr op_signature s = conv(i8, i8, i32);
  const std::uint32_t words[5] = {0, 0, 0, 0, word(-7)};
  CHECK(finish<s>(parameters<s>{words, one}, 0, 10, 100) == 3);
  static constexpr op_signature link = conv(i16, i8, i32, true);
  const std::uint32_t half[7] = {0, 0, 0, 0, word(-7), word(1 << 30), 0};  // factor 1/2
  CHECK(finish<link>(parameters<link>{half, one}, 0, 10, 100) == 102);     // 1.5: ties go up
  CHECK(finish<link>(parameters<link>{half, one}, 0, -10, 100) == 92);     // -8.5
  CHECK(finish<link>(parameters<link>{half, one}, 0, -10, -1000000) == -1000008);
}

TEST_CASE("two slopes: below the threshold the second set counts, at it and above the first") {
  const auto bit_word = [](float v) { return __builtin_bit_cast(std::uint32_t, v); };
  static constexpr op_signature s = two_slopes(conv(i8, i8, i16));
  // A leaky relu with a quarter: threshold -4, above it acc + 4, below it (acc + 4) / 4.
  const std::uint32_t words[11] = {0,       0, word(-32768), word(32767), word(-4), word(4),
                                   1 << 30, 1, word(4),      1 << 30,     word(-1)};
  const auto leaky = [&](std::int32_t acc) {
    return int{finish<s>(parameters<s>{words, one}, 0, acc, std::int16_t{0})};
  };
  CHECK(leaky(-4) == 0);
  CHECK(leaky(-3) == 1);
  CHECK(leaky(100) == 104);
  CHECK(leaky(-8) == -1);
  CHECK(leaky(-44) == -10);
  CHECK(leaky(-5) == 0);  // -0.25
  static constexpr op_signature sf = two_slopes(conv(f32, f32, f32, true));
  const std::uint32_t real[9] = {0,
                                 0,
                                 bit_word(-1e30f),
                                 bit_word(1e30f),
                                 bit_word(2.0f),
                                 bit_word(1.0f),
                                 bit_word(-2.0f),
                                 bit_word(0.5f),
                                 bit_word(-1.0f)};
  const auto knee = [&](float acc) { return finish<sf>(parameters<sf>{real, one}, 0, acc, 10.0f); };
  CHECK(knee(2.0f) == 10.0f);
  CHECK(knee(5.0f) == 13.0f);
  CHECK(knee(1.0f) == 9.5f);
  // Numbers from floats round halves away from zero, on either side.
  static constexpr op_signature quantize = two_slopes(pointwise(f32, i8));
  const std::uint32_t mixed[11] = {
      0, 0, word(-128), word(127), bit_word(0.0f), bit_word(1.0f), bit_word(0.5f), 0, bit_word(0.5f), bit_word(0.0f),
      0};
  const auto code = [&](float acc) {
    return int{finish<quantize>(parameters<quantize>{mixed, one}, 0, acc, std::int8_t{0})};
  };
  CHECK(code(2.0f) == 3);    // 2.5
  CHECK(code(-5.0f) == -3);  // -2.5
  CHECK(code(-1e20f) == -128);
}

TEST_CASE("rectified: sums below 0 count as 0, no further words") {
  static constexpr op_signature s = rectified(conv(i8, i8, i16));
  static_assert(kernels::parameter_arrays(s) == 3);
  const std::uint32_t words[7] = {0, 0, word(-32768), word(32767), word(-3), word(-(1 << 30)), 1};  // 3 - acc
  const auto map = [&](std::int32_t acc) { return int{finish<s>(parameters<s>{words, one}, 0, acc, std::int16_t{0})}; };
  CHECK(map(5) == -2);
  CHECK(map(0) == 3);
  CHECK(map(-1) == 3);
  CHECK(map(-100000) == 3);
}

TEST_CASE("two slopes: the threshold of each channel, and where its parameters stand") {
  static constexpr op_signature s = two_slopes(conv(i8, i8, i32));
  const window three = make_window({1, 1, 1}, 3, 1, 1, 1, 0, 0);
  static_assert(kernels::parameter_arrays(s) == 3);
  static_assert(kernels::parameter_arrays(two_slopes(conv(i8, i8, i8))) == 7);
  static_assert(kernels::parameter_arrays(two_slopes(conv(i8, i8, i32, true))) == 7);
  static_assert(kernels::parameter_arrays(two_slopes(conv(i8, f32, f32))) == 5);
  std::uint32_t words[13]{};
  for (int c = 0; c < 3; ++c) {
    words[4 + c] = word(10 * c);       // thresholds 0, 10, 20
    words[7 + c] = word(100 + c);      // above
    words[10 + c] = word(-(100 + c));  // below
  }
  const parameters<s> p{words, three};
  CHECK(finish<s>(p, 0, 0, 0) == 100);
  CHECK(finish<s>(p, 0, -1, 0) == -101);
  CHECK(finish<s>(p, 1, 9, 0) == 9 - 101);
  CHECK(finish<s>(p, 1, 10, 0) == 10 + 101);
  CHECK(finish<s>(p, 2, 19, 0) == 19 - 102);
}
