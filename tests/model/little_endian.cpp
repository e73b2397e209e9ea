// Bytes of a file and words of a machine.
#include <offramp/model/little_endian.hpp>

#include <doctest/doctest.h>

using namespace offramp;

TEST_CASE("little_endian: low byte first, at any address") {
  const unsigned char bytes[] = {0xee, 1, 2, 3, 0xff, 0x6f, 0x66, 0x72, 0x6d, 0xee};
  std::uint32_t words[3] = {7, 7, 7};
  words_from_bytes(bytes + 1, 2, words);
  CHECK(words[0] == 0xff030201u);
  CHECK(words[1] == 0x6d72666fu);
  CHECK(words[2] == 7);
  unsigned char back[9] = {};
  back[8] = 0xee;
  bytes_from_words(words, 2, back);
  for (int i = 0; i < 9; ++i) CHECK(back[i] == bytes[i + 1]);
}

TEST_CASE("little_endian: in place") {
  alignas(4) unsigned char bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
  std::uint32_t words[2];
  __builtin_memcpy(words, bytes, 8);
  words_from_bytes(reinterpret_cast<const unsigned char*>(words), 2, words);
  CHECK(words[0] == 0x04030201u);
  CHECK(words[1] == 0x08070605u);
  static_assert([] {
    const unsigned char b[] = {0x12, 0x34, 0x56, 0x78};
    std::uint32_t w = 0;
    words_from_bytes(b, 1, &w);
    return w;
  }() == 0x78563412u);
}
