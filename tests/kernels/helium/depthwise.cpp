// covers: kernels/helium/depthwise.hpp kernels/helium/depthwise_traits.hpp
// Convolutions in groups by Helium: equal to the reference bit for bit over the case table, over random geometries, and
// where geometry is static.
#include <doctest/doctest.h>

#include <array>

#include <offramp/paths/helium.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp;
using namespace offramp_test;
using path_here = path::helium;

namespace {

constexpr std::array<op_signature, 6> signatures{
    grouped(conv(i8, i8, i8)),         grouped(conv(u8, i8, bits)), rectified(grouped(conv(i8, i8, i16))),
    grouped(conv(u8, bits, i8, true)), grouped(conv(i8, i8, i32)),  two_slopes(grouped(conv(u8, bits, i8))),
};
static_assert(std::is_same_v<kernels::running_path<path_here, signatures[0]>, path_here>);
static_assert(!std::is_same_v<kernels::running_path<path_here, grouped(conv(i16, i8, i8))>, path_here>);

template <window W>
void check_static(std::uint64_t stream) {
  check_op<path_here, signatures[0]>(static_geometry<W>{}, "static", stream);
  check_op<path_here, signatures[1]>(static_geometry<W>{}, "static", stream);
  check_op<path_here, signatures[2]>(static_geometry<W>{}, "static", stream);
}

}  // namespace

TEST_CASE("Helium: grouped convolutions, the case table") { check_path<path_here, signatures>(grouped_cases); }

TEST_CASE("Helium: grouped convolutions, random geometries") {
  for (std::uint64_t stream = 2000; stream < 2300; ++stream) {
    random_numbers r{stream};
    window w = random_grouped(r, 20000);
    if (r.one_in(2))
      w = depthwise({r.between(3, 9), r.between(3, 9), r.between(1, 70)}, 1, 3, 3, r.between(1, 2), 1, 1);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (check_op<path_here, signatures[I]>(dynamic_geometry{w}, "random", stream), ...);
    }
    (std::make_index_sequence<signatures.size()>{});
  }
}

TEST_CASE("Helium: depthwise convolutions, static geometries") {
  check_static<depthwise({25, 5, 64}, 1, 3, 3, 1, 1, 1)>(1);
  check_static<depthwise({6, 9, 15}, 1, 3, 3, 1, 1, 1)>(2);
  check_static<depthwise({9, 13, 36}, 1, 5, 5, 2, 2, 2)>(3);
  check_static<depthwise({2, 12, 8}, 1, 1, 9, 1, 0, 4)>(4);
  check_static<depthwise({5, 6, 24}, 2, 3, 3, 1, 0, 0)>(5);  // repeated channels
  check_static<make_window({5, 5, 12}, 8, 3, 3, 1, 1, 1, 0, 4)>(6);
}
