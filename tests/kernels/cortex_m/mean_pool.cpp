// Means of integers on 32-bit cores equal the reference: the case tables, random and static geometries.
// covers: kernels/cortex_m/mean_pool.hpp kernels/cortex_m/mean_pool_traits.hpp
#include <array>
#include <type_traits>

#include <offramp/paths/cortex_m.hpp>
#include <offramp/paths/cortex_m_dsp.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using offramp::path::cortex_m;
using offramp::path::cortex_m_tables;

namespace {

constexpr std::array means{
    avg_pool(kind::i16, kind::i8), avg_pool(kind::i16, kind::i16),       avg_pool(kind::i16, kind::i16, true),
    avg_pool(kind::i8, kind::i8),  avg_pool(kind::i8, kind::i32),        avg_pool(kind::u8, kind::i8),
    avg_pool(kind::u8, kind::i16), avg_pool(kind::i16, kind::i32, true), two_slopes(avg_pool(kind::i16, kind::i8)),
};
constexpr std::array on_tables{means[0]};
// What is left to the parent.
template <op_signature S>
using runs_on = kernels::running_path<offramp::path::cortex_m_dsp, S>;
static_assert(std::is_same_v<runs_on<means[0]>, cortex_m>);
static_assert(std::is_same_v<runs_on<avg_pool(kind::bits, kind::i8)>, offramp::path::portable>);
static_assert(std::is_same_v<runs_on<avg_pool(kind::i16, kind::bits)>, offramp::path::portable>);
static_assert(std::is_same_v<runs_on<avg_pool(kind::f32, kind::i8)>, offramp::path::portable>);
static_assert(std::is_same_v<runs_on<avg_pool(kind::i16, kind::f32)>, offramp::path::portable>);
static_assert(std::is_same_v<runs_on<max_pool(kind::i16)>, offramp::path::portable>);

constexpr op_case overlapping = {"strides below and above the window", make_window({9, 8, 5}, 5, 3, 2, 1, 0, 0, 3)};

template <op_signature S, const auto& Cases, std::size_t... I>
void check_static() {
  (check_op<cortex_m, S>(static_geometry<Cases[I].geometry>{}, Cases[I].why, I + 1), ...);
}

window random_pool(random_numbers& r) {
  for (;;) {
    const int channels = r.between(1, 70);
    window w = make_window({r.between(1, 9), r.between(1, 9), channels}, channels, r.between(1, 5), r.between(1, 5),
                           r.between(1, 4), 0, 0, r.between(1, 4));
    if (r.one_in(4)) w.out.c = w.stored_out_c = channels * r.between(2, 3);
    if (w.out.h > 0 && w.out.w > 0) return w;
  }
}

}  // namespace

TEST_CASE("means on 32-bit cores equal the reference, also where channels repeat") {
  check_path<cortex_m, means>(pool_cases);
  check_path<cortex_m, means>(widening_pool_cases);
  check_path<cortex_m, means>({overlapping});
  check_path<cortex_m_tables, on_tables>(pool_cases);
}

TEST_CASE("means of random geometries equal the reference") {
  random_numbers r{5151};
  for (std::uint64_t i = 0; i < 200; ++i) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (check_op<cortex_m, means[I]>(dynamic_geometry{random_pool(r)}, "random", 100 * i + I), ...);
    }
    (std::make_index_sequence<means.size()>{});
  }
}

TEST_CASE("means of static geometries equal the reference") {
  check_static<means[0], pool_cases, 0, 1, 2, 5, 7, 8>();
  check_static<means[2], pool_cases, 3, 4, 6>();
  check_static<means[1], widening_pool_cases, 0, 1, 2>();
}
