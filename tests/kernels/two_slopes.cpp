// Output stages with another slope below a threshold, and logits added to logits: equal to the reference over the case
// table, for every kind of output.
// covers: kernels/output_stage.hpp kernels/weights.hpp
#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;

namespace {

constexpr std::array both{
    two_slopes(conv(kind::i8, kind::i8, kind::i8)),           two_slopes(conv(kind::bits, kind::bits, kind::i16, true)),
    two_slopes(conv(kind::i8, kind::i8, kind::i32)),          two_slopes(conv(kind::u8, kind::i8, kind::i8, true)),
    rectified(conv(kind::bits, kind::bits, kind::i16, true)), rectified(conv(kind::i8, kind::i8, kind::i8)),
};
constexpr std::array portable_only{
    two_slopes(conv(kind::u8, kind::i8, kind::f32)),
    two_slopes(conv(kind::f32, kind::f32, kind::f32, true)),
    two_slopes(pointwise(kind::i16, kind::i16)),
    two_slopes(pointwise(kind::f32, kind::i8)),
    two_slopes(grouped(conv(kind::i8, kind::i8, kind::i8))),
    rectified(conv(kind::f32, kind::f32, kind::f32)),
    rectified(grouped(conv(kind::i8, kind::i8, kind::i8))),
    pointwise(kind::i32, kind::f32),
    pointwise(kind::f32, kind::i16),
    conv(kind::i16, kind::i8, kind::i32, true),
};

}  // namespace

TEST_CASE("second slopes equal the reference over the case table") {
  check_all<both>(pointwise_cases);
  require_run<offramp::path::portable, both>();
  require_run<offramp::path::fake, both>();
}

TEST_CASE("second slopes and links between logits equal the reference over the case table") {
  check_all<portable_only>(pointwise_cases);
  require_run<offramp::path::portable, portable_only>();
}
