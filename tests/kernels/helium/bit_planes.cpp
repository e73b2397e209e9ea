// Turning bits of channels into bits of positions, and what a tap sees of them; then the vectors that it is made of.
// covers: kernels/helium/bit_planes.hpp kernels/helium/vectors.hpp
#include <doctest/doctest.h>

#include <array>
#include <vector>

#include <offramp/kernels/helium/bit_planes.hpp>

#include "tests/support/cases.hpp"
#include "tests/support/random.hpp"

using namespace offramp;
using namespace offramp_test;
namespace here = offramp::kernels::helium;

TEST_CASE("Helium: 32 words turned") {
  random_numbers r{5};
  std::array<std::uint32_t, 32> words, turned;
  for (auto& w : words) w = static_cast<std::uint32_t>(r.between(0, 0x7fffffff)) * 2u ^ 0x9e3779b9u;
  turned = words;
  here::transpose(turned.data());
  for (int i = 0; i < 32; ++i)
    for (int j = 0; j < 32; ++j)
      REQUIRE(get_bit(&turned[static_cast<std::size_t>(j)], i) == get_bit(&words[static_cast<std::size_t>(i)], j));
}

TEST_CASE("Helium: columns that stay in their row") {
  for (int width = 1; width <= 70; ++width)
    for (int first = 0; first < 3 * width; first += 7)
      for (int by = -4; by <= 4; ++by) {
        const std::uint32_t bits = here::columns_inside(first % width, width, by);
        for (int j = 0; j < 32; ++j) {
          const int column = (first + j) % width + by;
          REQUIRE(get_bit(&bits, j) == (column >= 0 && column < width));
        }
      }
}

TEST_CASE("Helium: what taps see of shifted planes") {
  random_numbers r{6};
  for (int n = 0; n < 60; ++n) {
    const int k = r.between(0, 2);
    const window w =
        make_window({r.between(3, 9), r.between(2 * k + 1, 40), r.between(1, 70)}, 1, 3, 2 * k + 1, 1, 1, k);
    const int words = ceil_div(w.in.c, 32);
    std::vector<std::uint32_t> in(static_cast<std::size_t>(w.in.h * w.in.w * words));
    for (std::size_t i = 0; i < in.size(); ++i)
      in[i] = static_cast<std::uint32_t>(r.between(0, 0x7fffffff)) &
              low_bits(w.in.c - 32 * static_cast<int>(i % static_cast<std::size_t>(words)));
    std::vector<std::uint32_t> planes(static_cast<std::size_t>(here::plane_words(w, words)));
    here::make_planes(in.data(), w, planes.data());
    const int positions = w.out.positions();
    for (int group = 0; 32 * group < positions; ++group)
      for (int ky = 0; ky < 3; ++ky)
        for (int kx = 0; kx <= 2 * k; ++kx)
          for (int word = 0; word < words; ++word) {
            const int dx = kx - k;
            const int dy = ky - 1;
            const auto view = here::view_of(planes.data(), w, words, group, word, dy * w.in.w + dx,
                                            here::columns_inside(32 * group % w.out.w, w.in.w, dx));
            std::array<std::uint32_t, 32> rows, some;
            here::shift_planes(view, rows.data());
            here::shift_planes(view, some.data(), 5);
            for (int c = 0; c < 5; ++c) REQUIRE(some[static_cast<std::size_t>(c)] == rows[static_cast<std::size_t>(c)]);
            for (int j = 0; j < 32 && 32 * group + j < positions; ++j) {
              const int y = (32 * group + j) / w.out.w + dy;
              const int x = (32 * group + j) % w.out.w + dx;
              const bool inside = y >= 0 && y < w.in.h && x >= 0 && x < w.in.w;
              const std::uint32_t sees = inside ? in[static_cast<std::size_t>((y * w.in.w + x) * words + word)] : 0u;
              for (int c = 0; c < 32; ++c) REQUIRE(get_bit(&rows[static_cast<std::size_t>(c)], j) == get_bit(&sees, c));
            }
          }
  }
}

TEST_CASE("Helium: vectors") {
  const std::uint32_t some[] = {0x12345678u, 0xffffffffu, 0x80000001u, 0};
  const std::uint32_t other[] = {0x9abcdef0u, 0x0f0f0f0fu, 0x7fffffffu, 0xdeadbeefu};
  std::uint32_t out[4];
  const here::words4 a = here::load_words(some);
  const here::words4 b = here::load_words(other);
  here::store_words(out, here::insert_above<32, 16>(a, b));
  CHECK(out[0] == 0xdef05678u);
  here::store_words(out, here::insert_below<16, 8>(a, b));
  CHECK(out[0] == 0x129a56deu);
  here::store_words(out, here::insert_above<8, 4>(a, b));
  CHECK(out[0] == 0xa2c4e608u);
  here::store_words(out, here::shift_all(a, 32));
  CHECK(out[0] == 0);
  here::store_words(out, here::shift_all(a, -4));
  CHECK(out[1] == 0x0fffffffu);
  const std::int32_t ints[] = {5, -5, -0x7fffffff - 1, 0x7fffffff};
  const std::int32_t by[] = {-1, -1, -31, -2};
  const here::ints4 v = here::load_ints(ints);
  std::int32_t rounded[4];
  here::store_ints(rounded, here::shift_rounding(v, here::load_ints(by)), 4);
  CHECK(rounded[0] == 3);
  CHECK(rounded[1] == -2);
  CHECK(rounded[2] == -1);
  CHECK(rounded[3] == 0x20000000);
  here::store_ints(rounded, here::shift_saturating(v, here::all_ints(3)), 4);
  CHECK(rounded[0] == 40);
  CHECK(rounded[2] == -0x7fffffff - 1);
  CHECK(rounded[3] == 0x7fffffff);
  std::int8_t bytes[4] = {9, 9, 9, 9};
  here::store_ints(bytes, v, 2);
  CHECK(bytes[1] == -5);
  CHECK(bytes[2] == 9);
  CHECK(here::greatest_lane(v, 7) == 0x7fffffff);
  CHECK(here::add_below(16, v, here::all_ints(0), here::make_words(1, 2, 4, 8)) == 16 + 2 + 4);
}
