// Sizes of tensors in each layout, by hand.
#include <offramp/core/layout.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace offramp;

static_assert(position_words(1, layout::nhwc) == 1 && position_words(32, layout::nhwc) == 1);
static_assert(position_words(33, layout::nhwc) == 2 && position_words(64, layout::nhwc) == 2);
static_assert(position_words(1, layout::nhwc_wide) == 2 && position_words(64, layout::nhwc_wide) == 2);
static_assert(position_words(65, layout::nhwc_wide) == 4);
static_assert(plane_words(32) == 1 && plane_words(33) == 2 && plane_words(28 * 28) == 25);

TEST_CASE("bytes of a tensor") {
  const shape s{5, 7, 33};
  CHECK(tensor_bytes(s, bits, layout::nhwc) == 35 * 2 * 4);
  CHECK(tensor_bytes(s, bits, layout::nhwc_wide) == 35 * 2 * 4);
  CHECK(tensor_bytes(s, bits, layout::bit_planes) == 33 * 2 * 4);
  CHECK(tensor_bytes(s, u8, layout::nhwc) == 35 * 33);
  CHECK(tensor_bytes(s, i8, layout::nhwc) == 35 * 33);
  CHECK(tensor_bytes(s, i16, layout::nhwc) == 35 * 33 * 2);
  CHECK(tensor_bytes(s, f32, layout::nhwc) == 35 * 33 * 4);
  CHECK(tensor_bytes({1, 1, 1}, bits, layout::bit_planes) == 4);
}

TEST_CASE("layouts have names") {
  CHECK(std::string{to_string(layout::nhwc)} == "nhwc");
  CHECK(std::string{to_string(layout::nhwc_wide)} == "nhwc_wide");
  CHECK(std::string{to_string(layout::bit_planes)} == "bit_planes");
}

TEST_CASE("a layout read from outside may have no name") {
  CHECK(std::string{to_string(static_cast<layout>(99))} == "unknown");
}
