// Signs times signs on NEON equal the reference: the case table, geometries at the edges of blocks, bytes of counts and
// 16 bits, random ones, static ones. Loops run on Arm (under an emulator); elsewhere the path must say that it cannot.
// covers: kernels/neon/conv_bits.hpp kernels/neon/bit_tile.hpp kernels/neon/input_copy.hpp kernels/neon/output.hpp
// covers: kernels/neon/vectors.hpp kernels/neon/code.hpp paths/neon.hpp
#include <offramp/paths/neon.hpp>

#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using conv_bits = offramp::kernels::neon::conv_bits;
using neon = offramp::path::neon;

namespace {

constexpr std::array signatures{
    conv(kind::bits, kind::bits, kind::bits),           conv(kind::bits, kind::bits, kind::i8),
    conv(kind::bits, kind::bits, kind::i16, true),      conv(kind::bits, kind::bits, kind::i32),
    conv(kind::bits, kind::bits, kind::i32, true),      conv(kind::bits, kind::bits, kind::f32, true),
    two_slopes(conv(kind::bits, kind::bits, kind::i8)), rectified(conv(kind::bits, kind::bits, kind::i16)),
};
constexpr op_signature to_bits = signatures[0];

}  // namespace

TEST_CASE("signs times signs: the form follows from what counts hold") {
  CHECK(conv_bits::form({to_bits, make_window({16, 16, 4096}, 8, 4, 3, 1, 1, 1)}) == 0);
  CHECK(conv_bits::form({to_bits, make_window({16, 16, 8192}, 8, 4, 4, 1, 1, 1)}) == 1);
  CHECK(kernels::weight_words<neon>({to_bits, make_window({16, 16, 8192}, 8, 4, 4, 1, 1, 1)}) ==
        kernels::weight_words<offramp::path::portable>({to_bits, make_window({16, 16, 8192}, 8, 4, 4, 1, 1, 1)}));
}

#if OFFRAMP_NEON
namespace {

constexpr op_case large_cases[] = {
    {"31 words", make_window({1, 1, 31 * 32}, 33, 1, 1, 1, 0, 0)},
    {"32 words", make_window({1, 1, 32 * 32}, 40, 1, 1, 1, 0, 0)},
    {"rows of 28 words", make_window({3, 3, 28 * 32}, 8, 3, 1, 1, 1, 0)},
    {"rows of 29 words", make_window({3, 2, 29 * 32}, 16, 3, 1, 1, 1, 0)},
    {"rows of 36 words", make_window({4, 4, 384}, 64, 3, 3, 1, 1, 1)},
    {"rows of 24 words, stride 2", make_window({7, 7, 256}, 96, 3, 3, 2, 1, 1)},
    {"dense, 200 words", make_window({5, 5, 256}, 24, 5, 5, 1, 0, 0)},
    {"three blocks and 8", make_window({5, 5, 64}, 104, 3, 3, 1, 1, 1)},
    {"two blocks and 17", make_window({5, 6, 32}, 81, 3, 3, 1, 1, 1)},
    {"stored wider, many words", stored_for(make_window({4, 5, 1000}, 20, 3, 3, 1, 1, 1), 1100, 70)},
};

}  // namespace

TEST_CASE("signs times signs on NEON equal the reference") {
  REQUIRE(kernels::runs_here<neon>());
  check_path<neon, signatures>(conv_cases);
  check_path<neon, std::array{signatures[0], signatures[2]}>(large_cases);
}

TEST_CASE("all bits differ: counts at their limits") {
  const window w = make_window({1, 1, 65534}, 8, 1, 1, 1, 0, 0);
  const kernel_op op{signatures[3], w};
  REQUIRE(conv_bits::form(op) == 0);
  auto* in = reinterpret_cast<std::uint32_t*>(memory().in.take(2048 * 4, 4));
  for (int i = 0; i < 2048; ++i) in[i] = i == 2047 ? 0x3fffffffu : ~0u;
  auto* canonical =
      reinterpret_cast<std::uint32_t*>(memory().canonical_weights.take(4 * kernels::canonical_layout(op).total(), 4));
  for (std::size_t i = 0; i < kernels::canonical_layout(op).total(); ++i) canonical[i] = 0;  // all +1, no bias
  auto* weights = reinterpret_cast<std::uint32_t*>(memory().weights.take(4 * kernels::weight_words<neon>(op), 4));
  kernels::pack<neon>(op, canonical, weights);
  auto* out = reinterpret_cast<std::int32_t*>(memory().out.take(8 * 4, 4));
  kernels::run<neon, signatures[3]>(dynamic_geometry{w}, {in, weights, out, nullptr});
  for (int i = 0; i < 8; ++i) CHECK(out[i] == -65534);
}

TEST_CASE("random geometries of signs on NEON equal the reference") {
  random_numbers r{90001};
  for (std::uint64_t i = 0; i < 120; ++i) {
    const window w = random_conv(r, 200000);
    check_op<neon, to_bits>(dynamic_geometry{w}, "random", i);
    if (i % 3 == 0) check_op<neon, signatures[2]>(dynamic_geometry{w}, "random", i);
  }
}

TEST_CASE("static geometries of signs on NEON equal the reference") {
  check_op<neon, to_bits>(static_geometry<make_window({5, 7, 32}, 32, 3, 3, 1, 1, 1)>{}, "one block", 1);
  check_op<neon, to_bits>(static_geometry<make_window({4, 5, 128}, 64, 3, 3, 1, 1, 1)>{}, "36 words", 2);
  check_op<neon, signatures[2]>(static_geometry<make_window({6, 4, 72}, 27, 3, 3, 2, 1, 1)>{}, "odd channels", 3);
  check_op<neon, to_bits>(static_geometry<make_window({1, 1, 256}, 10, 1, 1, 1, 0, 0)>{}, "dense", 4);
  check_op<neon, to_bits>(static_geometry<stored_for(make_window({4, 4, 20}, 12, 3, 3, 1, 1, 1), 40, 33)>{},
                          "stored wider", 5);
}
#else
TEST_CASE("no NEON here, and the path says so") { CHECK_FALSE(kernels::runs_here<neon>()); }
#endif
