#include <bit>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <offramp/host/import/state_dict.hpp>

#include "tests/support/host_test.hpp"

using namespace offramp::host;
using offramp_test::message_of;
namespace detail = offramp::host::detail;
using family = detail::stored_number::family;

TEST_CASE("half precision: all 65536 codes against their definition") {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const double sign = bits >> 15 != 0 ? -1 : 1;
    const int exponent = static_cast<int>(bits >> 10 & 31);
    const double fraction = (bits & 1023) / 1024.0;
    const float got = detail::half_to_float(bits);
    CAPTURE(bits);
    if (exponent == 31) {
      CHECK((fraction == 0 ? std::isinf(got) : std::isnan(got)));
      if (fraction == 0) CHECK(std::signbit(got) == (sign < 0));
    } else {
      CHECK(static_cast<double>(got) ==
            sign * (exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15)));
    }
  }
}

TEST_CASE("integers, bfloat16 and doubles, in both byte orders") {
  const unsigned char little[] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  const unsigned char big[] = {0xff, 0xfe};
  CHECK(detail::decode({family::signed_integer, 8, false}, little) == -2.0f);
  CHECK(detail::decode({family::signed_integer, 2, false}, little) == -2.0f);
  CHECK(detail::decode({family::signed_integer, 1, false}, little) == -2.0f);
  CHECK(detail::decode({family::unsigned_integer, 1, false}, little) == 254.0f);
  CHECK(detail::decode({family::signed_integer, 2, true}, big) == -2.0f);
  CHECK(detail::decode({family::unsigned_integer, 2, true}, big) == 65534.0f);
  const unsigned char bfloat[] = {0xc0, 0x3f};  // 0x3fc00000 = 1.5f
  CHECK(detail::decode({family::bfloat, 2, false}, bfloat) == 1.5f);
  unsigned char wide[8];
  const auto store = [&](double value) {
    for (int b = 0; b < 8; ++b) wide[b] = static_cast<unsigned char>(std::bit_cast<std::uint64_t>(value) >> (8 * b));
  };
  store(-0.1);
  CHECK(detail::decode({family::ieee, 8, false}, wide) == -0.1f);
  store(-1e300);
  CHECK(detail::decode({family::ieee, 8, false}, wide) == -std::numeric_limits<float>::infinity());
}

TEST_CASE("what a shape claims is bounded before anything is allocated") {
  const detail::stored_number f4{family::ieee, 4, false};
  CHECK(detail::claimed_bytes({}, f4, "x") == 4);
  CHECK(detail::claimed_bytes({64, 32, 3, 3}, f4, "x") == 64 * 32 * 9 * 4);
  CHECK(detail::claimed_bytes({1 << 20, 0, 3}, f4, "x") == 0);
  const std::int64_t large = std::int64_t{1} << 62;
  CHECK(message_of([&] {
          (void)detail::claimed_bytes({large, large}, f4, "file: tensor 'w'");
        }) ==
        "file: tensor 'w': shape [4611686018427387904, 4611686018427387904] claims more than the 268435456 bytes that "
        "a file may hold");
  CHECK(message_of([&] { (void)detail::claimed_bytes({-1}, f4, "x"); }) ==
        "x: shape [-1] has a negative side, expected 0 or more");
  CHECK(message_of([&] { (void)detail::claimed_bytes(tensor_shape(17, 1), f4, "x"); }) ==
        "x: found 17 dimensions, expected at most 16");
}
