// covers: kernels/avx2/depthwise.hpp kernels/avx2/depthwise_traits.hpp
// Convolutions in groups on AVX2: equal to the reference bit for bit over the case table, over random geometries, and
// where geometry is static and register tiles have other sizes.
#include <array>

#include <offramp/paths/avx2.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using path = offramp::path::avx2;

namespace {

constexpr op_signature floats = grouped(conv(kind::f32, kind::f32, kind::f32));
constexpr op_signature bytes = grouped(conv(kind::i8, kind::i8, kind::i8));
constexpr std::array signatures{floats, bytes, grouped(conv(kind::f32, kind::f32, kind::bits)),
                                grouped(conv(kind::u8, kind::i8, kind::i16, true))};

}  // namespace

TEST_CASE("grouped convolutions on AVX2 equal the reference over the case table") {
  check_path<path, signatures>(grouped_cases);
}

TEST_CASE("grouped convolutions on AVX2 equal the reference over random geometries") {
  if (!kernels::runs_here<path>()) return;
  for (std::uint64_t stream = 2000; stream < 2200; ++stream) {
    random_numbers r{stream};
    window w = random_grouped(r);
    if (r.one_in(3)) w = depthwise({r.between(3, 9), r.between(3, 20), 16 * r.between(1, 10)}, 1, 3, 3, 1, 1, 1);
    check_op<path, floats>(dynamic_geometry{w}, "random", stream);
    check_op<path, bytes>(dynamic_geometry{w}, "random", stream);
  }
}

TEST_CASE("depthwise windows of very many taps are left to exact arithmetic") {
  if (!kernels::runs_here<path>()) return;
  check_op<path, bytes>(dynamic_geometry{depthwise({23, 23, 5}, 1, 23, 23, 1, 0, 0)}, "529 taps", 1);
  check_op<path, bytes>(dynamic_geometry{depthwise({32, 16, 5}, 1, 32, 16, 1, 0, 0)}, "512 taps", 2);
}

namespace {

template <window W>
void check_static() {
  check_op<path, floats>(static_geometry<W>{}, "static", 3);
  check_op<path, bytes>(static_geometry<W>{}, "static", 4);
}

}  // namespace

TEST_CASE("depthwise convolutions on AVX2 equal the reference in static geometries") {
  if (!kernels::runs_here<path>()) return;
  check_static<depthwise({25, 5, 64}, 1, 3, 3, 1, 1, 1)>();
  check_static<depthwise({6, 31, 16}, 1, 3, 3, 1, 1, 1)>();   // tiles of 11 and 10
  check_static<depthwise({9, 13, 100}, 1, 5, 5, 2, 2, 2)>();  // vectors of four, of one, and what is left
  check_static<depthwise({5, 6, 24}, 2, 3, 3, 1, 0, 0)>();    // repeated channels
  check_static<make_window({5, 5, 12}, 8, 3, 3, 1, 1, 1, 0, 4)>();
}
