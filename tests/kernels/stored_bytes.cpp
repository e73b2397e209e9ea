// Bytes in words, by shifts and where they lie, are the same bytes. tests/embedded runs all kernels on a big-endian
// machine.
#include <offramp/kernels/stored_bytes.hpp>

#include <doctest/doctest.h>

using namespace offramp;
using kernels::bytes_of_words;

namespace {

constexpr std::uint32_t words[] = {0x8001ff7fu, 0x04030201u, 0xfcfdfeffu};
constexpr std::int8_t expected[] = {127, -1, 1, -128, 1, 2, 3, 4, -1, -2, -3, -4};

// The compiler agrees.
static_assert(bytes_of_words{words}[3] == -128);
static_assert(*(bytes_of_words{words} + 4) == 1);

template <class Bytes>
void check(Bytes bytes) {
  for (int i = 0; i < 12; ++i) {
    CHECK(bytes[i] == expected[i]);
    CHECK(*(bytes + i) == expected[i]);
    CHECK((bytes + i / 2)[i - i / 2] == expected[i]);
  }
  Bytes moved = bytes;
  for (int i = 0; i < 12; i += 3, moved += 3) CHECK(*moved == expected[i]);
}

}  // namespace

TEST_CASE("bytes are the low one of each word first") { check(bytes_of_words{words}); }

TEST_CASE("where kernels read them") {
  check(kernels::bytes_in(words));
  CHECK(std::is_same_v<kernels::stored_bytes, const std::int8_t*> == (std::endian::native == std::endian::little));
}
