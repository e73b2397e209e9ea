// What the host packs for Arm is what Arm reads: places of weights worked out by hand, sizes, and one number over all
// packed words that must come out the same on every machine. Runs anywhere.
// covers: kernels/neon/traits.hpp kernels/neon/runs_of_taps.hpp kernels/neon/conv_bits_traits.hpp
// covers: kernels/neon/conv_integer_traits.hpp kernels/neon/conv_float_traits.hpp kernels/neon/depthwise_traits.hpp
// covers: kernels/neon_dotprod/traits.hpp kernels/neon_dotprod/conv_integer_traits.hpp
#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include <offramp/kernels/dispatch.hpp>
#include <offramp/kernels/neon/traits.hpp>
#include <offramp/kernels/neon_dotprod/traits.hpp>

#include "tests/support/cases.hpp"

using namespace offramp_test;
namespace kernels = offramp::kernels;
namespace path = offramp::path;
using offramp::kernel_op;

namespace {

constexpr op_signature signs = conv(kind::bits, kind::bits, kind::bits);
constexpr op_signature bytes = conv(kind::i8, kind::i8, kind::i8);

std::uint32_t next(std::uint32_t& state) {
  state = state * 1664525u + 1013904223u;
  return state >> 16 ^ state << 16;
}

std::vector<std::uint32_t> canonical(const kernel_op& op, std::uint32_t state) {
  std::vector<std::uint32_t> words(kernels::canonical_layout(op).total());
  for (auto& w : words) w = next(state);
  return words;
}

template <class P>
std::vector<std::uint32_t> packed(const kernel_op& op, const std::vector<std::uint32_t>& from) {
  std::vector<std::uint32_t> words(kernels::weight_words<P>(op), 0xa5a5a5a5u);
  kernels::pack<P>(op, from.data(), words.data());
  return words;
}

// Fowler, Noll, Vo over words.
template <class P>
std::uint32_t number_of(const kernel_op& op) {
  std::uint32_t hash = 2166136261u;
  for (const std::uint32_t w : packed<P>(op, canonical(op, 7))) hash = (hash ^ w) * 16777619u;
  return hash;
}

int byte_at(const std::uint32_t* words, int i) {
  return static_cast<int>((words[i / 4] >> (8 * (i % 4)) & 0xffu) ^ 0x80u) - 0x80;
}

}  // namespace

TEST_CASE("signs: words of 32 channels side by side") {
  const kernel_op op{signs, make_window({5, 5, 40}, 45, 3, 3, 1, 1, 1)};
  const auto from = canonical(op, 1);
  const auto to = packed<path::neon>(op, from);
  const std::uint32_t* kernel = from.data() + kernels::canonical_layout(op).kernel();
  const std::uint32_t* blocks = to.data() + kernels::packed_begin(op);
  constexpr int depth = 9 * 2;
  REQUIRE(to.size() == kernels::packed_begin(op) + 48 * depth);
  for (int o = 0; o < 45; ++o)
    for (int k = 0; k < depth; ++k) {
      const int at = o < 32 ? k * 32 + o : 32 * depth + k * 16 + o - 32;
      REQUIRE(blocks[at] == kernel[o * depth + k]);
    }
  CHECK(blocks[32 * depth + 13] == 0);  // no channel's
}

TEST_CASE("bytes: four of 16 channels, or 16 of 8, and sums of weights before them") {
  const kernel_op op{bytes, make_window({5, 5, 3}, 20, 3, 3, 1, 1, 1)};
  const auto from = canonical(op, 2);
  const std::uint32_t* kernel = from.data() + kernels::canonical_layout(op).kernel();
  const auto check = [&](const std::vector<std::uint32_t>& to, int together, int block) {
    const std::uint32_t* sums = to.data() + kernels::packed_begin(op);
    const std::uint32_t* blocks = sums + offramp::round_up(20, static_cast<std::size_t>(block));
    const int steps = offramp::ceil_div(9, together);  // of a row of taps
    for (int o = 0; o < 20; ++o) {
      int sum = 0;
      for (int i = 0; i < 27; ++i) {
        const int first = o / block * block;
        const int width = 24 - first < block ? 24 - first : block;
        const int step = i / 9 * steps + i % 9 / together;
        const int at = (first * 3 * steps + step * width + o - first) * together + i % 9 % together;
        REQUIRE(byte_at(blocks, at) == byte_at(kernel, o * 27 + i));
        sum += byte_at(kernel, o * 27 + i);
      }
      REQUIRE(static_cast<std::int32_t>(sums[o]) == sum);
    }
  };
  check(packed<path::neon_dotprod>(op, from), 4, 16);
  check(packed<path::neon>(op, from), 16, 8);
}

TEST_CASE("signs that meet bytes are +1 and -1") {
  const kernel_op op{conv(kind::u8, kind::bits, kind::bits), make_window({4, 4, 33}, 8, 1, 1, 1, 0, 0)};
  const auto from = canonical(op, 3);
  const auto to = packed<path::neon_dotprod>(op, from);
  const std::uint32_t* kernel = from.data() + kernels::canonical_layout(op).kernel();
  const std::uint32_t* weights = to.data() + kernels::packed_begin(op) + 16;
  for (int o = 0; o < 8; ++o)
    for (int c = 0; c < 33; ++c)
      REQUIRE(byte_at(weights, (c / 4 * 8 + o) * 4 + c % 4) == (offramp::get_bit(kernel + 2 * o, c) ? -1 : 1));
}

TEST_CASE("nested widths share packed weights") {
  const auto share = [](const op_signature& s, int in_c, int out_c) {
    const kernel_op all{s, make_window({6, 5, 48}, 40, 3, 3, 1, 1, 1)};
    const kernel_op few{s, stored_for(make_window({6, 5, in_c}, out_c, 3, 3, 1, 1, 1), 48, 40)};
    const auto from = canonical(all, 4);
    CHECK(packed<path::neon>(all, from) == packed<path::neon>(few, from));
    CHECK(packed<path::neon_dotprod>(all, from) == packed<path::neon_dotprod>(few, from));
  };
  share(signs, 20, 7);
  share(signs, 32, 32);
  share(bytes, 20, 7);
  share(conv(kind::f32, kind::f32, kind::f32), 5, 17);
}

TEST_CASE("scratch: a copy where windows reach into the padding, or a row of taps ends within a vector") {
  const auto scratch = [](const op_signature& s, const window& w) {
    return kernels::scratch_bytes<path::neon_dotprod>({s, w});
  };
  // 16 thresholds' worth of a word of channels, then 18 x 18 positions of 4 bytes and room behind them.
  CHECK(scratch(signs, make_window({16, 16, 32}, 32, 3, 3, 1, 1, 1)) ==
        2 * 32 + offramp::round_up(18 * 18 * 4 + 16, 16));
  CHECK(scratch(signs, make_window({16, 16, 32}, 32, 1, 1, 1, 0, 0)) == 2 * 32);
  CHECK(scratch(bytes, make_window({8, 8, 64}, 64, 1, 1, 1, 0, 0)) == 4 * 64);
  CHECK(scratch(bytes, make_window({1, 1, 250}, 10, 1, 1, 1, 0, 0)) == 4 * 16 + offramp::round_up(250 + 16, 16));
  CHECK(scratch(conv(kind::f32, kind::f32, kind::f32), make_window({4, 4, 9}, 8, 3, 3, 1, 0, 0)) == 0);
}

TEST_CASE("all machines pack the same words") {
  const window odd = make_window({7, 6, 37}, 45, 3, 3, 1, 1, 1);
  const window narrow = stored_for(make_window({4, 4, 20}, 12, 3, 3, 1, 1, 1), 40, 33);
  const window separate = make_window({5, 5, 35}, 35, 3, 3, 1, 1, 1, 0, 35);
  const op_signature real = conv(kind::f32, kind::f32, kind::i8);
  CHECK(number_of<path::neon>({signs, odd}) == 1931198198u);
  CHECK(number_of<path::neon>({signs, narrow}) == 4103383092u);
  CHECK(number_of<path::neon>({bytes, odd}) == 820895295u);
  CHECK(number_of<path::neon_dotprod>({bytes, odd}) == 2795268563u);
  CHECK(number_of<path::neon_dotprod>({conv(kind::u8, kind::bits, kind::bits), narrow}) == 2297209906u);
  CHECK(number_of<path::neon>({real, odd}) == 1012048217u);
  CHECK(number_of<path::neon>({grouped(bytes), separate}) == 74852840u);
}
