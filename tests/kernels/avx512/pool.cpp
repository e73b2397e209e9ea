// covers: kernels/avx512/pool.hpp kernels/avx512/pool_traits.hpp
// Pooling on AVX-512: equal to the reference bit for bit over the case tables, and for positions of every size in
// windows of 2x2, which go another way.
#include <array>

#include <offramp/paths/avx512.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using path = offramp::path::avx512;

namespace {

constexpr std::array maxima{max_pool(kind::bits), max_pool(kind::i8), max_pool(kind::i16), max_pool(kind::f32),
                            max_pool(kind::u8)};
constexpr std::array means{avg_pool(kind::i16, kind::i8),       avg_pool(kind::i8, kind::i8),
                           avg_pool(kind::f32, kind::f32),      avg_pool(kind::bits, kind::i16, true),
                           avg_pool(kind::i16, kind::bits),     avg_pool(kind::i16, kind::i16),
                           avg_pool(kind::i16, kind::i16, true)};

}  // namespace

TEST_CASE("maxima on AVX-512 equal the reference over the case table") { check_path<path, maxima>(pool_cases); }

TEST_CASE("means on AVX-512 equal the reference over the case table, also where channels repeat") {
  check_path<path, means>(pool_cases);
  check_path<path, means>(widening_pool_cases);
}

TEST_CASE("means of 16-bit streams on AVX-512, 32 channels at a time") {
  constexpr op_case cases[] = {
      {"32 channels", make_window({7, 8, 32}, 32, 2, 2, 2, 0, 0)},
      {"64 channels, an odd window", make_window({9, 9, 64}, 64, 3, 3, 3, 0, 0)},
      {"some channels more", make_window({6, 6, 75}, 75, 2, 3, 2, 0, 0)},
      {"repeated", make_window({6, 6, 32}, 64, 2, 2, 2, 0, 0)},
      {"repeated in part", make_window({6, 6, 64}, 100, 2, 1, 2, 0, 0)},
  };
  check_path<path, means>(cases);
}

TEST_CASE("maxima of 2x2 on AVX-512 equal the reference for positions of every size") {
  if (!kernels::runs_here<path>()) return;
  for (std::uint64_t stream = 4000; stream < 4150; ++stream) {
    random_numbers r{stream};
    const shape in{r.between(2, 7), r.between(2, 40), r.one_in(2) ? 1 << r.between(0, 9) : r.between(1, 150)};
    window w = make_window(in, in.c, 2, 2, 2, 0, 0);
    if (r.one_in(4)) w = make_window(in, in.c, r.between(1, 2), 2, r.between(1, 3), 0, 0, r.between(1, 2));
    check_op<path, maxima[0]>(dynamic_geometry{w}, "random", stream);
    check_op<path, maxima[1]>(dynamic_geometry{w}, "random", stream);
    check_op<path, maxima[2]>(dynamic_geometry{w}, "random", stream);
    check_op<path, maxima[3]>(dynamic_geometry{w}, "random", stream);
  }
}

TEST_CASE("means on AVX-512 equal the reference for windows of every size") {
  if (!kernels::runs_here<path>()) return;
  for (std::uint64_t stream = 4200; stream < 4300; ++stream) {
    random_numbers r{stream};
    const shape in{r.between(1, 20), r.between(1, 20), r.between(1, 130)};
    const int h = r.one_in(3) ? in.h : r.between(1, in.h), across = r.one_in(3) ? in.w : r.between(1, in.w);
    const window w = make_window(in, in.c, h, across, r.between(1, 4), 0, 0);
    check_op<path, means[0]>(dynamic_geometry{w}, "random", stream);
    check_op<path, means[1]>(dynamic_geometry{w}, "random", stream);
    check_op<path, means[2]>(dynamic_geometry{w}, "random", stream);
    check_op<path, means[3]>(dynamic_geometry{w}, "random", stream);
  }
}
