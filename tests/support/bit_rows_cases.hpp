// What tests of kernels on planes in rows (layout bit_rows) share: signatures, geometries that fill more than one
// vector, chunk or field, and random ones.
#ifndef OFFRAMP_TESTS_SUPPORT_BIT_ROWS_CASES_HPP
#define OFFRAMP_TESTS_SUPPORT_BIT_ROWS_CASES_HPP

#include <array>

#include "tests/support/kernel_check.hpp"

namespace offramp_test {

inline constexpr op_signature rows_conv{op_kind::conv, kind::bits,       kind::bits,      kind::bits,
                                        false,         layout::bit_rows, layout::bit_rows};
inline constexpr std::array rows_signatures{rows_conv};
inline constexpr op_signature rows_pool{op_kind::max_pool, kind::bits,      kind::none, kind::bits, false,
                                        layout::bit_rows,  layout::bit_rows};
inline constexpr std::array rows_pool_signatures{rows_pool};
inline constexpr op_signature to_rows{op_kind::convert, kind::bits,      kind::none, kind::bits, false,
                                      layout::nhwc,     layout::bit_rows};
inline constexpr op_signature from_rows{op_kind::convert, kind::bits,  kind::none, kind::bits, false,
                                        layout::bit_rows, layout::nhwc};
inline constexpr std::array convert_signatures{to_rows, from_rows};

inline constexpr op_case wide_row_cases[] = {
    {"16 columns, 16 rows", make_window({16, 16, 20}, 9, 3, 3, 1, 1, 1)},
    {"16 columns, one row more", make_window({17, 16, 5}, 3, 3, 3, 1, 1, 1)},
    {"17 columns", make_window({9, 17, 11}, 4, 3, 3, 1, 1, 1)},
    {"32 columns, two vectors", make_window({32, 32, 16}, 5, 3, 3, 1, 1, 1)},
    {"32 columns, a short vector last", make_window({23, 31, 7}, 6, 3, 3, 1, 1, 1)},
    {"33 columns", make_window({10, 33, 4}, 3, 3, 3, 1, 1, 1)},
    {"64 columns", make_window({9, 64, 3}, 2, 3, 3, 1, 1, 1)},
    {"56 columns, 5x5", make_window({13, 56, 2}, 3, 5, 5, 1, 2, 2)},
    {"over 64 columns", make_window({4, 70, 3}, 3, 3, 3, 1, 1, 1)},
    {"no padding, same field", make_window({20, 30, 3}, 3, 3, 3, 1, 0, 0)},
    {"no padding, another field", make_window({6, 18, 3}, 3, 3, 3, 1, 0, 0)},
    {"padding makes it wider", make_window({5, 20, 3}, 3, 3, 3, 1, 2, 3)},
    {"3x1", make_window({20, 20, 9}, 4, 3, 1, 1, 1, 0)},
    {"1x3", make_window({20, 20, 9}, 4, 1, 3, 1, 0, 1)},
    {"1x1, many channels", make_window({18, 18, 150}, 3, 1, 1, 1, 0, 0)},
    {"a chunk and a tap", make_window({3, 20, 97}, 3, 1, 1, 1, 0, 0)},
    {"two chunks", make_window({20, 20, 64}, 3, 3, 1, 1, 1, 0)},
    {"seven blocks in the second chunk", make_window({5, 20, 238}, 5, 1, 1, 1, 0, 0)},
    {"five blocks in the second chunk", make_window({20, 20, 170}, 5, 1, 1, 1, 0, 0)},
    {"over 1023 products", make_window({17, 20, 120}, 3, 3, 3, 1, 1, 1)},
    {"over 1023 products, short vectors", make_window({5, 6, 130}, 5, 3, 3, 1, 1, 1)},
    {"over 4095 products", make_window({2, 3, 520}, 2, 3, 3, 1, 1, 1)},
    {"63 products", make_window({4, 20, 7}, 3, 3, 3, 1, 1, 1)},
    {"stored wider, several vectors", stored_for(make_window({20, 28, 33}, 6, 3, 3, 1, 1, 1), 70, 9)},
    {"ends early in a pair", stored_for(make_window({5, 20, 3}, 2, 3, 3, 1, 1, 1), 4, 2)},
    {"ends early in a quad", stored_for(make_window({5, 20, 6}, 3, 3, 3, 1, 1, 1), 64, 5)},
    {"ends early with a chunk", stored_for(make_window({5, 20, 96}, 3, 1, 1, 1, 0, 0), 300, 4)},
    {"ends early with a chunk of short vectors", stored_for(make_window({5, 6, 128}, 3, 1, 1, 1, 0, 0), 129, 3)},
    {"ends early behind two chunks", stored_for(make_window({5, 20, 231}, 3, 1, 1, 1, 0, 0), 500, 3)},
    {"stride 2", make_window({12, 40, 6}, 5, 3, 3, 2, 1, 1)},
};

// Rows up to 64 columns and a few beyond, seldom more than a million products.
inline window random_rows(random_numbers& r) {
  for (;;) {
    const shape in{r.between(1, 40), r.one_in(12) ? r.between(65, 130) : r.between(1, 64), r.between(1, 40)};
    const int kernel = r.one_in(2) ? 3 : r.between(1, 5);
    window w = make_window(in, r.between(1, 9), kernel, r.one_in(3) ? r.between(1, 5) : kernel, r.one_in(6) ? 2 : 1,
                           kernel / 2, r.one_in(3) ? r.between(0, 2) : kernel / 2);
    if (r.one_in(6)) w = stored_for(w, in.c + r.between(0, 40), w.out.c + r.between(0, 9));
    if (w.out.h > 0 && w.out.w > 0 && w.out.size() * w.depth() <= 400000) return w;
  }
}

}  // namespace offramp_test

#endif
