// covers: kernels/avx512/short_output.hpp kernels/x86/short_scales.hpp
// Counts requantized in 16 bits: every count of a channel gives what the exact formula gives, by the plain loop and by
// vectors; almost every channel has a scale; and what goes the long way is right beside those that do not.
#include <array>
#include <cstdint>

#include <offramp/kernels/avx512/short_output.hpp>
#include <offramp/kernels/reference/code.hpp>
#include <offramp/paths/avx512_popcnt.hpp>

#include "tests/support/kernel_check.hpp"
#include "tests/support/stream_scales.hpp"

using namespace offramp_test;
using popcnt = offramp::path::avx512_popcnt;
namespace scales = offramp::kernels::short_scales;

namespace {

constexpr op_signature plain = conv(kind::bits, kind::bits, kind::i16);
constexpr op_signature half = rectified(plain);
constexpr std::array streams{plain, half, conv(kind::bits, kind::bits, kind::i16, true),
                             rectified(conv(kind::bits, kind::bits, kind::i16, true))};

std::int32_t shifted(std::int64_t v, unsigned shift) { return static_cast<std::int32_t>(v >> shift); }

template <op_signature S>
int check_scales(std::uint64_t stream, int rounds) {
  random_numbers r{stream};
  int without = 0;
  for (int round = 0; round < rounds; ++round) {
    const int channels = r.one_in(4) ? r.between(1, 8) : 8 * r.between(1, 40);
    const kernel_op op{S, make_window({5, 5, channels}, 40, 3, 3, 1, 1, 1)};
    const int depth = op.geometry.depth(), s = 16 - bits_of(depth);
    auto* words = reinterpret_cast<std::uint32_t*>(
        memory().canonical_weights.take(4 * kernels::canonical_layout(op).kernel(), 4));
    fill_batch_norm(r, op, words, round % 3 == 0);
    const kernels::parameters<S> p{words, op.geometry};
    for (int c = 0; c < op.geometry.out.c; ++c) {
      const scales::scale x = scales::finder{op, s, words, c}.find();
      if (x.shift == scales::no_shift) {
        ++without;
        continue;
      }
      bool equal = true;
      for (int count = 0; count <= depth; ++count) {
        const int a = scales::of_count(op, s, count);
        const std::int64_t sum = std::int64_t{x.offset} + a * x.factor + ((a * x.fraction) >> 16);
        const int q = offramp::clamp(shifted(sum, x.shift), p.low(), p.high());
        equal = equal && sum >= -0x7fffffff && sum <= 0x7fffffff &&
                q == kernels::finish<S>(p, c, depth - 2 * count, std::int16_t{0});
      }
      CHECK(equal);
    }
  }
  return without;
}

#if OFFRAMP_X86_64
// All counts of 32 channels through a vector, and of 16 channels through pairs of positions.
template <op_signature S>
OFFRAMP_AVX512 void check_vectors(std::uint64_t stream) {
  random_numbers r{stream};
  const kernel_op op{S, make_window({5, 5, 24}, 32, 3, 3, 1, 1, 1)};
  const int depth = op.geometry.depth(), s = 16 - bits_of(depth);
  std::uint32_t words[256], packed[scales::block_words];
  REQUIRE(kernels::canonical_layout(op).kernel() <= 256);
  fill_batch_norm(r, op, words, stream % 2 == 0);
  scales::pack(op, s, words, packed);
  const kernels::parameters<S> p{words, op.geometry};
  kernels::avx512::short_lanes l;
  REQUIRE(kernels::avx512::load_short_lanes(packed, scales::middle(op, s), p.low(), p.high(), l));
  bool equal = true;
  for (int count = 0; count <= depth; ++count) {
    std::int16_t got[32];
    const __m512i counts = _mm512_set1_epi16(static_cast<short>(count << s));
    _mm512_storeu_si512(got, kernels::avx512::scale_shorts<S.rectified>(l, counts));
    for (int c = 0; c < 32; ++c)
      equal = equal && got[c] == kernels::finish<S>(p, c, depth - 2 * count, std::int16_t{0});
  }
  CHECK(equal);
  for (int which = 0; which < 2; ++which) {
    REQUIRE(kernels::avx512::load_short_pairs(packed, which, scales::middle(op, s), p.low(), p.high(), l));
    for (const int positions : {1, 2, 5}) {
      std::int32_t counts[5 * 16];
      std::int16_t got[5 * 32]{};
      for (std::int32_t& n : counts) n = r.between(0, depth);
      kernels::avx512::store_short_run<S>(l, s, op.geometry, got, 0, 16 * which, positions, counts);
      for (int i = 0; i < 5 * 32; ++i) {
        const int c = i % 32 - 16 * which;
        const bool there = c >= 0 && c < 16 && i / 32 < positions;
        const int acc = there ? depth - 2 * counts[i / 32 * 16 + c] : 0;
        equal = equal && got[i] == (there ? kernels::finish<S>(p, i % 32, acc, std::int16_t{0}) : std::int16_t{0});
      }
    }
  }
  CHECK(equal);
}
#endif

}  // namespace

TEST_CASE("scales in 16 bits give every count its exact output, and nearly all channels have one") {
  CHECK(check_scales<plain>(1, 60) <= 4);
  CHECK(check_scales<half>(2, 60) <= 4);
}

TEST_CASE("scales of extreme parameters: flat, steep, and none") {
  const kernel_op op{plain, make_window({5, 5, 32}, 32, 3, 3, 1, 1, 1)};
  std::uint32_t words[256]{};
  const auto find = [&](std::int32_t bias, std::int32_t multiplier, std::int32_t shift, int s) {
    words[2] = static_cast<std::uint32_t>(-32768), words[3] = 32767;
    words[4] = static_cast<std::uint32_t>(bias), words[36] = static_cast<std::uint32_t>(multiplier);
    words[68] = static_cast<std::uint32_t>(shift);
    return scales::finder{op, s, words, 0}.find();
  };
  CHECK(find(0, 0, 0, 7).shift != scales::no_shift);                // always 0
  CHECK(find(1 << 20, 1 << 30, -31, 7).shift != scales::no_shift);  // nearly constant
  CHECK(find(0, 0x7fffffff, 10, 7).shift != scales::no_shift);      // from one end to the other
  CHECK(find(0, -0x7fffffff, 10, 7).shift != scales::no_shift);
  CHECK(find(0, 0x7fffffff, -8, 7).shift != scales::no_shift);
}

TEST_CASE("vectors of scales equal the exact formula for every count") {
#if OFFRAMP_X86_64
  if (!kernels::runs_here<offramp::path::avx512>()) return;
  for (std::uint64_t stream = 10; stream < 18; ++stream) {
    check_vectors<plain>(stream);
    check_vectors<half>(stream);
  }
#endif
}

TEST_CASE("16-bit streams of convolutions equal the reference, by any variant, packed with scales or without") {
  // Tiles of 64 and 32, rows that begin vectors, chunks, words; odd depths; nested widths have no scales.
  constexpr op_case cases[] = {
      {"rows begin vectors", make_window({8, 8, 64}, 64, 3, 3, 1, 1, 1)},
      {"two vectors a row", make_window({6, 16, 40}, 64, 3, 3, 1, 1, 1)},
      {"tiles of 64 and 32", make_window({8, 8, 32}, 96, 3, 3, 1, 1, 1)},
      {"tiles of 32 and 24", make_window({9, 9, 32}, 56, 3, 3, 1, 1, 1)},
      {"stride 2", make_window({16, 16, 32}, 64, 3, 3, 2, 1, 1)},
      {"seven planes", make_window({16, 16, 8}, 64, 3, 3, 1, 1, 1)},
      {"an odd depth", make_window({9, 9, 33}, 64, 3, 3, 1, 1, 1)},
      {"several chunks", make_window({8, 8, 320}, 64, 3, 3, 1, 1, 1)},
      {"13 planes", make_window({9, 9, 512}, 64, 3, 3, 1, 1, 1)},
      {"words", make_window({8, 8, 64}, 128, 3, 3, 2, 1, 1)},
      {"words, an odd number of positions", make_window({5, 5, 64}, 72, 3, 3, 2, 1, 1)},
      {"dense", make_window({1, 1, 512}, 128, 1, 1, 1, 0, 0)},
      {"narrower than stored", stored_for(make_window({8, 8, 40}, 64, 3, 3, 1, 1, 1), 64, 64)},
      {"fewer outputs than stored", stored_for(make_window({8, 8, 64}, 32, 3, 3, 1, 1, 1), 64, 64)},
  };
  check_path<popcnt, streams>(cases);
  check_path<offramp::path::avx512, streams>(cases);
  CHECK(offramp::kernels::avx512_popcnt::plan_majority({plain, cases[8].geometry}).planes == 13);
  for (int i = 0; i < 9; ++i)
    CHECK(offramp::kernels::avx512_popcnt::choose_conv_bits({plain, cases[i].geometry}).variant ==
          offramp::kernels::avx512_popcnt::conv_bits_variant::majorities);
  CHECK(scales::present({plain, cases[0].geometry}));
  CHECK(!scales::present({plain, cases[12].geometry}));
  CHECK(!scales::present({plain, cases[13].geometry}));
  CHECK(!scales::present({two_slopes(plain), cases[0].geometry}));
}
