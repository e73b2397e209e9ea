// covers: kernels/avx2/pool_bit_rows.hpp kernels/avx2/pool_bit_rows_traits.hpp
// Maximum over planes of signs in rows: the case table, halves of all fields, random windows.
#include <doctest/doctest.h>

#include <offramp/paths/avx2.hpp>

#include "tests/support/bit_rows_cases.hpp"

namespace {

using namespace offramp_test;
using offramp::path::avx2;

constexpr op_case more_pools[] = {
    {"2x2 of 16 columns", make_window({16, 16, 5}, 5, 2, 2, 2, 0, 0)},
    {"2x2 of 14 columns, odd rows", make_window({14, 14, 3}, 3, 2, 2, 2, 0, 0)},
    {"2x2 of 17 columns", make_window({9, 17, 4}, 4, 2, 2, 2, 0, 0)},
    {"2x2 of 32 columns", make_window({32, 32, 3}, 3, 2, 2, 2, 0, 0)},
    {"2x2 of 31 columns", make_window({6, 31, 2}, 2, 2, 2, 2, 0, 0)},
    {"2x2 of 56 columns", make_window({56, 56, 2}, 2, 2, 2, 2, 0, 0)},
    {"2x2 of 64 columns", make_window({3, 64, 2}, 2, 2, 2, 2, 0, 0)},
    {"3x3, stride 2, of 56 columns", make_window({13, 56, 3}, 3, 3, 3, 2, 0, 0)},
    {"global, 64 columns", make_window({5, 64, 2}, 2, 5, 64, 1, 0, 0)},
    {"over 64 columns", make_window({4, 66, 2}, 2, 2, 2, 2, 0, 0)},
};

TEST_CASE("maximum over planes of signs: case table") {
  check_path<avx2, rows_pool_signatures>(pool_cases);
  check_path<avx2, rows_pool_signatures>(more_pools);
}

TEST_CASE("maximum over planes of signs: random windows") {
  if (!kernels::runs_here<avx2>()) return;
  random_numbers r{77};
  for (unsigned i = 0; i < 150; ++i) {
    const shape in{r.between(1, 20), r.one_in(10) ? r.between(65, 90) : r.between(1, 64), r.between(1, 6)};
    window w = make_window(in, in.c, r.between(1, 4), r.between(1, 4), r.between(1, 3), 0, 0, r.between(1, 4));
    if (w.out.h > 0 && w.out.w > 0) check_op<avx2, rows_pool>(dynamic_geometry{w}, "random", i);
  }
}

}  // namespace
