// With numbers folded into the code (static geometry) a kernel computes what it computes with run-time numbers.
// covers: kernels/portable/code.hpp kernels/portable/output_tile.hpp
#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;

namespace {

template <op_signature S, const auto& Cases, std::size_t... I>
void check_static() {
  (check_op<offramp::path::portable, S>(static_geometry<Cases[I].geometry>{}, Cases[I].why, I + 1), ...);
}

}  // namespace

TEST_CASE("signs times signs, static") {
  check_static<conv(kind::bits, kind::bits, kind::bits), conv_cases, 0, 1, 7, 8, 9, 10, 13, 18, 26, 29, 33>();
  check_static<conv(kind::bits, kind::bits, kind::i16, true), conv_cases, 10, 12, 35>();
}

TEST_CASE("integers, static") {
  check_static<conv(kind::u8, kind::i8, kind::bits), conv_cases, 2, 3, 7>();
  check_static<conv(kind::i8, kind::i8, kind::i8), conv_cases, 8, 10, 29>();
  check_static<conv(kind::u8, kind::bits, kind::bits), conv_cases, 2, 9>();
}

TEST_CASE("floats, static") { check_static<conv(kind::f32, kind::f32, kind::f32), conv_cases, 3, 10>(); }

TEST_CASE("pools and pointwise, static") {
  check_static<max_pool(kind::bits), pool_cases, 1, 3>();
  check_static<avg_pool(kind::i16, kind::i8), pool_cases, 7>();
  check_static<mixed_pool(kind::i16, kind::i8), pool_cases, 4, 7>();
  check_static<pointwise(kind::i16, kind::bits), pointwise_cases, 1, 4>();
}

TEST_CASE("groups and copies, static") {
  check_static<grouped(conv(kind::i8, kind::i8, kind::i8)), grouped_cases, 5, 6, 8, 22, 25>();
  check_static<grouped(conv(kind::i16, kind::i8, kind::i16)), grouped_cases, 6>();
  check_static<grouped(conv(kind::f32, kind::f32, kind::f32)), grouped_cases, 5, 25>();
  check_static<grouped(conv(kind::bits, kind::bits, kind::bits)), grouped_cases, 7, 22, 23>();
  check_static<two_slopes(conv(kind::i8, kind::i8, kind::i8)), conv_cases, 10>();
  check_static<copy(kind::bits), copy_cases, 5, 12, 16>();
  check_static<copy(kind::i8), copy_cases, 14>();
}
