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
