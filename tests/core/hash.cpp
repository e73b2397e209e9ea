// CRC-32 against zlib and published check values; FNV-1a against its published ones.
#include <offramp/core/hash.hpp>

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

constexpr std::uint32_t letters(char a, char b, char c, char d) {
  return static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b) << 8 | static_cast<std::uint32_t>(c) << 16 |
         static_cast<std::uint32_t>(d) << 24;
}

// FNV-1a over bytes, written from its definition.
std::uint64_t fnv1a(const std::vector<unsigned char>& bytes) {
  std::uint64_t h = 14695981039346656037u;
  for (const unsigned char b : bytes) h = (h ^ b) * 1099511628211u;
  return h;
}

}  // namespace

TEST_CASE("crc32 of words is zlib's over their bytes, low byte first") {
  constexpr std::uint32_t text[2] = {letters('1', '2', '3', '4'), letters('5', '6', '7', '8')};
  static_assert(crc32(text, 2) == 0x9ae0daafu);  // published for "12345678"
  CHECK(crc32(text, 0) == 0);
  offramp_test::random_numbers r{6};
  for (const std::size_t n : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{17}, std::size_t{1000}}) {
    std::vector<std::uint32_t> words(n);
    std::vector<unsigned char> bytes;
    for (std::uint32_t& w : words) {
      w = r.word();
      for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<unsigned char>(w >> (8 * i)));
    }
    const auto expected = static_cast<std::uint32_t>(::crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
    CHECK(offramp::crc32(words.data(), n) == expected);
    // In two parts.
    const std::size_t first = n / 2;
    const std::uint32_t part = offramp::crc32(words.data(), first);
    CHECK(offramp::crc32(words.data() + first, n - first, part) == expected);
  }
}

TEST_CASE("crc32 notices every single flipped bit") {
  std::uint32_t words[4] = {1, 2, 3, 0xffffffffu};
  const std::uint32_t before = offramp::crc32(words, 4);
  for (int i = 0; i < 128; ++i) {
    words[i / 32] ^= 1u << (i % 32);
    CHECK(offramp::crc32(words, 4) != before);
    words[i / 32] ^= 1u << (i % 32);
  }
}

TEST_CASE("hash chains are FNV-1a over the numbers' bytes, and order matters") {
  CHECK(hash_mix(hash_seed, std::uint32_t{0x64636261u}) == fnv1a({'a', 'b', 'c', 'd'}));
  CHECK(hash_mix(hash_mix(hash_seed, 1), 2) == fnv1a({1, 0, 0, 0, 2, 0, 0, 0}));
  CHECK(hash_mix(hash_seed, -1) == fnv1a({255, 255, 255, 255}));
  CHECK(hash_mix(hash_mix(hash_seed, 1), 2) != hash_mix(hash_mix(hash_seed, 2), 1));
}
