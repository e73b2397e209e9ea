// covers: kernels/avx2/short_output.hpp
// Counts requantized in 16 bits on AVX2: every count of a channel gives what the exact formula gives, and tables and
// words equal the reference, packed with scales or without.
#include <array>
#include <cstdint>

#include <offramp/kernels/avx2/short_output.hpp>
#include <offramp/paths/avx2.hpp>

#include "tests/support/kernel_check.hpp"
#include "tests/support/stream_scales.hpp"

using namespace offramp_test;
using avx2 = offramp::path::avx2;
using conv_bits = offramp::kernels::avx2::conv_bits;
namespace scales = offramp::kernels::short_scales;

namespace {

constexpr op_signature plain = conv(kind::bits, kind::bits, kind::i16);
constexpr op_signature half = rectified(plain);
constexpr std::array streams{plain, half, conv(kind::bits, kind::bits, kind::i16, true),
                             rectified(conv(kind::bits, kind::bits, kind::i16, true))};

#if OFFRAMP_X86_64
// All counts of n channels, the last ones and others; what stands behind them stays.
template <op_signature S>
OFFRAMP_AVX2 void check_vectors(std::uint64_t stream, int n) {
  using namespace kernels::avx2;
  random_numbers r{stream};
  const kernel_op op{S, make_window({5, 5, 24}, n, 3, 3, 1, 1, 1)};
  const int depth = op.geometry.depth(), s = 16 - bits_of(depth);
  std::uint32_t words[256], packed[scales::block_words];
  REQUIRE(kernels::canonical_layout(op).kernel() <= 256);
  fill_batch_norm(r, op, words, stream % 2 == 0);
  scales::pack(op, s, words, packed);
  const kernels::parameters<S> p{words, op.geometry};
  REQUIRE(all_short(packed, n));
  CHECK(all_short(packed, 32) == (n == 32));
  const short_lanes lanes[2] = {load_short_lanes(packed, 0), load_short_lanes(packed, 8)};
  const short_limits limits = load_short_limits(scales::middle(op, s), p.low(), p.high());
  bool equal = true;
  for (int count = 0; count <= depth; ++count) {
    std::int16_t got[33];
    for (std::int16_t& v : got) v = 77;
    const __m256i counts = _mm256_set1_epi16(static_cast<short>(count << s));
    store_scaled<S>(got, n, count % 2 == 0 ? n : 33, lanes, limits, counts, counts);
    for (int c = 0; c < 33; ++c)
      equal = equal && got[c] == (c < n ? kernels::finish<S>(p, c, depth - 2 * count, std::int16_t{77}) : 77);
  }
  CHECK(equal);
}
#endif

}  // namespace

TEST_CASE("vectors of scales on AVX2 equal the exact formula for every count") {
#if OFFRAMP_X86_64
  if (!kernels::runs_here<avx2>()) return;
  for (const int n : {1, 15, 16, 17, 31, 32})
    for (std::uint64_t stream = 10; stream < 12; ++stream) {
      check_vectors<streams[0]>(stream, n);
      check_vectors<streams[1]>(stream, n);
      check_vectors<streams[2]>(stream, n);
      check_vectors<streams[3]>(stream, n);
    }
#endif
}

TEST_CASE("16-bit streams of tables and words on AVX2 equal the reference, packed with scales or without") {
  constexpr op_case cases[] = {
      {"a block of 64", make_window({8, 8, 64}, 64, 3, 3, 1, 1, 1)},
      {"two blocks and a narrow one", make_window({6, 6, 40}, 160, 3, 3, 1, 1, 1)},
      {"narrow", make_window({16, 16, 32}, 24, 3, 3, 1, 1, 1)},
      {"16 outputs", make_window({16, 16, 16}, 16, 3, 3, 1, 1, 1)},
      {"an odd depth", make_window({9, 9, 33}, 75, 3, 3, 1, 1, 1)},
      {"several bands", make_window({40, 41, 6}, 48, 3, 3, 1, 1, 1)},
      {"13 planes", make_window({9, 9, 512}, 64, 3, 3, 1, 1, 1)},
      {"words", make_window({8, 8, 64}, 128, 3, 3, 2, 1, 1)},
      {"words, few outputs", make_window({5, 5, 64}, 7, 3, 3, 1, 1, 1)},
      {"dense", make_window({1, 1, 512}, 300, 1, 1, 1, 0, 0)},
      {"narrower than stored", stored_for(make_window({8, 8, 40}, 64, 3, 3, 1, 1, 1), 64, 64)},
      {"fewer outputs than stored", stored_for(make_window({8, 8, 64}, 32, 3, 3, 1, 1, 1), 64, 64)},
  };
  check_path<avx2, streams>(cases);
  for (int i = 0; i < 7; ++i) CHECK(conv_bits::variant_of({plain, cases[i].geometry}) == conv_bits::variant::tables);
  for (int i = 7; i < 10; ++i) CHECK(conv_bits::variant_of({plain, cases[i].geometry}) == conv_bits::variant::words);
  CHECK(scales::present({plain, cases[0].geometry}));
  CHECK(!scales::present({plain, cases[10].geometry}));
}
