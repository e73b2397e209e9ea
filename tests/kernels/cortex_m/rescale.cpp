// Numbers rescaled on 32-bit cores equal the reference: the case table, random and static geometries.
// covers: kernels/cortex_m/rescale.hpp kernels/cortex_m/rescale_traits.hpp
#include <array>
#include <type_traits>

#include <offramp/paths/cortex_m.hpp>
#include <offramp/paths/cortex_m_dsp.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using offramp::path::cortex_m;

namespace {

constexpr std::array numbers{
    pointwise(kind::i16, kind::i8), pointwise(kind::i16, kind::i16),       pointwise(kind::i8, kind::i8),
    pointwise(kind::u8, kind::i8),  pointwise(kind::i16, kind::i16, true), pointwise(kind::i8, kind::i16, true),
};
// What is left to the parent.
template <op_signature S>
using runs_on = kernels::running_path<offramp::path::cortex_m_dsp, S>;
static_assert(std::is_same_v<runs_on<numbers[0]>, cortex_m>);
static_assert(std::is_same_v<runs_on<pointwise(kind::i16, kind::f32)>, offramp::path::portable>);
static_assert(std::is_same_v<runs_on<pointwise(kind::i16, kind::i32)>, offramp::path::portable>);
static_assert(std::is_same_v<runs_on<two_slopes(pointwise(kind::i16, kind::i8))>, offramp::path::portable>);
static_assert(std::is_same_v<runs_on<pointwise(kind::bits, kind::i8)>, offramp::path::portable>);

// Not in turn: positions left out, channels that repeat.
constexpr op_case others[] = {
    {"every second position", make_window({7, 6, 33}, 33, 1, 1, 2, 0, 0)},
    {"channels repeat", make_window({3, 4, 20}, 60, 1, 1, 1, 0, 0)},
};

}  // namespace

TEST_CASE("rescaled numbers on 32-bit cores equal the reference") {
  check_path<cortex_m, numbers>(pointwise_cases);
  check_path<cortex_m, numbers>(others);
}

TEST_CASE("rescaled numbers of random geometries equal the reference") {
  random_numbers r{8181};
  for (std::uint64_t i = 0; i < 100; ++i) {
    const int channels = r.between(1, 70);
    window w = make_window({r.between(1, 9), r.between(1, 9), channels}, channels, 1, 1, 1, 0, 0);
    if (r.one_in(4)) w = stored_for(w, channels, channels + r.between(1, 70));
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (check_op<cortex_m, numbers[I]>(dynamic_geometry{w}, "random", 10 * i + I), ...);
    }
    (std::make_index_sequence<numbers.size()>{});
  }
}

TEST_CASE("rescaled numbers of static geometries equal the reference") {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (check_op<cortex_m, numbers[0]>(static_geometry<pointwise_cases[I].geometry>{}, pointwise_cases[I].why, I), ...);
  }
  (std::make_index_sequence<std::size(pointwise_cases)>{});
  check_op<cortex_m, numbers[2]>(static_geometry<others[0].geometry>{}, others[0].why, 20);
}
