// Window extents against counting where a window fits.
#include <offramp/core/window.hpp>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

// Positions of a window that begin at multiples of the stride and end inside the padded input.
int counted(int in, int kernel, int stride, int pad) {
  int n = 0;
  for (int start = -pad; start + kernel <= in + pad; start += stride) ++n;
  return n;
}

}  // namespace

TEST_CASE("extents equal a count, and are 0 where nothing fits") {
  for (int in = 1; in <= 12; ++in)
    for (int kernel = 1; kernel <= 7; ++kernel)
      for (int stride = 1; stride <= 4; ++stride)
        for (int pad = 0; pad <= 3; ++pad)
          if (window_extent(in, kernel, stride, pad) != counted(in, kernel, stride, pad))
            FAIL_CHECK("in " << in << " kernel " << kernel << " stride " << stride << " pad " << pad);
  CHECK(window_extent(2, 3, 1, 0) == 0);
  CHECK(window_extent(28, 3, 2, 1) == 14);
}

TEST_CASE("a window knows its taps and its depth") {
  constexpr window w = make_window({14, 10, 24}, 7, 3, 5, 2, 1, 2);
  static_assert(w.out == shape{7, 5, 7});
  static_assert(w.taps() == 15 && w.depth() == 360);
  static_assert(w.stored_in_c == 24 && w.stored_out_c == 7);
  static_assert(w.stride_h == 2 && w.stride_w == 2 && w.pad_top == 1 && w.pad_left == 2);
  CHECK(static_geometry<w>{}() == w);
  CHECK(dynamic_geometry{w}() == w);
  CHECK_FALSE(dynamic_geometry::is_static);
  CHECK(static_geometry<w>::is_static);
}

TEST_CASE("longer rows: the same products at the same positions, unless there is padding") {
  const auto check = [](const window& from, int in_h, int in_w, int out_w, int kernel_w) {
    const window w = with_long_rows(from);
    CHECK(w.in.h == in_h);
    CHECK(w.in.w == in_w);
    CHECK(w.out.w == out_w);
    CHECK(w.kernel_w == kernel_w);
    CHECK(w.out.positions() == from.out.positions());
    CHECK(w.depth() == from.depth());
    CHECK(stays_inside(w) == stays_inside(from));
  };
  check(make_window({14, 10, 8}, 7, 1, 1, 1, 0, 0), 1, 140, 140, 1);  // 1x1: one row of positions
  check(make_window({6, 4, 8}, 7, 6, 4, 1, 0, 0), 1, 24, 1, 24);      // dense: one run of inputs
  check(make_window({6, 4, 8}, 7, 3, 4, 1, 0, 0), 6, 4, 1, 4);        // several rows of positions stay
  check(make_window({6, 4, 8}, 7, 1, 1, 2, 0, 0), 6, 4, 2, 1);        // so do strides
  check(make_window({6, 4, 8}, 7, 3, 3, 1, 1, 1), 6, 4, 4, 3);        // and padding
}
