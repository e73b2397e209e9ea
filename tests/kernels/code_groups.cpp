// The reference path's groups, copies, links between logits and users' ops, worked by hand; tests/kernels/code.cpp
// holds the rest.
// covers: kernels/reference/code.hpp kernels/user_op.hpp kernels/reference/traits.hpp kernels/weights.hpp
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include <offramp/kernels/cost.hpp>
#include <offramp/kernels/dispatch.hpp>

#include "tests/support/cases.hpp"
#include "tests/support/op_data.hpp"
#include "tests/support/random.hpp"

using namespace offramp;
using namespace offramp_test;

namespace {

std::uint32_t word(std::int32_t v) { return static_cast<std::uint32_t>(v); }

// Canonical weights of an int8 kernel with i32 outputs: no bias, weights in order.
std::vector<std::uint32_t> kernel_words(const kernel_op& op, const std::vector<int>& values) {
  const kernels::weight_layout l = kernels::canonical_layout(op);
  std::vector<std::uint32_t> words(l.total(), 0u);
  for (std::size_t i = 0; i < values.size(); ++i)
    words[l.kernel() + i / 4] |= (static_cast<std::uint32_t>(values[i]) & 0xffu) << (8 * (i % 4));
  return words;
}

template <op_signature S, class In, class Out>
void run(const window& w, const std::vector<std::uint32_t>& weights, const In& in, Out& out) {
  kernels::run<path::reference, S>(dynamic_geometry{w}, {in.data(), weights.data(), out.data(), nullptr});
}

}  // namespace

TEST_CASE("two groups by hand: an output sees the channels of its group alone") {
  constexpr op_signature s = grouped(conv(i8, i8, i32));
  const window w = make_window({1, 2, 4}, 6, 1, 2, 1, 0, 0, 0, 2);
  CHECK(w.group_in_c() == 2);
  CHECK(w.depth() == 4);
  // Six outputs of two taps of two channels.
  const auto weights = kernel_words({s, w}, {1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 2, -3, 4, -5});
  CHECK(weights.size() == 4 + 6 + 6);
  const std::array<std::int8_t, 8> in{1, 2, 3, 4, 50, 60, 70, 80};
  std::array<std::int32_t, 6> out{};
  run<s>(w, weights, in, out);
  CHECK(out == std::array<std::int32_t, 6>{1, 2, 1 + 2 + 50 + 60, 3, 80, 2 * 3 - 3 * 4 + 4 * 70 - 5 * 80});
}

TEST_CASE("depthwise by hand: every channel has a kernel of its own; two outputs of a channel stand side by side") {
  constexpr op_signature s = grouped(conv(u8, i8, i32));
  const window w = depthwise({2, 2, 2}, 2, 2, 2, 1, 0, 0);
  auto weights = kernel_words({s, w}, {1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, -1, 1, -1});
  weights[0] = 10;  // zero point
  const std::array<std::uint8_t, 8> in{11, 110, 12, 120, 13, 130, 14, 150};
  std::array<std::int32_t, 4> out{};
  run<s>(w, weights, in, out);
  CHECK(out == std::array<std::int32_t, 4>{1 + 2 + 3 + 4, 1, 140, 100 - 110 + 120 - 140});
}

TEST_CASE("depthwise with padding: what is outside counts as the zero point, or as +1 for signs") {
  const window w = depthwise({1, 1, 3}, 1, 3, 3, 1, 1, 1);
  std::vector<int> ones(27, 1);
  constexpr op_signature s = grouped(conv(i8, i8, i32));
  auto weights = kernel_words({s, w}, ones);
  weights[0] = word(-7);
  std::array<std::int32_t, 3> out{};
  run<s>(w, weights, std::array<std::int8_t, 3>{-7, 0, 100}, out);
  CHECK(out == std::array<std::int32_t, 3>{0, 7, 107});

  constexpr op_signature of_signs = grouped(conv(bits, bits, i32));
  const kernel_op op{of_signs, w};
  std::vector<std::uint32_t> signs(kernels::canonical_layout(op).total(), 0u);
  CHECK(signs.size() == 4 + 3 + 27);  // a word for every tap of every channel
  const std::size_t kernel = kernels::canonical_layout(op).kernel();
  signs[kernel + 9 + 4] = 1;                                          // channel 1: the centre is -1
  for (std::size_t t = 18; t < 27; ++t) signs[kernel + t] = 1;        // channel 2: all are
  run<of_signs>(w, signs, std::array<std::uint32_t, 1>{0b110}, out);  // +1, -1, -1
  CHECK(out == std::array<std::int32_t, 3>{9, 9, -8 + 1});
}

TEST_CASE("groups of one are what they were: as many convolutions side by side, whatever the kinds") {
  // Any grouped convolution equals its groups one by one.
  random_numbers r{5};
  constexpr op_signature whole = grouped(conv(bits, bits, i32));
  constexpr op_signature one = conv(bits, bits, i32);
  const window w = make_window({4, 3, 90}, 21, 3, 3, 2, 1, 1, 1, 3);
  const window part = make_window({4, 3, 30}, 7, 3, 3, 2, 1, 1, 1);
  const kernel_op op{whole, w};
  std::vector<std::uint32_t> weights(kernels::canonical_layout(op).total());
  fill_weights(r, op, weights.data());
  std::vector<std::uint32_t> in(12 * 3);
  fill_tensor(r, w.in, bits, in.data());
  std::vector<std::int32_t> out(static_cast<std::size_t>(w.out.size()));
  run<whole>(w, weights, in, out);
  for (int g = 0; g < 3; ++g) {
    std::vector<std::uint32_t> of_group(kernels::canonical_layout({one, part}).total());
    CHECK(of_group.size() == 4 + 7 + 7 * 9);
    for (std::size_t o = 0; o < 7; ++o) of_group[4 + o] = weights[4 + 7 * static_cast<std::size_t>(g) + o];
    for (std::size_t i = 0; i < 63; ++i) of_group[11 + i] = weights[4 + 21 + 63 * static_cast<std::size_t>(g) + i];
    std::vector<std::uint32_t> in_group(12, 0u);
    for (int p = 0; p < 12; ++p)
      for (int c = 0; c < 30; ++c)
        set_bit(&in_group[static_cast<std::size_t>(p)], c, get_bit(&in[3 * static_cast<std::size_t>(p)], 30 * g + c));
    std::vector<std::int32_t> expected(static_cast<std::size_t>(part.out.size()));
    run<one>(part, of_group, in_group, expected);
    for (int p = 0; p < part.out.positions(); ++p)
      for (int o = 0; o < 7; ++o)
        CHECK(out[static_cast<std::size_t>(p * 21 + 7 * g + o)] == expected[static_cast<std::size_t>(p * 7 + o)]);
  }
}

TEST_CASE("a binomial filter keeps a constant stream, but for the border") {
  constexpr op_signature s = grouped(conv(i16, i8, i16));
  const window w = depthwise({5, 5, 2}, 1, 3, 3, 2, 1, 1);
  std::vector<int> filter;
  for (int c = 0; c < 2; ++c)
    for (const int v : {1, 2, 1, 2, 4, 2, 1, 2, 1}) filter.push_back(v);
  auto weights = kernel_words({s, w}, filter);
  weights[2] = word(-32768), weights[3] = word(32767);
  const fixed_factor f = make_fixed_factor(1.0 / 16);
  for (std::size_t c = 0; c < 2; ++c) weights[6 + c] = word(f.multiplier), weights[8 + c] = word(f.shift);
  std::vector<std::int16_t> in(50);
  for (std::size_t i = 0; i < 50; ++i) in[i] = i % 2 == 0 ? std::int16_t{32000} : std::int16_t{-1600};
  std::array<std::int16_t, 18> out{};
  run<s>(w, weights, in, out);
  CHECK(out[8] == 32000);  // the centre of 3x3
  CHECK(out[9] == -1600);
  CHECK(out[0] == 18000);  // a corner: 9 of 16
  CHECK(out[1] == -900);
  CHECK(out[2] == 24000);  // an edge: 12 of 16
}

TEST_CASE("copies put channels where they belong and leave the others alone") {
  std::array<std::int8_t, 10> joined{};
  run<copy(i8)>(part(1, 2, 2, 0, 5), {}, std::array<std::int8_t, 4>{1, 2, 3, 4}, joined);
  run<copy(i8)>(part(1, 2, 1, 4, 5), {}, std::array<std::int8_t, 2>{9, 8}, joined);
  CHECK(joined == std::array<std::int8_t, 10>{1, 2, 0, 0, 9, 3, 4, 0, 0, 8});
  CHECK(kernels::canonical_layout({copy(i8), part(1, 2, 1, 4, 5)}).total() == 0);

  // Bits: the first copy clears the words it does not fill, later ones touch their own bits.
  std::array<std::uint32_t, 4> words{~0u, ~0u, ~0u, ~0u};
  run<copy(bits)>(part(1, 2, 3, 0, 36), {}, std::array<std::uint32_t, 2>{0b101, 0b010}, words);
  CHECK(words == std::array<std::uint32_t, 4>{0b101, 0, 0b010, 0});
  run<copy(bits)>(part(1, 2, 33, 3, 36), {}, std::array<std::uint32_t, 4>{0x80000001u, 1, 0, 0}, words);
  CHECK(words == std::array<std::uint32_t, 4>{0b1101, 0b1100, 0b010, 0});
}

TEST_CASE("a cascade link: W times the previous logits, requantized and added to these") {
  constexpr op_signature s = conv(i16, i8, i32, true);
  const window w = make_window({1, 1, 2}, 2, 1, 1, 1, 0, 0);
  auto weights = kernel_words({s, w}, {2, -1, 0, 100});
  CHECK(weights.size() == 4 + 3 * 2 + 1);
  const fixed_factor f = make_fixed_factor(0.25);
  for (std::size_t c = 0; c < 2; ++c) weights[6 + c] = word(f.multiplier), weights[8 + c] = word(f.shift);
  weights[4] = word(40);  // bias, before the factor
  std::array<std::int32_t, 2> logits{1000, -5};
  run<s>(w, weights, std::array<std::int16_t, 2>{300, -200}, logits);
  CHECK(logits == std::array<std::int32_t, 2>{1000 + (600 + 200 + 40) / 4, -5 - 5000});
}

TEST_CASE("logits become i16 again, as a link reads them") {
  constexpr op_signature s = pointwise(i32, i16);
  static_assert(accumulator_fraction_bits(s) == 0);
  const window w = make_window({1, 1, 4}, 4, 1, 1, 1, 0, 0);
  std::vector<std::uint32_t> weights(kernels::canonical_layout({s, w}).total(), 0u);
  weights[2] = word(-32768), weights[3] = word(32767);
  const fixed_factor f = make_fixed_factor(0.5);
  for (std::size_t c = 0; c < 4; ++c) weights[8 + c] = word(f.multiplier), weights[12 + c] = word(f.shift);
  std::array<std::int16_t, 4> out{};
  run<s>(w, weights, std::array<std::int32_t, 4>{3, -3, 1000000, -1000000}, out);
  CHECK(out == std::array<std::int16_t, 4>{2, -1, 32767, -32768});
}

namespace {

// A user's op that writes what it was handed: out[c] = in[c] * word - zero, with a scratch it fills.
void run_mine(const user_arguments& a) {
  auto* scratch = static_cast<unsigned char*>(a.scratch);
  for (int i = 0; i < 24; ++i) scratch[i] = 0x77;
  for (int c = 0; c < a.out_shape.c; ++c)
    static_cast<std::int16_t*>(a.out)[c] = static_cast<std::int16_t>(
        (static_cast<const std::int8_t*>(a.in)[c] - a.in_zero) * static_cast<int>(a.weights[0]) + a.out_zero +
        static_cast<int>(a.in_scale / a.out_scale));
}
shape first_two(shape in) { return {in.h, in.w, 2}; }
std::int64_t macs_of(shape in) { return 7 * in.c; }
std::size_t one_word(shape, kind) { return 1; }
std::size_t no_words(shape, kind) { return 0; }
std::size_t some_scratch(shape in) { return static_cast<std::size_t>(8 * in.c); }
constexpr user_op mine{1234, "mine", i8, i16, first_two, macs_of, one_word, some_scratch, run_mine};
constexpr user_op bare{1235, "bare", i8, i16, first_two, macs_of, no_words, some_scratch, run_mine};

constexpr op_signature user_signature(const user_op& u) {
  op_signature s{op_kind::user, i8, kind::none, i16};
  s.user = &u;
  return s;
}

}  // namespace

TEST_CASE("a user's op gets its words, scales, zero points and scratch on every path") {
  window w = make_window({1, 1, 3}, 2, 1, 1, 1, 0, 0);
  const auto check = [&]<class Path>(Path) {
    static constexpr op_signature s = user_signature(mine);
    const kernel_op op{s, w};
    CHECK(kernels::canonical_layout(op).total() == 5);
    CHECK(kernels::weight_words<Path>(op) == 5);
    CHECK(kernels::scratch_bytes<Path>(op) == 24);
    const std::array<std::uint32_t, 5> words{word(-2), word(100), std::bit_cast<std::uint32_t>(6.0f),
                                             std::bit_cast<std::uint32_t>(2.0f), 10};
    std::array<std::uint32_t, 5> packed{};
    kernels::pack<Path>(op, words.data(), packed.data());
    CHECK(packed == words);
    const std::array<std::int8_t, 3> in{1, -2, 50};
    std::array<std::int16_t, 2> out{};
    alignas(8) std::array<unsigned char, 24> scratch{};
    kernels::run<Path, s>(dynamic_geometry{w}, {in.data(), packed.data(), out.data(), scratch.data()});
    CHECK(out == std::array<std::int16_t, 2>{30 + 103, 0 + 103});
    CHECK(scratch[23] == 0x77);
    CHECK(kernels::canonical_layout({user_signature(bare), w}).total() == 4);  // the header alone
  };
  check(path::reference{});
  check(path::portable{});
}

TEST_CASE("costs of groups, copies and users' ops") {
  const op_cost deep = kernels::cost({grouped(conv(i8, i8, i8)), depthwise({8, 8, 32}, 1, 3, 3, 1, 1, 1)}, 100);
  CHECK(deep.macs == 8 * 8 * 32 * 9);
  CHECK(deep.weight_bytes == 400);
  const op_cost groups =
      kernels::cost({grouped(conv(bits, bits, bits)), make_window({8, 8, 64}, 32, 3, 3, 1, 1, 1, 0, 4)}, 0);
  CHECK(groups.binary_macs == 8 * 8 * 32 * 9 * 16);
  CHECK(groups.macs == 0);
  const op_cost copied = kernels::cost({copy(i16), part(4, 4, 10, 3, 40)}, 0);
  CHECK(copied.simple == 160);
  CHECK(copied.in_bytes == 320);
  CHECK(copied.out_bytes == 320);  // its own part
  const op_cost own = kernels::cost({user_signature(mine), make_window({1, 1, 3}, 2, 1, 1, 1, 0, 0)}, 5);
  CHECK(own.macs == 21);
  CHECK(own.weight_bytes == 20);
}
