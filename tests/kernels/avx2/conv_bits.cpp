// Signs times signs on AVX2: tables, words and what is left to the portable loops equal the reference.
// covers: kernels/avx2/conv_bits_traits.hpp kernels/avx2/conv_bits_costs.hpp
// covers: kernels/avx2/conv_bits_tables_traits.hpp kernels/avx2/conv_bits_tables.hpp
// covers: kernels/avx2/conv_bits_words_traits.hpp kernels/avx2/conv_bits_words.hpp kernels/avx2/bit_vectors.hpp
#include <offramp/kernels/avx2/code.hpp>

#include <array>
#include <set>
#include <vector>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using conv_bits = offramp::kernels::avx2::conv_bits;
using avx2 = offramp::path::avx2;

namespace {

constexpr std::array signatures{
    conv(kind::bits, kind::bits, kind::bits),      conv(kind::bits, kind::bits, kind::i8),
    conv(kind::bits, kind::bits, kind::i16, true), conv(kind::bits, kind::bits, kind::i32),
    conv(kind::bits, kind::bits, kind::i32, true), conv(kind::bits, kind::bits, kind::f32, true),
};
constexpr std::array others{
    conv(kind::bits, kind::bits, kind::i16),
    conv(kind::bits, kind::bits, kind::f32),
    two_slopes(conv(kind::bits, kind::bits, kind::i8)),
    rectified(conv(kind::bits, kind::bits, kind::i16)),
};
constexpr std::array in_groups{
    grouped(conv(kind::bits, kind::bits, kind::bits)),
    grouped(conv(kind::bits, kind::bits, kind::i16, true)),
};

// The table is small; these fill passes, bands and blocks, and stand at their edges.
constexpr op_case large_cases[] = {
    {"two blocks side by side", make_window({6, 6, 64}, 128, 3, 3, 1, 1, 1)},
    {"three blocks and a narrow one", make_window({5, 5, 40}, 200, 3, 3, 1, 1, 1)},
    {"a block and one output more", make_window({7, 6, 33}, 65, 3, 3, 1, 1, 1)},
    {"bytes as full as they get", make_window({5, 5, 85}, 70, 3, 3, 1, 1, 1)},
    {"one sum beyond a byte", make_window({5, 5, 86}, 70, 3, 3, 1, 1, 1)},
    {"several bands", make_window({40, 41, 6}, 70, 3, 3, 1, 1, 1)},
    {"several bands, stride 2", make_window({70, 80, 3}, 96, 3, 3, 2, 1, 1)},
    {"one row is more than a band", make_window({2, 700, 4}, 66, 1, 3, 1, 0, 1)},
    {"1x1, stride 2", make_window({11, 12, 100}, 130, 1, 1, 2, 0, 0)},
    {"strides 1 and 2", make_window({9, 9, 35}, 100, 3, 2, 1, 1, 0, 2)},
    {"tables, stored wider", stored_for(make_window({6, 6, 37}, 90, 3, 3, 1, 1, 1), 80, 150)},
    {"dense, stored wider", stored_for(make_window({1, 1, 100}, 30, 1, 1, 1, 0, 0), 130, 64)},
    {"few outputs", make_window({9, 9, 64}, 7, 3, 3, 1, 1, 1)},
    {"dense, 31 steps of 16 words", make_window({1, 1, 32 * 16 * 31}, 9, 1, 1, 1, 0, 0)},
    {"dense, an odd number of words", make_window({1, 1, 32 * 45}, 20, 1, 1, 1, 0, 0)},
};
constexpr op_case large_groups[] = {
    {"2 groups of 64 into 64", make_window({6, 6, 128}, 128, 3, 3, 1, 1, 1, 0, 2)},
    {"3 groups of 32 into 96", make_window({6, 5, 96}, 288, 3, 3, 1, 1, 1, 0, 3)},
    {"2 groups of 32 into 40", make_window({6, 6, 64}, 80, 3, 3, 1, 1, 1, 0, 2)},
    {"2 groups of 32 into 33", make_window({6, 6, 64}, 66, 3, 3, 1, 1, 1, 0, 2)},
    {"4 groups of 96 into 8, dense", make_window({1, 1, 384}, 32, 1, 1, 1, 0, 0, 0, 4)},
    {"groups, more stored", stored_for(make_window({6, 6, 128}, 128, 3, 3, 1, 1, 1, 0, 2), 128, 192)},
};

using variant = conv_bits::variant;
constexpr op_signature to_bits = signatures[0];

constexpr window weighty = make_window({3, 3, 64}, 160, 3, 3, 1, 1, 1);

}  // namespace

TEST_CASE("signs times signs on AVX2 equal the reference") {
  check_path<avx2, signatures>(conv_cases);
  check_path<avx2, signatures>(large_cases);
  check_path<avx2, others>(conv_cases);
}

TEST_CASE("signs times signs in groups on AVX2 equal the reference") {
  check_path<avx2, in_groups>(grouped_cases);
  check_path<avx2, in_groups>(large_groups);
}

TEST_CASE("the variant follows from counted operations") {
  const auto of = [](const window& w) { return conv_bits::variant_of({to_bits, w}); };
  CHECK(of(make_window({14, 14, 256}, 256, 3, 3, 1, 1, 1)) == variant::tables);
  CHECK(of(make_window({7, 7, 512}, 512, 3, 3, 1, 1, 1)) == variant::tables);
  CHECK(of(make_window({28, 28, 128}, 128, 1, 1, 1, 0, 0)) == variant::tables);
  CHECK(of(make_window({1, 1, 1024}, 1024, 1, 1, 1, 0, 0)) == variant::words);
  CHECK(of(make_window({14, 14, 64}, 8, 3, 3, 1, 1, 1)) == variant::words);
  // Counts beyond 16 bits.
  CHECK(of(make_window({16, 16, 8192}, 64, 3, 3, 1, 1, 1)) == variant::words);
  // Groups that begin within a word of the input, within a byte or a word of the output.
  CHECK(of(make_window({9, 9, 80}, 128, 3, 3, 1, 1, 1, 0, 2)) == variant::portable);
  CHECK(of(make_window({9, 9, 128}, 132, 3, 3, 1, 1, 1, 0, 2)) == variant::portable);
  CHECK(of(make_window({9, 9, 128}, 144, 3, 3, 1, 1, 1, 0, 2)) == variant::words);
  CHECK(of(make_window({9, 9, 128}, 128, 3, 3, 1, 1, 1, 0, 2)) == variant::tables);
}

TEST_CASE("counts at their limits, thresholds beyond them") {
  if (!kernels::runs_here<avx2>()) return;
  // All bits differ, so that every sum is as large as it may be.
  const kernel_op op{signatures[3], make_window({9, 9, 128}, 128, 3, 3, 1, 0, 0)};
  const window& w = op.geometry;
  REQUIRE(conv_bits::variant_of(op) == variant::tables);
  auto* in = reinterpret_cast<std::uint32_t*>(memory().in.take(9 * 9 * 4 * 4, 4));
  for (int i = 0; i < 9 * 9 * 4; ++i) in[i] = ~0u;
  const std::vector<std::uint32_t> canonical(kernels::canonical_layout(op).total(), 0);  // all +1, no bias
  auto* weights = reinterpret_cast<std::uint32_t*>(memory().weights.take(4 * conv_bits::weight_words(op), 4));
  conv_bits::pack(op, canonical.data(), weights);
  auto* out = reinterpret_cast<std::int32_t*>(memory().out.take(49 * 128 * 4, 4));
  auto* scratch = memory().scratch.take(conv_bits::scratch_bytes(op), 8);
  kernels::run<avx2, signatures[3]>(dynamic_geometry{w}, {in, weights, out, scratch});
  for (int i = 0; i < 49 * 128; ++i) REQUIRE(out[i] == -9 * 128);
}

TEST_CASE("random geometries on AVX2 equal the reference") {
  if (!kernels::runs_here<avx2>()) return;
  random_numbers r{77001};
  std::set<variant> seen;
  for (std::uint64_t i = 0; i < 150; ++i) {
    window w = random_conv(r, 200000);
    if (r.one_in(2)) w = stored_for(w, w.stored_in_c, w.out.c + 64), w.out.c = w.stored_out_c;
    seen.insert(conv_bits::variant_of({to_bits, w}));
    check_op<avx2, signatures[0]>(dynamic_geometry{w}, "random", i);
    if (i % 2 == 0) check_op<avx2, signatures[2]>(dynamic_geometry{w}, "random", i);
    const window grouped_window = random_grouped(r);
    check_op<avx2, in_groups[0]>(dynamic_geometry{grouped_window}, "random, in groups", i);
  }
  CHECK(seen == std::set{variant::tables, variant::words});
}

TEST_CASE("static geometries on AVX2 equal the reference") {
  if (!kernels::runs_here<avx2>()) return;
  check_op<avx2, signatures[0]>(static_geometry<weighty>{}, "static, tables", 1);
  check_op<avx2, signatures[2]>(static_geometry<weighty>{}, "static, tables", 2);
  check_op<avx2, signatures[0]>(static_geometry<make_window({1, 1, 256}, 10, 1, 1, 1, 0, 0)>{}, "static, words", 3);
}

TEST_CASE("planes in rows, tables or words by cost, whatever the active width") {
  using kernels::avx2::prefers_bit_rows;
  const auto rows = [](const window& w) { return prefers_bit_rows({to_bits, w}); };
  CHECK(rows(make_window({32, 32, 16}, 16, 3, 3, 1, 1, 1)));
  CHECK_FALSE(rows(make_window({56, 56, 64}, 64, 3, 3, 1, 1, 1)));    // tables
  CHECK_FALSE(rows(make_window({1, 1, 1024}, 1024, 1, 1, 1, 0, 0)));  // words
  CHECK_FALSE(rows(make_window({32, 32, 16}, 16, 3, 3, 2, 1, 1)));    // strided
  CHECK(rows(stored_for(make_window({32, 32, 2}, 2, 3, 3, 1, 1, 1), 16, 16)));
  CHECK_FALSE(rows(stored_for(make_window({56, 56, 2}, 2, 3, 3, 1, 1, 1), 64, 64)));
}
