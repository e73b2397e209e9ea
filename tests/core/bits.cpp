// Popcount and single bits against the definition.
#include <offramp/core/bits.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <initializer_list>

#include "tests/support/random.hpp"

using namespace offramp;

static_assert(popcount(std::uint32_t{0}) == 0 && popcount(~std::uint32_t{0}) == 32);
static_assert(popcount(~std::uint64_t{0}) == 64);
static_assert(low_bits(0) == 0 && low_bits(1) == 1 && low_bits(31) == 0x7fffffffu && low_bits(32) == ~0u);

TEST_CASE("popcount counts") {
  for (int i = 0; i < 64; ++i) {
    CHECK(popcount(std::uint64_t{1} << i) == 1);
    CHECK(popcount(~std::uint64_t{0} >> i) == 64 - i);
    if (i < 32) CHECK(popcount(~std::uint32_t{0} << i) == 32 - i);
  }
  offramp_test::random_numbers r{1};
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t x = r.next();
    if (popcount(x) != std::popcount(x)) FAIL_CHECK("64 bits: " << x);
    const auto low = static_cast<std::uint32_t>(x);
    if (popcount(low) != std::popcount(low)) FAIL_CHECK("32 bits: " << low);
  }
}

TEST_CASE("single bits cross word borders") {
  std::uint32_t words[3] = {0, 0, 0};
  for (const int i : {0, 31, 32, 63, 64, 95}) {
    set_bit(words, i, true);
    CHECK(get_bit(words, i));
  }
  CHECK(words[0] == 0x80000001u);
  CHECK(words[1] == 0x80000001u);
  CHECK(words[2] == 0x80000001u);
  set_bit(words, 32, false);
  CHECK(words[1] == 0x80000000u);
  CHECK_FALSE(get_bit(words, 32));
  set_bit(words, 33, false);  // was clear
  CHECK(words[1] == 0x80000000u);
}
