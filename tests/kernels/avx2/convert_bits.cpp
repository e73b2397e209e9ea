// covers: kernels/avx2/convert_bits.hpp kernels/avx2/convert_bits_traits.hpp kernels/avx2/row_planes.hpp
// Signs from channels innermost to planes in rows and back: all fields, all numbers of words a position has.
#include <doctest/doctest.h>

#include <offramp/paths/avx2.hpp>

#include "tests/support/bit_rows_cases.hpp"

namespace {

using namespace offramp_test;
using offramp::path::avx2;

constexpr window same(int h, int w, int c) { return make_window({h, w, c}, c, 1, 1, 1, 0, 0); }

constexpr op_case converted[] = {
    {"smallest", same(1, 1, 1)},
    {"7 channels", same(3, 5, 7)},
    {"8 channels", same(4, 8, 8)},
    {"9 channels", same(5, 9, 9)},
    {"16 columns", same(16, 16, 16)},
    {"odd rows of 16", same(7, 15, 31)},
    {"17 columns, a word", same(6, 17, 32)},
    {"32 columns, one above a word", same(5, 32, 33)},
    {"33 columns, two words", same(4, 33, 64)},
    {"64 columns, three words", same(3, 64, 96)},
    {"65 columns, four words", same(2, 65, 128)},
    {"130 columns, one above four words", same(2, 130, 129)},
    {"six words", same(5, 28, 190)},
    {"eight words", same(14, 14, 256)},
};

TEST_CASE("signs between channels innermost and planes in rows") { check_path<avx2, convert_signatures>(converted); }

TEST_CASE("signs between channels innermost and planes in rows: random shapes") {
  if (!kernels::runs_here<avx2>()) return;
  random_numbers r{99};
  for (unsigned i = 0; i < 150; ++i) {
    const window w = same(r.between(1, 20), r.between(1, r.one_in(5) ? 140 : 64), r.between(1, r.one_in(3) ? 300 : 70));
    check_op<avx2, to_rows>(dynamic_geometry{w}, "random", i);
    check_op<avx2, from_rows>(dynamic_geometry{w}, "random", i);
  }
}

}  // namespace
