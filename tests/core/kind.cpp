// Kinds: width, storage and name agree.
#include <offramp/core/kind.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <type_traits>

using namespace offramp;

static_assert(std::is_same_v<storage_t<bits>, std::uint32_t>);
static_assert(sizeof(storage_t<u8>) * 8 == bit_width(u8) && sizeof(storage_t<i8>) * 8 == bit_width(i8));
static_assert(sizeof(storage_t<i16>) * 8 == bit_width(i16) && sizeof(storage_t<i32>) * 8 == bit_width(i32));
static_assert(sizeof(storage_t<f32>) * 8 == bit_width(f32));
static_assert(bit_width(bits) == 1 && bit_width(kind::none) == 0);
static_assert(binary == bits);
static_assert(is_integer(bits) && is_integer(u8) && !is_integer(f32) && !is_integer(kind::none));

TEST_CASE("each kind has its own name") {
  std::set<std::string> names;
  for (const kind k : {kind::none, bits, u8, i8, i16, i32, f32}) names.insert(to_string(k));
  CHECK(names.size() == 7);
  CHECK(std::string{to_string(i16)} == "i16");
}

TEST_CASE("widths and names of kinds read at run time") {
  int total = 0;
  for (const kind k : {kind::none, bits, u8, i8, i16, i32, f32}) {
    total += bit_width(k);
    CHECK(is_integer(k) == (k != f32 && k != kind::none));
  }
  CHECK(total == 0 + 1 + 8 + 8 + 16 + 32 + 32);
  CHECK(bit_width(static_cast<kind>(99)) == 0);
  CHECK(std::string{to_string(static_cast<kind>(99))} == "none");
}
