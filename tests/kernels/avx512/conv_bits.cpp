// Signs times signs on AVX-512, channels innermost: every kernel equal to the reference.
// covers: kernels/avx512/word_plan.hpp kernels/avx512/word_patches.hpp kernels/avx512/word_conv.hpp
// covers: kernels/avx512/carry_save.hpp kernels/avx512/conv_bits_costs.hpp kernels/avx512/conv_bits_traits.hpp
#include <offramp/kernels/avx512/conv_bits.hpp>
#include <offramp/paths/avx512.hpp>

#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using avx512 = offramp::path::avx512;

namespace {

constexpr std::array signatures{
    conv(kind::bits, kind::bits, kind::bits),      conv(kind::bits, kind::bits, kind::i8),
    conv(kind::bits, kind::bits, kind::i16, true), conv(kind::bits, kind::bits, kind::i32),
    conv(kind::bits, kind::bits, kind::f32, true),
};
constexpr std::array others{
    conv(kind::bits, kind::bits, kind::i16),
    conv(kind::bits, kind::bits, kind::i32, true),
    conv(kind::bits, kind::bits, kind::f32),
    two_slopes(conv(kind::bits, kind::bits, kind::i8)),
};
constexpr std::array in_groups{
    grouped(conv(kind::bits, kind::bits, kind::bits)),
    grouped(conv(kind::bits, kind::bits, kind::i16, true)),
};

// The table is small; these fill blocks and runs of positions, and all levels of the counters.
constexpr op_case large_cases[] = {
    {"16 words and more", make_window({6, 6, 64}, 40, 3, 3, 1, 1, 1)},
    {"all remainders: 31 words", make_window({1, 1, 32 * 31}, 33, 1, 1, 1, 0, 0)},
    {"30 steps of 16 words", make_window({1, 1, 32 * 480}, 17, 1, 1, 1, 0, 0)},
    {"31 steps and 15 words", make_window({1, 1, 32 * (31 * 16 + 15)}, 3, 1, 1, 1, 0, 0)},
    {"many positions, few words", make_window({70, 70, 9}, 20, 1, 1, 1, 0, 0)},
    {"several blocks", make_window({20, 23, 160}, 16, 3, 3, 1, 1, 1)},
    {"dense, more tiles than a run", make_window({1, 1, 40}, 500, 1, 1, 1, 0, 0)},
    {"tight", make_window({9, 9, 17}, 30, 3, 3, 1, 1, 1)},
    {"tight, two words a pixel", make_window({8, 7, 40}, 50, 3, 3, 2, 1, 1)},
    {"tight, five words a run", make_window({7, 7, 33}, 18, 5, 5, 1, 2, 2)},
    {"tight, stored wider", stored_for(make_window({7, 8, 20}, 33, 3, 3, 1, 1, 1), 38, 70)},
    {"stored wider by words", stored_for(make_window({7, 8, 70}, 33, 3, 3, 1, 1, 1), 160, 40)},
};
constexpr op_case large_groups[] = {
    {"2 groups of 64 into 64", make_window({6, 6, 128}, 128, 3, 3, 1, 1, 1, 0, 2)},
    {"3 groups of 40 into 17", make_window({6, 5, 120}, 51, 3, 3, 1, 1, 1, 0, 3)},
    {"7 groups of 9 into 11", make_window({6, 6, 63}, 77, 3, 3, 2, 1, 1, 0, 7)},
    {"4 groups of 96 into 8, dense", make_window({1, 1, 384}, 32, 1, 1, 1, 0, 0, 0, 4)},
    {"groups, more stored", stored_for(make_window({6, 6, 128}, 128, 3, 3, 1, 1, 1, 0, 2), 128, 192)},
};

constexpr op_signature to_bits = signatures[0];

}  // namespace

TEST_CASE("signs times signs on AVX-512 equal the reference") {
  check_path<avx512, signatures>(conv_cases);
  check_path<avx512, signatures>(large_cases);
  check_path<avx512, others>(conv_cases);
}

TEST_CASE("signs times signs in groups on AVX-512 equal the reference") {
  check_path<avx512, in_groups>(grouped_cases);
  check_path<avx512, in_groups>(large_groups);
}

TEST_CASE("signs times signs on AVX-512: random geometries") {
  if (!kernels::runs_here<avx512>()) return;
  random_numbers r{512};
  for (std::uint64_t i = 0; i < 150; ++i) {
    check_op<avx512, to_bits>(dynamic_geometry{random_conv(r)}, "random", 1000 + i);
    check_op<avx512, in_groups[0]>(dynamic_geometry{random_grouped(r)}, "random groups", 2000 + i);
  }
}

TEST_CASE("signs times signs on AVX-512: constant shapes") {
  if (!kernels::runs_here<avx512>()) return;
  check_op<avx512, to_bits>(static_geometry<make_window({8, 8, 64}, 64, 3, 3, 1, 1, 1)>{}, "static", 1);
  check_op<avx512, to_bits>(static_geometry<make_window({1, 1, 256}, 10, 1, 1, 1, 0, 0)>{}, "static, dense", 2);
  check_op<avx512, to_bits>(static_geometry<make_window({8, 8, 16}, 16, 3, 3, 1, 1, 1)>{}, "static, tight", 3);
}

TEST_CASE("words without gaps where they are fewer") {
  using offramp::kernels::avx512::plan_words;
  CHECK(plan_words({to_bits, make_window({8, 8, 16}, 16, 3, 3, 1, 1, 1)}).words == 5);
  CHECK(plan_words({to_bits, make_window({8, 8, 33}, 16, 3, 3, 1, 1, 1)}).words == 10);
  CHECK(plan_words({to_bits, make_window({8, 8, 500}, 16, 3, 3, 1, 1, 1)}).words == 9 * 16);
}

TEST_CASE("words, tables and columns by cost, whatever the active width") {
  using offramp::kernels::avx512::choose_conv_bits;
  using enum offramp::kernels::avx512::conv_bits_variant;
  const auto chosen = [](const window& w) { return choose_conv_bits({to_bits, w}).variant; };
  constexpr window many_positions = make_window({20, 20, 64}, 64, 3, 3, 1, 1, 1);
  constexpr window many_channels = make_window({4, 4, 256}, 256, 3, 3, 1, 1, 1);
  constexpr window one_position = make_window({1, 1, 256}, 64, 1, 1, 1, 0, 0);
  CHECK(chosen(many_positions) == tables);
  CHECK(chosen(many_channels) == columns);
  CHECK(chosen(one_position) == words);
  CHECK(chosen(stored_for(make_window({4, 4, 32}, 32, 3, 3, 1, 1, 1), 256, 256)) == columns);
  if (!kernels::runs_here<avx512>()) return;
  check_op<avx512, to_bits>(dynamic_geometry{many_positions}, "tables", 11);
  check_op<avx512, to_bits>(dynamic_geometry{many_channels}, "columns", 12);
  check_op<avx512, to_bits>(static_geometry<many_positions>{}, "tables", 13);
  check_op<avx512, to_bits>(static_geometry<many_channels>{}, "columns", 14);
  check_op<avx512, to_bits>(dynamic_geometry{stored_for(make_window({4, 4, 32}, 32, 3, 3, 1, 1, 1), 256, 256)},
                            "columns, stored wider", 15);
  using offramp::kernels::avx512::prefers_bit_rows;
  CHECK(prefers_bit_rows({to_bits, make_window({56, 56, 64}, 64, 3, 3, 1, 1, 1)}));
  CHECK_FALSE(prefers_bit_rows({to_bits, make_window({7, 7, 512}, 512, 3, 3, 1, 1, 1)}));
}
