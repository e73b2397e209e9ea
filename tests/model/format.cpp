// Where everything stands in a model.
#include <offramp/model/format.hpp>

#include <doctest/doctest.h>

using namespace offramp;

TEST_CASE("format: sections follow each other without a gap") {
  constexpr format::sections s = format::layout_of(3, 10, 6, 100, 4);
  CHECK(s.records == 12);
  CHECK(s.ops == 32);  // 12 + 18 = 30, up to a multiple of 4
  CHECK(s.answer_input == 132);
  CHECK(s.answer_logits == 136);
  CHECK(s.crc == 166);
  CHECK(s.total == 167);
}

TEST_CASE("format: the input fills words") {
  CHECK(format::input_words({{3, 5, 1}, u8}) == 4);  // 15 pixels
  CHECK(format::input_words({{4, 4, 1}, u8}) == 4);
  CHECK(format::input_words({{3, 5, 1}, f32}) == 15);  // a word each
}

TEST_CASE("format: the header tells where everything stands") {
  const std::uint32_t header[format::header_words] = {format::magic, 2, 167, 0x10001, 3, 10, 1, 0, 1, 6, 100, 4};
  const format::sections s = format::sections_in(header);
  CHECK(s.answer_logits == 136);
  CHECK(s.total == 167);
  CHECK(format::path_word(1, 1) == 0x10001);
}
