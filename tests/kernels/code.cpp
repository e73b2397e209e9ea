// The reference path against results worked by hand or by identities: it defines all others, so nothing of it is taken
// on faith.
// covers: kernels/op.hpp kernels/reference/code.hpp kernels/reference/element.hpp kernels/reference/traits.hpp
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include <offramp/kernels/dispatch.hpp>

#include "tests/support/cases.hpp"
#include "tests/support/random.hpp"

using namespace offramp;
using namespace offramp_test;

namespace {

// Canonical weights under construction, all zero at first.
struct weights_of {
  kernel_op op;
  kernels::weight_layout layout = kernels::canonical_layout(op);
  std::vector<std::uint32_t> words = std::vector<std::uint32_t>(layout.total() + 1, 0u);

  void set(std::size_t array, std::size_t c, std::int32_t v) {
    words[layout.array(array) + c] = static_cast<std::uint32_t>(v);
  }
  void set_clamp(std::int32_t low, std::int32_t high) {
    words[2] = static_cast<std::uint32_t>(low);
    words[3] = static_cast<std::uint32_t>(high);
  }
  void set_factor(double factor) {
    const fixed_factor f = make_fixed_factor(factor);
    for (std::size_t c = 0; c < layout.channels; ++c) set(1, c, f.multiplier), set(2, c, f.shift);
  }
  // Weight of output o, tap t, input c.
  void set_i8(int o, int t, int c, int v) {
    const int i = (o * op.geometry.taps() + t) * op.geometry.stored_in_c + c;
    words[layout.kernel() + static_cast<std::size_t>(i / 4)] |= (static_cast<std::uint32_t>(v) & 0xffu)
                                                                << (8 * (i % 4));
  }
  void set_minus(int o, int t, int c) {
    const int tap_words = ceil_div(op.geometry.stored_in_c, 32);
    set_bit(&words[layout.kernel()] + (o * op.geometry.taps() + t) * tap_words, c, true);
  }
};

template <op_signature S, class In, class Out>
void run(const weights_of& w, const In& in, Out& out) {
  kernels::run<path::reference, S>(dynamic_geometry{w.op.geometry}, {in.data(), w.words.data(), out.data(), nullptr});
}

}  // namespace

TEST_CASE("a one-hot int8 kernel shifts the image; what comes from outside is the zero point") {
  constexpr op_signature s = conv(i8, i8, i32);
  const window w = make_window({3, 4, 1}, 1, 3, 3, 1, 1, 1);
  const std::array<std::int8_t, 12> in{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  for (int tap = 0; tap < 9; ++tap) {
    weights_of k{{s, w}};
    k.words[0] = 100;  // zero point of the input
    k.set(0, 0, 1000);
    k.set_i8(0, tap, 0, 1);
    std::array<std::int32_t, 12> out{};
    run<s>(k, in, out);
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 4; ++x) {
        const int fy = y + tap / 3 - 1;
        const int fx = x + tap % 3 - 1;
        const bool inside = fy >= 0 && fy < 3 && fx >= 0 && fx < 4;
        CHECK(out[static_cast<std::size_t>(y * 4 + x)] ==
              1000 + (inside ? in[static_cast<std::size_t>(fy * 4 + fx)] - 100 : 0));
      }
  }
}

TEST_CASE("a dense layer by hand: u8 pixels, two outputs, asymmetric input") {
  constexpr op_signature s = conv(u8, i8, i32);
  weights_of k{{s, make_window({1, 2, 2}, 2, 1, 2, 1, 0, 0)}};
  k.words[0] = 10;
  const int values[2][4] = {{1, -2, 3, -4}, {127, 0, 0, -127}};
  for (int o = 0; o < 2; ++o)
    for (int i = 0; i < 4; ++i) k.set_i8(o, i / 2, i % 2, values[o][i]);
  k.set(0, 0, 7);
  k.set(0, 1, -7);
  const std::array<std::uint8_t, 4> in{0, 255, 10, 20};
  std::array<std::int32_t, 2> out{};
  run<s>(k, in, out);
  CHECK(out[0] == 7 + 1 * -10 + -2 * 245 + 3 * 0 + -4 * 10);
  CHECK(out[1] == -7 + 127 * -10 + -127 * 10);
}

TEST_CASE("signs: all alike gives the number of products, one difference costs two, padding counts as +1") {
  constexpr op_signature s = conv(bits, bits, i32);
  const window w = make_window({3, 3, 40}, 2, 3, 3, 1, 1, 1);
  weights_of k{{s, w}};
  for (int t = 0; t < 9; ++t)
    for (int c = 0; c < 40; ++c) k.set_minus(1, t, c);  // output 0: all +1, output 1: all -1
  std::array<std::uint32_t, 18> in{};                   // all +1
  std::array<std::int32_t, 18> out{};
  run<s>(k, in, out);
  for (std::size_t p = 0; p < 9; ++p) {
    CHECK(out[2 * p] == 360);
    CHECK(out[2 * p + 1] == -360);
  }
  for (std::size_t p = 0; p < 9; ++p) in[2 * p] = ~0u, in[2 * p + 1] = 0xffu;  // all -1
  run<s>(k, in, out);
  CHECK(out[2 * 4] == -360);                 // centre: nine taps inside
  CHECK(out[2 * 0] == -4 * 40 + 5 * 40);     // corner: four inside, five of padding
  CHECK(out[2 * 1 + 1] == 6 * 40 - 3 * 40);  // edge, weights -1
  in[8] ^= 1u << 17;                         // one sign of the centre turns to +1
  run<s>(k, in, out);
  CHECK(out[2 * 4] == -358);
}

TEST_CASE("thresholds: the bit is acc < t, flipped where the flip bit says so") {
  constexpr op_signature s = conv(i8, i8, bits);
  weights_of k{{s, make_window({1, 1, 1}, 35, 1, 1, 1, 0, 0)}};
  for (int o = 0; o < 35; ++o) {
    k.set_i8(o, 0, 0, 1);
    k.set(0, static_cast<std::size_t>(o), o - 17);  // thresholds -17..17
  }
  k.words[k.layout.flips()] = 0xf0000000u;
  k.words[k.layout.flips() + 1] = 0x4u;  // channel 34
  const std::array<std::int8_t, 1> in{3};
  std::array<std::uint32_t, 2> out{~0u, ~0u};
  run<s>(k, in, out);
  for (int o = 0; o < 35; ++o) {
    const bool flip = (o >= 28 && o < 32) || o == 34;
    CHECK(get_bit(out.data(), o) == ((3 < o - 17) != flip));
  }
  CHECK((out[1] >> 3) == 0u);  // spare bits
}

TEST_CASE("requantized outputs: scale, zero point, clamp, and saturation of the stream add") {
  constexpr op_signature s = conv(i8, i8, i8);
  weights_of k{{s, make_window({1, 5, 1}, 1, 1, 1, 1, 0, 0)}};
  k.set_i8(0, 0, 0, 2);
  k.set(0, 0, 1);  // bias, in units of the accumulator
  k.set_factor(0.5);
  k.words[1] = static_cast<std::uint32_t>(-3);
  k.set_clamp(-20, 100);
  const std::array<std::int8_t, 5> in{0, 10, -9, 127, -128};
  std::array<std::int8_t, 5> out{};
  run<s>(k, in, out);
  // (2x + 1) / 2, ties up, minus 3: 0.5 -> 1 - 3, 10.5 -> 11 - 3, -8.5 -> -8 - 3, 127.5 -> clamp, -127.5 -> clamp
  CHECK(out == std::array<std::int8_t, 5>{-2, 8, -11, 100, -20});

  constexpr op_signature add = conv(i8, i8, i16, true);
  weights_of a{{add, make_window({1, 3, 1}, 1, 1, 1, 1, 0, 0)}};
  a.set_i8(0, 0, 0, 100);
  a.set_factor(1.0);
  a.set_clamp(-32768, 32767);
  const std::array<std::int8_t, 3> x{100, -100, 1};
  std::array<std::int16_t, 3> stream{30000, -30000, 5};
  run<add>(a, x, stream);
  CHECK(stream == std::array<std::int16_t, 3>{32767, -32768, 105});
}

TEST_CASE("binary accumulators have eight fraction bits, so that a bias of one half is felt") {
  constexpr op_signature s = conv(bits, bits, i16);
  weights_of k{{s, make_window({1, 1, 8}, 2, 1, 1, 1, 0, 0)}};
  k.set_factor(1.0 / 256);
  k.set_clamp(-32768, 32767);
  k.set(0, 0, 127);                             // just below one half of 256
  k.set(0, 1, 128);                             // one half: ties go up
  const std::array<std::uint32_t, 1> in{0x1u};  // seven +1, one -1
  std::array<std::int16_t, 2> out{};
  run<s>(k, in, out);
  CHECK(out == std::array<std::int16_t, 2>{6, 7});
}

TEST_CASE("floats: factor, bias, clamp") {
  constexpr op_signature s = conv(f32, f32, f32);
  weights_of k{{s, make_window({1, 3, 1}, 1, 1, 1, 1, 0, 0)}};
  k.words[k.layout.kernel()] = std::bit_cast<std::uint32_t>(3.0f);
  k.words[k.layout.array(0)] = std::bit_cast<std::uint32_t>(0.5f);
  k.words[k.layout.array(1)] = std::bit_cast<std::uint32_t>(-1.0f);
  k.words[2] = std::bit_cast<std::uint32_t>(0.0f);
  k.words[3] = std::bit_cast<std::uint32_t>(6.0f);
  const std::array<float, 3> in{2.0f, -1.0f, 10.0f};
  std::array<float, 3> out{};
  run<s>(k, in, out);
  CHECK(out == std::array<float, 3>{2.0f, 0.0f, 6.0f});
}

TEST_CASE("floats become integers by rounding halves away from zero") {
  constexpr op_signature s = pointwise(f32, i8);
  weights_of k{{s, make_window({1, 6, 1}, 1, 1, 1, 1, 0, 0)}};
  k.words[k.layout.array(0)] = std::bit_cast<std::uint32_t>(1.0f);
  k.words[1] = 1;
  k.set_clamp(-128, 127);
  const std::array<float, 6> in{0.5f, -0.5f, 1.25f, -2.5f, 1e20f, -1e20f};
  std::array<std::int8_t, 6> out{};
  run<s>(k, in, out);
  CHECK(out == std::array<std::int8_t, 6>{2, 0, 2, -2, 127, -128});
}

TEST_CASE("pools by hand") {
  const window w = make_window({2, 4, 2}, 2, 2, 2, 2, 0, 0);
  const std::array<std::int16_t, 16> in{1, -1, 5, -5, 9, 0, 3, -2, 2, -9, 4, -7, 9, 1, 8, 32767};
  std::array<std::int16_t, 4> out{};
  run<max_pool(i16)>(weights_of{{max_pool(i16), w}}, in, out);
  CHECK(out == std::array<std::int16_t, 4>{5, -1, 9, 32767});

  constexpr op_signature mean = avg_pool(i16, i16);
  weights_of k{{mean, w}};
  CHECK(k.layout.channels == 1);
  k.set(1, 0, make_fixed_factor(0.25).multiplier);
  k.set(2, 0, make_fixed_factor(0.25).shift);
  k.set_clamp(-32768, 32767);
  run<mean>(k, in, out);
  CHECK(out == std::array<std::int16_t, 4>{3, -5, 7, 8192});  // 12/4, -22/4 = -5.5 (ties up), 29/4, 32766/4 = 8191.5

  std::array<std::uint32_t, 8> signs{0, 0, 3, 1, 3, 1, 3, 3};  // 2x4 positions of 2 channels
  std::array<std::uint32_t, 2> most{~0u, ~0u};
  run<max_pool(bits)>(weights_of{{max_pool(bits), w}}, signs, most);
  CHECK(most[0] == (0u & 0u & 3u & 1u));
  CHECK(most[1] == (3u & 1u & 3u & 3u));  // -1 only where all four are
}

TEST_CASE("a mixture by hand: both count from the input's zero point") {
  const window w = make_window({2, 2, 2}, 2, 2, 2, 2, 0, 0);
  constexpr op_signature s = mixed_pool(i8, i16);
  weights_of k{{s, w}};
  CHECK(k.layout.channels == 1);
  k.words[0] = 10;
  k.words[k.layout.kernel()] = 100;
  k.words[k.layout.kernel() + 1] = static_cast<std::uint32_t>(-7);
  k.set_factor(1.0);
  k.set_clamp(-32768, 32767);
  const std::array<std::int8_t, 8> in{11, -128, 13, -128, 10, -127, 9, -128};
  std::array<std::int16_t, 2> out{};
  run<s>(k, in, out);
  CHECK(out[0] == 100 * 3 - 7 * (1 + 3 + 0 - 1));
  CHECK(out[1] == 100 * -137 - 7 * (3 * -138 - 137));

  constexpr op_signature real = mixed_pool(f32, f32);
  weights_of f{{real, w}};
  f.words[f.layout.kernel()] = std::bit_cast<std::uint32_t>(0.5f);
  f.words[f.layout.kernel() + 1] = std::bit_cast<std::uint32_t>(0.125f);
  f.set(0, 0, std::bit_cast<std::int32_t>(2.0f));
  f.set(1, 0, std::bit_cast<std::int32_t>(1.0f));
  f.words[2] = std::bit_cast<std::uint32_t>(-8.0f);
  f.words[3] = std::bit_cast<std::uint32_t>(100.0f);
  const std::array<float, 8> x{1, -20, 2, -30, 9, -40, 4, -50};
  std::array<float, 2> y{};
  run<real>(f, x, y);
  CHECK(y == std::array<float, 2>{2 * (0.5f * 9 + 0.125f * 16) + 1, -8.0f});
}

TEST_CASE("a mean repeats channels where the output has more") {
  constexpr op_signature s = avg_pool(i8, i32);
  weights_of k{{s, make_window({2, 1, 3}, 7, 2, 1, 1, 0, 0)}};
  const std::array<std::int8_t, 6> in{1, 2, 3, 10, 20, 30};
  std::array<std::int32_t, 7> out{};
  run<s>(k, in, out);
  CHECK(out == std::array<std::int32_t, 7>{11, 22, 33, 11, 22, 33, 11});
}

TEST_CASE("layouts: nhwc, pairs of words and bit planes carry the same bits") {
  random_numbers r{4};
  for (const shape s : {shape{1, 1, 1}, shape{3, 5, 33}, shape{4, 8, 64}, shape{7, 7, 100}}) {
    std::vector<std::uint32_t> start(tensor_bytes(s, bits, layout::nhwc) / 4);
    const int words = position_words(s.c, layout::nhwc);
    for (std::size_t i = 0; i < start.size(); ++i)
      start[i] = r.word() & low_bits(s.c - 32 * (static_cast<int>(i) % words));
    std::vector<std::uint32_t> planes(tensor_bytes(s, bits, layout::bit_planes) / 4, ~0u);
    std::vector<std::uint32_t> wide(tensor_bytes(s, bits, layout::nhwc_wide) / 4, ~0u);
    std::vector<std::uint32_t> back(start.size(), ~0u);
    const dynamic_geometry g{make_window(s, s.c, 1, 1, 1, 0, 0)};
    constexpr op_signature to_planes{op_kind::convert, bits, kind::none, bits, false, layout::nhwc, layout::bit_planes};
    constexpr op_signature to_wide{op_kind::convert, bits, kind::none, bits, false, layout::bit_planes,
                                   layout::nhwc_wide};
    constexpr op_signature to_start{op_kind::convert, bits, kind::none, bits, false, layout::nhwc_wide, layout::nhwc};
    kernels::run<path::reference, to_planes>(g, {start.data(), nullptr, planes.data(), nullptr});
    kernels::run<path::portable, to_wide>(g, {planes.data(), nullptr, wide.data(), nullptr});
    kernels::run<path::reference, to_start>(g, {wide.data(), nullptr, back.data(), nullptr});
    CHECK(back == start);
    // And the planes hold what their name says.
    const int plane = plane_words(s.positions());
    for (int p = 0; p < s.positions(); ++p)
      for (int c = 0; c < s.c; ++c)
        if (get_bit(planes.data() + c * plane, p) != get_bit(start.data() + p * words, c))
          FAIL_CHECK("plane " << c << ", position " << p);
  }
}
