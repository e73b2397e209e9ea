// What the portable loops are reckoned to take: counts by hand, and that more work is never less; and those of integers
// on the DSP extension, against counted instructions.
// covers: kernels/portable/reckoned.hpp kernels/cortex_m_dsp/conv_integer_traits.hpp
#include <offramp/kernels/portable/reckoned.hpp>

#include <cmath>
#include <initializer_list>

#include <doctest/doctest.h>

#include <offramp/kernels/dispatch.hpp>
#include <offramp/paths/cortex_m_dsp.hpp>

using namespace offramp;
using kernels::portable::loops_of;
using kernels::portable::reckoned;
using kernels::portable::reckoned_output;
using kernels::portable::taps_inside;

namespace {

constexpr kernel_op conv(kind in, kind weights, kind out, shape from, int channels, int kernel = 3) {
  kernel_op op;
  op.signature = {op_kind::conv, in, weights, out};
  op.geometry = make_window(from, channels, kernel, kernel, 1, kernel / 2, kernel / 2);
  return op;
}

}  // namespace

TEST_CASE("reckoned: taps that meet the input") {
  static_assert(taps_inside(4, 4, 3, 1, 1) == 2 + 3 + 3 + 2);
  static_assert(taps_inside(4, 2, 3, 2, 1) == 2 + 3);
  static_assert(taps_inside(4, 4, 1, 1, 0) == 4);
  static_assert(taps_inside(1, 1, 7, 1, 3) == 1);
  static_assert(taps_inside(2, 4, 1, 1, 1) == 2);  // windows that meet nothing
}

TEST_CASE("reckoned: an output stage costs more where it does more") {
  op_signature s{op_kind::conv, kind::i8, kind::i8, kind::bits};
  const auto plain = reckoned_output(s);
  s.add = true;
  CHECK(reckoned_output(s) > plain);
  s.add = false;
  s.two_slopes = true;
  CHECK(reckoned_output(s) > plain);
}

TEST_CASE("reckoned: a copy of numbers, by hand") {
  kernel_op op;
  op.signature = {op_kind::copy, kind::i8, kind::none, kind::i8};
  op.geometry = make_window({2, 3, 4}, 4, 1, 1, 1, 0, 0);
  CHECK(reckoned(op) == 30 + 6 * (12 + 4 * 6));
}

TEST_CASE("reckoned: poolings of 2x2, by hand") {
  kernel_op op;
  op.geometry = make_window({4, 4, 8}, 8, 2, 2, 2, 0, 0);
  const auto loops = 30 + 4 * (25 + 45);
  op.signature = {op_kind::max_pool, kind::i8, kind::none, kind::i8};
  CHECK(reckoned(op) == loops + 4 * (4 * (9 * 8 + 10) + 10 * 8));
  CHECK(loops_of(op) == 8);
  op.signature.what = op_kind::avg_pool;
  CHECK(reckoned(op) == loops + 32 * (48 + 6 + 6 * 4) + 20 * 16);
  CHECK(loops_of(op) == 9);
  op.signature.what = op_kind::mixed_pool;
  CHECK(reckoned(op) == loops + 32 * (48 + 6 + 12 * 4) + 20 * 16);
  CHECK(loops_of(op) == 16);
  op.signature.what = op_kind::pointwise;
  CHECK(reckoned(op) == loops + 32 * (48 + 8));
  CHECK(loops_of(op) == 11);
  op.signature.what = op_kind::convert;
  CHECK(reckoned(op) == 0);
  CHECK(loops_of(op) == 0);
}

TEST_CASE("reckoned: groups take less than all channels together, the more the less") {
  for (const kind k : {kind::i8, kind::bits}) {
    CAPTURE(static_cast<int>(k));
    const auto dense = conv(k, k, kind::i8, {8, 8, 128}, 128);
    const auto in_groups = [&](int groups) {
      kernel_op op = dense;
      op.signature.grouped = true;
      op.geometry.groups = groups;
      return op;
    };
    CHECK(loops_of(in_groups(2)) == 2);
    CHECK(loops_of(in_groups(4)) == 2);
    CHECK(reckoned(in_groups(4)) < reckoned(in_groups(2)));
  }
  auto depthwise = conv(kind::i8, kind::i8, kind::i8, {8, 8, 128}, 128);
  depthwise.signature.grouped = true;
  depthwise.geometry.groups = 128;
  CHECK(loops_of(depthwise) == 1);
  CHECK(8 * reckoned(depthwise) < reckoned(conv(kind::i8, kind::i8, kind::i8, {8, 8, 128}, 128)));
}

TEST_CASE("reckoned: grows with channels, positions and taps, and signs take less than numbers") {
  struct kinds {
    kind in, weights;
  };
  for (const kinds k : {kinds{kind::bits, kind::bits}, kinds{kind::i8, kind::i8}, kinds{kind::i8, kind::bits},
                        kinds{kind::bits, kind::i8}}) {
    CAPTURE(static_cast<int>(k.in));
    CAPTURE(static_cast<int>(k.weights));
    const auto of = [&](shape from, int channels, int kernel) {
      return reckoned(conv(k.in, k.weights, kind::i8, from, channels, kernel));
    };
    const auto one = of({8, 8, 64}, 32, 3);
    CHECK(one > 0);
    CHECK(of({8, 8, 64}, 64, 3) > one);
    CHECK(of({8, 8, 128}, 32, 3) > one);
    CHECK(of({8, 9, 64}, 32, 3) > one);
    CHECK(of({8, 8, 64}, 32, 1) < one);
  }
  CHECK(2 * reckoned(conv(kind::bits, kind::bits, kind::bits, {8, 8, 64}, 64)) <
        reckoned(conv(kind::i8, kind::i8, kind::i8, {8, 8, 64}, 64)));
}

TEST_CASE("reckoned: loops are told apart, whatever the sizes") {
  const auto bits = conv(kind::bits, kind::bits, kind::bits, {8, 8, 64}, 64);
  CHECK(loops_of(bits) != loops_of(conv(kind::i8, kind::i8, kind::i8, {8, 8, 64}, 64)));
  CHECK(loops_of(bits) != loops_of(conv(kind::bits, kind::bits, kind::bits, {8, 8, 64}, 64, 1)));  // reads in place
  CHECK(loops_of(bits) == loops_of(conv(kind::bits, kind::bits, kind::i8, {8, 8, 32}, 32)));
  CHECK(kernels::reckoned<path::portable>(bits).loops == reckoned(bits));
  CHECK(kernels::variant<path::portable>(bits) % 4096 == loops_of(bits));
}

// Counted on an emulated Cortex-M4 (benchmarks/board_profile.sh, gcc 12, -O2).
TEST_CASE("reckoned: integers on the DSP extension, within 6 % of what was counted") {
  struct counted_op {
    kind in, weights, out;
    window geometry;
    int instructions;
  };
  const counted_op all[] = {
      {kind::i8, kind::i8, kind::i8, make_window({5, 5, 64}, 64, 3, 3, 1, 1, 1), 957253},
      {kind::i8, kind::i8, kind::bits, make_window({12, 12, 8}, 128, 3, 3, 2, 1, 1), 368287},
      {kind::u8, kind::i8, kind::i8, make_window({8, 8, 1}, 80, 5, 5, 1, 2, 2), 229433},  // bytes are collected
      {kind::i8, kind::i8, kind::i32, make_window({1, 1, 512}, 100, 1, 1, 1, 0, 0), 69387},
      {kind::i8, kind::bits, kind::i8, make_window({1, 18, 72}, 32, 1, 3, 1, 0, 1, 2), 69905},
      {kind::bits, kind::i8, kind::i8, make_window({4, 4, 128}, 32, 4, 4, 1, 0, 0), 91094},  // whole words of signs
      {kind::bits, kind::i8, kind::bits, make_window({8, 8, 47}, 32, 3, 3, 1, 1, 1), 1339160},
  };
  for (const counted_op& c : all) {
    const kernel_op op{{op_kind::conv, c.in, c.weights, c.out}, c.geometry};
    const auto guess = static_cast<double>(kernels::reckoned<path::cortex_m_dsp>(op).loops);
    CAPTURE(c.instructions);
    CAPTURE(guess);
    CHECK(std::fabs(guess / c.instructions - 1) < 0.06);
  }
}
