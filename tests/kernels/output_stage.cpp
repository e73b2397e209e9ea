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

TEST_CASE("logits: bias added, links add up") {
  static constexpr op_signature s = conv(i8, i8, i32, true);
  const std::uint32_t words[5] = {0, 0, 0, 0, word(-7)};
  CHECK(finish<s>(parameters<s>{words, one}, 0, 10, 100) == 103);
}
