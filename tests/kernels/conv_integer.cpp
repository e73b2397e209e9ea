// Integers, or signs read as numbers, times int8: equal to the reference over the case table.
#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;

namespace {

constexpr std::array pixels{
    conv(kind::u8, kind::i8, kind::bits),      conv(kind::u8, kind::i8, kind::i8),  conv(kind::u8, kind::i8, kind::i16),
    conv(kind::u8, kind::i8, kind::i16, true), conv(kind::u8, kind::i8, kind::i32), conv(kind::u8, kind::i8, kind::f32),
};
constexpr std::array integers{
    conv(kind::i8, kind::i8, kind::bits),     conv(kind::i8, kind::i8, kind::i8),
    conv(kind::i8, kind::i8, kind::i8, true), conv(kind::i8, kind::i8, kind::i16, true),
    conv(kind::i8, kind::i8, kind::i32),      conv(kind::i8, kind::i8, kind::f32, true),
};
// Taken by the portable path alone.
constexpr std::array others{
    conv(kind::bits, kind::i8, kind::bits), conv(kind::bits, kind::i8, kind::i8),
    conv(kind::bits, kind::i8, kind::i32),  conv(kind::i16, kind::i8, kind::i32),
    conv(kind::i16, kind::i8, kind::bits),
};

}  // namespace

TEST_CASE("pixels times int8 equal the reference over the case table") {
  check_all<pixels>(conv_cases);
  require_run<offramp::path::portable, pixels>();
}

TEST_CASE("int8 times int8 equal the reference over the case table") {
  check_all<integers>(conv_cases);
  require_run<offramp::path::portable, integers>();
}

TEST_CASE("signs and streams times int8 equal the reference over the case table") {
  check_all<others>(conv_cases);
  require_run<offramp::path::portable, others>();
}

TEST_CASE("the fake path took the integer signatures it claims") {
  constexpr std::array claimed{pixels[0], pixels[3], integers[1], integers[4]};
  check_all<claimed>(pointwise_cases);  // 1x1 windows
  require_run<offramp::path::fake, claimed>();
}

TEST_CASE("the largest shallow sums are exact") {
  // 31 products of 255 and -128 (a weight of -128 is legal for the kernels): 1011840 < 2^24.
  constexpr op_signature s = conv(kind::u8, kind::i8, kind::i32);
  const window w = make_window({1, 1, 31}, 33, 1, 1, 1, 0, 0);
  const kernel_op op{s, w};
  auto* in = memory().in.take(31, 1);
  for (int i = 0; i < 31; ++i) in[i] = 255;
  const auto layout = kernels::canonical_layout(op);
  auto* weights = reinterpret_cast<std::uint32_t*>(memory().weights.take(4 * layout.total(), 4));
  for (std::size_t i = 0; i < layout.total(); ++i) weights[i] = i < layout.kernel() ? 0 : 0x80808080u;
  auto* out = reinterpret_cast<std::int32_t*>(memory().out.take(33 * 4, 4));
  auto* scratch = memory().scratch.take(kernels::scratch_bytes<offramp::path::portable>(op), 8);
  kernels::run<offramp::path::portable, s>(dynamic_geometry{w}, {in, weights, out, scratch});
  for (int o = 0; o < 33; ++o) CHECK(out[o] == -31 * 255 * 128);
}
