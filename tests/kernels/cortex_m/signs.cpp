// Signs of numbers on 32-bit cores equal the reference: the case table, random and static geometries.
// covers: kernels/cortex_m/signs.hpp kernels/cortex_m/signs_traits.hpp
#include <array>
#include <type_traits>

#include <offramp/paths/cortex_m.hpp>
#include <offramp/paths/cortex_m_dsp.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using offramp::path::cortex_m;

namespace {

constexpr std::array to_bits{pointwise(kind::i16, kind::bits), pointwise(kind::i8, kind::bits),
                             pointwise(kind::u8, kind::bits), two_slopes(pointwise(kind::i16, kind::bits))};
// What is left to the parent.
template <op_signature S>
using runs_on = kernels::running_path<offramp::path::cortex_m_dsp, S>;
static_assert(std::is_same_v<runs_on<to_bits[0]>, cortex_m>);
static_assert(std::is_same_v<runs_on<pointwise(kind::f32, kind::bits)>, offramp::path::portable>);
static_assert(std::is_same_v<runs_on<pointwise(kind::i16, kind::f32)>, offramp::path::portable>);

// Not in turn: positions left out, channels that repeat.
constexpr op_case others[] = {
    {"every second position", make_window({7, 6, 33}, 33, 1, 1, 2, 0, 0)},
    {"strides 1 and 2", make_window({5, 6, 64}, 64, 1, 1, 1, 0, 0, 2)},
    {"stride 2, one position", make_window({1, 1, 40}, 40, 1, 1, 2, 0, 0)},
    {"channels repeat", make_window({3, 4, 20}, 60, 1, 1, 1, 0, 0)},
};

}  // namespace

TEST_CASE("signs of numbers on 32-bit cores equal the reference") {
  check_path<cortex_m, to_bits>(pointwise_cases);
  check_path<cortex_m, to_bits>(others);
}

TEST_CASE("signs of random geometries equal the reference") {
  random_numbers r{6161};
  for (std::uint64_t i = 0; i < 200; ++i) {
    const int channels = r.between(1, 130);
    window w = make_window({r.between(1, 9), r.between(1, 9), channels}, channels, 1, 1, 1, 0, 0);
    if (r.one_in(4)) w = stored_for(w, channels, channels + r.between(1, 70));
    check_op<cortex_m, to_bits[0]>(dynamic_geometry{w}, "random", 10 * i);
    check_op<cortex_m, to_bits[1]>(dynamic_geometry{w}, "random", 10 * i + 1);
    check_op<cortex_m, to_bits[2]>(dynamic_geometry{w}, "random", 10 * i + 2);
  }
}

TEST_CASE("signs of static geometries equal the reference") {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (check_op<cortex_m, to_bits[0]>(static_geometry<pointwise_cases[I].geometry>{}, pointwise_cases[I].why, I), ...);
  }
  (std::make_index_sequence<std::size(pointwise_cases)>{});
  check_op<cortex_m, to_bits[0]>(static_geometry<others[0].geometry>{}, others[0].why, 20);
  check_op<cortex_m, to_bits[1]>(static_geometry<others[3].geometry>{}, others[3].why, 21);
}
