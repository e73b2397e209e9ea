// covers: layers/residual.hpp
// The windows of a shortcut: by hand, and what holds for all of them.
#include <offramp/layers/residual.hpp>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

// Rows of 8 columns and 4 channels to `to` rows.
window rows(int from, int to) { return shortcut_window({from, 8, 4}, {to, 8, 8}); }

void check_rows(int from, int to, int kernel, int stride) {
  CAPTURE(from);
  CAPTURE(to);
  const window w = rows(from, to);
  CHECK(w.kernel_h == kernel);
  CHECK(w.stride_h == stride);
  CHECK(w.kernel_w == 1);
  CHECK(w.stride_w == 1);
  CHECK(w.out == shape{to, 8, 8});
}

}  // namespace

TEST_CASE("shortcuts, by hand") {
  check_rows(8, 8, 1, 1);
  check_rows(14, 7, 2, 2);
  check_rows(12, 4, 3, 3);
  check_rows(28, 1, 28, 28);
  // A stride of 2 with padding on both sides: every second row.
  check_rows(7, 4, 1, 2);
  check_rows(3, 2, 1, 2);
  // Without padding: what the body's windows of 3 see.
  check_rows(8, 6, 3, 1);
  check_rows(7, 3, 3, 2);
  // Height and width need not shrink alike.
  CHECK(shortcut_window({1, 50, 4}, {1, 25, 4}) == make_window({1, 50, 4}, 4, 1, 2, 1, 0, 0, 2));
  CHECK(shortcut_window({8, 7, 4}, {4, 4, 4}) == make_window({8, 7, 4}, 4, 2, 1, 2, 0, 0));
}

TEST_CASE("shortcuts: windows begin at the first row, end at the last, and skip none where they divide") {
  for (int from = 1; from <= 40; ++from)
    for (int to = 1; to <= from; ++to) {
      CAPTURE(from);
      CAPTURE(to);
      const window w = rows(from, to);
      CHECK(w.out.h == to);
      CHECK(w.kernel_h >= 1);
      CHECK((to - 1) * w.stride_h + w.kernel_h == from);
      CHECK(stays_inside(w));
      if (from % to == 0) {
        CHECK(w.kernel_h == from / to);
        CHECK(w.stride_h == from / to);
      }
    }
}
