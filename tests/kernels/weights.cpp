// Canonical weights: where each part stands and how large the whole is.
#include <doctest/doctest.h>

#include <offramp/kernels/weights.hpp>

#include "tests/support/cases.hpp"

using namespace offramp;
using namespace offramp_test;
using kernels::canonical_layout;

TEST_CASE("sizes of canonical weights, counted by hand") {
  const window w = make_window({8, 8, 40}, 33, 3, 3, 1, 1, 1);
  // header 4, thresholds 33, flips 2, 33 channels * 9 taps * 2 words
  CHECK(canonical_layout({conv(bits, bits, bits), w}).total() == 4 + 33 + 2 + 33 * 9 * 2);
  // bias, multiplier, shift; 33 * 9 * 40 bytes
  CHECK(canonical_layout({conv(i8, i8, i8), w}).total() == 4 + 3 * 33 + 33 * 9 * 40 / 4);
  CHECK(canonical_layout({conv(i8, i8, i32), w}).total() == 4 + 33 + 33 * 9 * 40 / 4);
  CHECK(canonical_layout({conv(f32, f32, f32), w}).total() == 4 + 2 * 33 + 33 * 9 * 40);
  CHECK(canonical_layout({conv(u8, i8, bits), make_window({8, 8, 1}, 3, 3, 3, 1, 1, 1)}).total() == 4 + 3 + 1 + 7);
  CHECK(canonical_layout({pointwise(i16, bits), make_window({8, 8, 40}, 40, 1, 1, 1, 0, 0)}).total() == 4 + 40 + 2);
  CHECK(canonical_layout({avg_pool(i16, i8), make_window({8, 8, 40}, 40, 8, 8, 1, 0, 0)}).total() == 4 + 3);
  CHECK(canonical_layout({mixed_pool(i16, i8), make_window({8, 8, 40}, 40, 2, 2, 2, 0, 0)}).total() == 4 + 3 + 2);
  CHECK(canonical_layout({mixed_pool(f32, f32), make_window({8, 8, 40}, 40, 2, 2, 2, 0, 0)}).total() == 4 + 2 + 2);
  CHECK(canonical_layout({max_pool(bits), make_window({8, 8, 40}, 40, 2, 2, 2, 0, 0)}).total() == 0);
}

TEST_CASE("sizes of grouped weights, second slopes and links, counted by hand") {
  const window w = make_window({8, 8, 80}, 40, 3, 3, 1, 1, 1, 0, 2);
  CHECK(canonical_layout({grouped(conv(bits, bits, bits)), w}).total() == 4 + 40 + 2 + 40 * 9 * 2);  // 40 of 64 bits
  CHECK(canonical_layout({grouped(conv(i8, i8, i8)), w}).total() == 4 + 3 * 40 + 40 * 9 * 40 / 4);
  const window d = depthwise({8, 8, 33}, 2, 3, 3, 1, 1, 1);
  CHECK(canonical_layout({grouped(conv(i8, i8, i8)), d}).total() == 4 + 3 * 66 + (66 * 9 + 3) / 4);
  CHECK(canonical_layout({grouped(conv(bits, bits, bits)), d}).total() == 4 + 66 + 3 + 66 * 9);
  CHECK(canonical_layout({grouped(conv(f32, f32, f32)), d}).total() == 4 + 2 * 66 + 66 * 9);

  const window one = make_window({1, 1, 4}, 5, 1, 1, 1, 0, 0);
  CHECK(canonical_layout({two_slopes(conv(i8, i8, i8)), one}).total() == 4 + 7 * 5 + 5);
  CHECK(canonical_layout({two_slopes(conv(f32, f32, f32)), one}).total() == 4 + 5 * 5 + 20);
  CHECK(canonical_layout({two_slopes(conv(i8, i8, i32)), one}).total() == 4 + 3 * 5 + 5);
  CHECK(canonical_layout({conv(i16, i8, i32, true), one}).total() == 4 + 3 * 5 + 5);
  CHECK(canonical_layout({pointwise(i32, i16), one}).total() == 4 + 3 * 5);
  CHECK(canonical_layout({copy(bits), part(2, 2, 4, 3, 9)}).total() == 0);
}

TEST_CASE("groups that are stored beyond the active ones") {
  const window w = stored_for(make_window({8, 8, 64}, 32, 3, 3, 1, 1, 1, 0, 2), 96, 48);  // a third group of 16
  CHECK(canonical_layout({grouped(conv(i8, i8, i8)), w}).total() == 4 + 3 * 48 + 48 * 9 * 32 / 4);
}

TEST_CASE("stored channels, not active ones, make the size") {
  const window w = stored_for(make_window({8, 8, 32}, 16, 3, 3, 1, 1, 1), 64, 40);
  CHECK(canonical_layout({conv(bits, bits, bits), w}).total() == 4 + 40 + 2 + 40 * 9 * 2);
}

TEST_CASE("a mixture stands behind the parameters, of the accumulator's kind") {
  const window w = make_window({4, 4, 40}, 40, 2, 2, 2, 0, 0);
  std::uint32_t words[16]{};
  words[7] = 0xffffffffu, words[8] = 5;
  constexpr op_signature integers = mixed_pool(i8, i8);
  CHECK(kernels::mixture<integers>(words, w, 0) == -1);
  CHECK(kernels::mixture<integers>(words, w, 1) == 5);
  words[6] = 0x3f000000u, words[7] = 0xbf800000u;
  constexpr op_signature floats = mixed_pool(f32, f32);
  CHECK(kernels::mixture<floats>(words, w, 0) == 0.5f);
  CHECK(kernels::mixture<floats>(words, w, 1) == -1.0f);
}

TEST_CASE("parameters read what the layout promises") {
  constexpr op_signature s = conv(i8, i8, i8);
  const window w = make_window({1, 1, 1}, 3, 1, 1, 1, 0, 0);
  std::uint32_t words[32];
  for (std::uint32_t i = 0; i < 32; ++i) words[i] = i;
  const kernels::parameters<s> p{words, w};
  CHECK(p.in_zero() == 0);
  CHECK(p.out_zero() == 1);
  CHECK(p.low() == 2);
  CHECK(p.high() == 3);
  CHECK(p.integer(0, 2) == 6);
  CHECK(p.integer(2, 0) == 10);
  CHECK(static_cast<std::size_t>(p.integer(2, 2)) + 1 == canonical_layout({s, w}).kernel());
}
