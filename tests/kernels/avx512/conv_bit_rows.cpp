// covers: kernels/avx512/conv_bit_rows.hpp kernels/avx512/conv_bit_rows_traits.hpp kernels/avx512/bit_planes.hpp
// covers: kernels/avx512/row_planes.hpp kernels/avx512/row_counts.hpp kernels/avx512/row_pairs.hpp
// covers: kernels/avx512/pair_weights.hpp
// covers: kernels/x86/bit_rows.hpp
// Convolutions of signs plane by plane: the case table, geometries that fill one, two and more vectors, chunks and
// planes of counts, and random ones.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <vector>

#include <offramp/paths/avx512.hpp>

#include "tests/support/bit_rows_cases.hpp"

namespace {

using namespace offramp_test;
using offramp::path::avx512;

TEST_CASE("case table") { check_path<avx512, rows_signatures>(conv_cases); }

TEST_CASE("geometries of several vectors and chunks") { check_path<avx512, rows_signatures>(wide_row_cases); }

constexpr op_case shared_row_cases[] = {
    {"16 channels", make_window({32, 32, 16}, 16, 3, 3, 1, 1, 1)},
    {"15 channels, odd rows", make_window({31, 29, 15}, 7, 3, 3, 1, 1, 1)},
    {"17 rows", make_window({17, 17, 16}, 3, 3, 3, 1, 1, 1)},
    {"one channel", make_window({32, 32, 1}, 1, 3, 3, 1, 1, 1)},
    {"two channels", make_window({18, 32, 2}, 2, 3, 3, 1, 1, 1)},
    {"a block a row", make_window({32, 17, 5}, 4, 3, 3, 1, 1, 1)},
    {"two blocks a row", make_window({24, 20, 8}, 5, 3, 3, 1, 1, 1)},
    {"two blocks a row, no zeros", make_window({32, 32, 10}, 6, 3, 3, 1, 1, 1)},
    {"three blocks a row", make_window({30, 31, 14}, 4, 3, 3, 1, 1, 1)},
    {"more outputs stored", stored_for(make_window({32, 32, 16}, 5, 3, 3, 1, 1, 1), 16, 16)},
};

TEST_CASE("even and odd rows share a table") {
  for (const auto& c : shared_row_cases) CHECK(kernels::avx512::conv_bit_rows::shares_rows(c.geometry));
  check_path<avx512, rows_signatures>(shared_row_cases);
}

TEST_CASE("rows that share no table") {
  using kernel = kernels::avx512::conv_bit_rows;
  constexpr op_case cases[] = {
      {"sums that end early", stored_for(make_window({32, 32, 9}, 5, 3, 3, 1, 1, 1), 16, 16)},
      {"17 channels", make_window({32, 32, 17}, 3, 3, 3, 1, 1, 1)},
      {"16 rows", make_window({16, 32, 16}, 3, 3, 3, 1, 1, 1)},
      {"33 rows", make_window({33, 32, 5}, 3, 3, 3, 1, 1, 1)},
      {"no rows of padding", make_window({32, 32, 5}, 3, 3, 3, 1, 0, 1)},
      {"fields of 16", make_window({32, 16, 5}, 3, 3, 3, 1, 1, 1)},
  };
  for (const auto& c : cases) CHECK_FALSE(kernel::shares_rows(c.geometry));
  check_path<avx512, rows_signatures>(cases);
  CHECK(kernel::pairs_rows(cases[0].geometry));  // packed for those that do not end early as well
}

TEST_CASE("constant geometries") {
  if (!kernels::runs_here<avx512>()) return;
  check_op<avx512, rows_conv>(static_geometry<make_window({32, 32, 16}, 16, 3, 3, 1, 1, 1)>{}, "32x32x16", 1);
  check_op<avx512, rows_conv>(static_geometry<make_window({16, 16, 32}, 7, 3, 3, 1, 1, 1)>{}, "16x16x32", 2);
  check_op<avx512, rows_conv>(static_geometry<make_window({9, 56, 13}, 5, 3, 3, 1, 1, 1)>{}, "rows of 56", 3);
}

TEST_CASE("random geometries") {
  if (!kernels::runs_here<avx512>()) return;
  random_numbers r{512};
  for (int i = 0; i < 150; ++i) {
    const window w = i % 2 == 0 ? random_conv(r) : random_rows(r);
    check_op<avx512, rows_conv>(dynamic_geometry{w}, "random", 1000u + static_cast<unsigned>(i));
  }
}

TEST_CASE("what is fast, and what it costs") {
  using kernel = kernels::avx512::conv_bit_rows;
  constexpr kernel_op fast{rows_conv, make_window({56, 56, 64}, 64, 3, 3, 1, 1, 1)};
  constexpr kernel_op strided{rows_conv, make_window({56, 56, 64}, 64, 3, 3, 2, 1, 1)};
  static_assert(kernels::bit_rows::takes(fast.geometry) && !kernels::bit_rows::takes(strided.geometry));
  static_assert(kernel::weight_words(strided) == kernels::canonical_layout(strided).total());
  static_assert(kernel::scratch_bytes(strided) == 0);
  static_assert(kernel::weight_words(fast) % 16 == 0);
  static_assert(kernel::stride(fast.geometry) % 128 == 64);
}

TEST_CASE("nested widths share packed weights") {
  using kernel = kernels::avx512::conv_bit_rows;
  const kernel_op wide{rows_conv, make_window({6, 20, 40}, 9, 3, 3, 1, 1, 1)};
  const kernel_op narrow{rows_conv, stored_for(make_window({6, 20, 23}, 4, 3, 3, 1, 1, 1), 40, 9)};
  REQUIRE(kernel::weight_words(wide) == kernel::weight_words(narrow));
  std::vector<std::uint32_t> canonical(kernels::canonical_layout(wide).total());
  random_numbers r{4};
  fill_weights(r, wide, canonical.data());
  std::vector<std::uint32_t> a(kernel::weight_words(wide)), b(a.size());
  kernel::pack(wide, canonical.data(), a.data());
  kernel::pack(narrow, canonical.data(), b.data());
  CHECK(a == b);
  CHECK(kernel::reads(wide) == kernel::reads(narrow));
}

TEST_CASE("thresholds become comparisons of counts") {
  // 9 products: acc = 9 - 2 count < 0 from count 5 = 101b on. The lowest plane is the parity, complemented for an odd
  // number of set weights.
  const auto words = [&](std::int32_t t, bool flip, bool odd) {
    std::array<std::uint32_t, 8> to{};
    kernels::bit_rows::pack_threshold(9, t, flip, odd, to.data());
    return to;
  };
  using expected = std::array<std::uint32_t, 8>;
  const std::uint32_t all = ~0u;
  CHECK(words(0, false, false) == expected{2, 0, all, 0, 0, 0, 0, 0});
  CHECK(words(0, true, true) == expected{3, 0, all, 0, 0, 0, 0, all});
  CHECK(words(1, false, true) == expected{3, 0, all, 0, 0, 0, 0, 0});
  CHECK(words(2, false, true) == expected{1, 0, all, 0, 0, 0, 0, 0});
  CHECK(words(10, false, true) == expected{1, 0, 0, 0, 0, 0, 0, 0});
  CHECK(words(0x7fffffff, false, true) == expected{1, 0, 0, 0, 0, 0, 0, 0});
  CHECK(words(-9, false, true) == expected{0, all, all, all, all, all, all, 0});
  CHECK(words(-0x7fffffff - 1, false, true) == expected{0, all, all, all, all, all, all, 0});
}

TEST_CASE("thresholds become comparisons of carries where rows share tables") {
  namespace packed = kernels::avx512::pair_weights;
  constexpr window w = make_window({32, 32, 1}, 1, 3, 3, 1, 1, 1);
  const auto words = [&](std::uint32_t weights, std::int32_t t, bool flip, bool odd) {
    const std::array<std::uint32_t, 9> kernel{weights & 1,      weights >> 1 & 1, weights >> 2 & 1,
                                              weights >> 3 & 1, weights >> 4 & 1, weights >> 5 & 1,
                                              weights >> 6 & 1, weights >> 7 & 1, weights >> 8 & 1};
    std::array<std::uint32_t, packed::words> to{};
    std::array<std::uint32_t, 6> codes{};
    packed::pack_channel(w, kernel.data(), 0, odd, t, flip, to.data(), codes.data(), 0);
    return to;
  };
  using expected = std::array<std::uint32_t, packed::words>;
  const std::uint32_t all = ~0u;
  // From count 5 on: one more is counted, so from 6 on, carries and majority from 3 on, which is more than 2.
  CHECK(words(0, 0, false, false) == expected{64, 0, all});
  // Weights of the first row: its two carries of zeros outside, for three mismatches and the one more.
  CHECK(words(7, 0, false, false) == expected{0, 0, all, 0, 0, 0, 0, 0, 0, 0, all});
  CHECK(words(7 << 6, 0, true, false) == expected{64 * 3, 0, all, 0, 0, 0, 0, 0, all});
  CHECK(words(7 << 6, 0, true, true) == expected{0, 0, all, 0, 0, 0, 0, 0, all, 0, all});
  // From count 4 on.
  CHECK(words(7, 2, false, false) == expected{64, all, 0, 0, 0, 0, 0, 0, 0, all});
  // Never, and always.
  const expected never{0, all, all, all, all, all, all, all}, always{0, all, all, all, all, all, all, all, all};
  CHECK(words(0, -9, false, false) == never);
  CHECK(words(0, -0x7fffffff - 1, true, true) == always);
  CHECK(words(0, 10, false, false) == always);
  CHECK(words(0, 0x7fffffff, true, false) == never);
}

}  // namespace
