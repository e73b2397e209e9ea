// Numbers times signs, widened to bytes for few channels and summed under masks for many: equal to the reference.
// covers: kernels/portable/conv_integer.hpp kernels/portable/packing.hpp
#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;

namespace {

constexpr std::array signatures{
    conv(kind::u8, kind::bits, kind::bits), conv(kind::u8, kind::bits, kind::i16),
    conv(kind::u8, kind::bits, kind::f32),  conv(kind::i8, kind::bits, kind::bits),
    conv(kind::i8, kind::bits, kind::i8),   conv(kind::i8, kind::bits, kind::i16, true),
    conv(kind::i8, kind::bits, kind::i32),  conv(kind::i16, kind::bits, kind::i32),
};

}  // namespace

TEST_CASE("numbers times signs equal the reference over the case table") {
  check_all<signatures>(conv_cases);
  require_run<offramp::path::portable, signatures>();
}

TEST_CASE("16-bit lanes are emptied in time: long sums of extreme values under full masks") {
  constexpr op_signature s = conv(kind::u8, kind::bits, kind::i32);
  for (const int channels : {32, 256, 32 * 64, 32 * 300}) {
    const window w = make_window({1, 1, channels}, 3, 1, 1, 1, 0, 0);
    const kernel_op op{s, w};
    auto* in = memory().in.take(static_cast<std::size_t>(channels), 1);
    for (int i = 0; i < channels; ++i) in[i] = 255;
    const auto layout = kernels::canonical_layout(op);
    auto* weights = reinterpret_cast<std::uint32_t*>(memory().weights.take(4 * layout.total(), 4));
    for (std::size_t i = 0; i < layout.total(); ++i) weights[i] = i < layout.kernel() ? 0 : ~0u;
    auto* out = reinterpret_cast<std::int32_t*>(memory().out.take(3 * 4, 4));
    auto* scratch = memory().scratch.take(kernels::scratch_bytes<offramp::path::portable>(op), 8);
    kernels::run<offramp::path::portable, s>(dynamic_geometry{w}, {in, weights, out, scratch});
    for (int o = 0; o < 3; ++o) CHECK(out[o] == -255 * channels);
  }
}

TEST_CASE("widened signs take no more memory than their canonical words") {
  for (const int channels : {1, 2, 3, 4, 5}) {
    const kernel_op op{signatures[0], make_window({8, 8, channels}, 7, 3, 3, 1, 1, 1)};
    const std::size_t canonical = kernels::canonical_layout(op).total();
    CHECK(kernels::weight_words<offramp::path::portable>(op) <= canonical);
    CHECK((kernels::weight_words<offramp::path::portable>(op) < canonical) == (channels < 4));
  }
}
