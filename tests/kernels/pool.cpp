// Pooling: equal to the reference over the case table; on bits the maximum of signs.
#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;

namespace {

constexpr std::array maxima{max_pool(kind::bits), max_pool(kind::i8), max_pool(kind::i16), max_pool(kind::f32),
                            max_pool(kind::u8)};
constexpr std::array means{
    avg_pool(kind::i16, kind::i8),   avg_pool(kind::i16, kind::i16),  avg_pool(kind::i8, kind::i8),
    avg_pool(kind::f32, kind::f32),  avg_pool(kind::bits, kind::i8),  avg_pool(kind::bits, kind::i16, true),
    avg_pool(kind::bits, kind::f32), avg_pool(kind::i16, kind::bits), avg_pool(kind::i8, kind::i32),
};
constexpr std::array mixtures{
    mixed_pool(kind::u8, kind::i8),   mixed_pool(kind::i8, kind::i8),         mixed_pool(kind::i16, kind::i8),
    mixed_pool(kind::i16, kind::i16), mixed_pool(kind::i16, kind::i16, true), mixed_pool(kind::i16, kind::f32),
    mixed_pool(kind::f32, kind::f32), mixed_pool(kind::f32, kind::i8),
};

}  // namespace

TEST_CASE("maxima equal the reference over the case table") {
  check_all<maxima>(pool_cases);
  require_run<offramp::path::portable, maxima>();
  constexpr std::array on_bits{max_pool(kind::bits)};
  require_run<offramp::path::fake, on_bits>();
}

TEST_CASE("mixtures equal the reference over the case table") {
  check_all<mixtures>(pool_cases);
  require_run<offramp::path::portable, mixtures>();
}

TEST_CASE("means equal the reference over the case table, also where channels repeat") {
  check_all<means>(pool_cases);
  check_all<means>(widening_pool_cases);
  require_run<offramp::path::portable, means>();
}
