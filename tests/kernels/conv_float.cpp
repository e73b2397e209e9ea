// Floats: with data whose sums are exact (multiples of 1/8) even floats equal the reference bit for bit; with other
// data only the order of summation may show.
#include <array>
#include <cmath>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;

namespace {

constexpr std::array signatures{
    conv(kind::f32, kind::f32, kind::f32),  conv(kind::f32, kind::f32, kind::f32, true),
    conv(kind::f32, kind::f32, kind::bits), conv(kind::f32, kind::f32, kind::i8),
    conv(kind::u8, kind::f32, kind::f32),   conv(kind::u8, kind::f32, kind::bits),
    conv(kind::bits, kind::f32, kind::f32), conv(kind::i8, kind::f32, kind::f32, true),
};

}  // namespace

TEST_CASE("floats equal the reference over the case table") {
  check_all<signatures>(conv_cases);
  require_run<offramp::path::portable, signatures>();
}

TEST_CASE("streams that meet float weights become floats") {
  // Few products, so that sums of large numbers stay exact.
  constexpr op_signature s = conv(kind::i16, kind::f32, kind::f32);
  static_assert(std::is_same_v<kernels::running_path<offramp::path::portable, s>, offramp::path::portable>);
  check_op<offramp::path::portable, s>(dynamic_geometry{make_window({4, 5, 2}, 9, 3, 3, 1, 1, 1)}, "i16 by f32", 1);
  check_op<offramp::path::portable, grouped(s)>(dynamic_geometry{depthwise({4, 5, 9}, 1, 3, 3, 1, 1, 1)}, "i16 by f32",
                                                2);
}

TEST_CASE("rounding in sums stays within a few units of the last place of the summands") {
  constexpr op_signature s = conv(kind::f32, kind::f32, kind::f32);
  const window w = make_window({5, 5, 37}, 19, 3, 3, 1, 1, 1);
  const kernel_op op{s, w};
  random_numbers r{77};
  const auto fraction = [&] { return static_cast<float>(r.between(-1000003, 1000003)) / 1000003.0f; };
  auto* in = reinterpret_cast<float*>(memory().in.take(static_cast<std::size_t>(w.in.size()) * 4, 4));
  for (int i = 0; i < w.in.size(); ++i) in[i] = fraction();
  const auto layout = kernels::canonical_layout(op);
  auto* canonical = reinterpret_cast<std::uint32_t*>(memory().canonical_weights.take(4 * layout.total(), 4));
  fill_weights(r, op, canonical);
  for (std::size_t c = 0; c < layout.channels; ++c) {
    canonical[layout.array(0) + c] = std::bit_cast<std::uint32_t>(1.0f);
    canonical[layout.array(1) + c] = std::bit_cast<std::uint32_t>(0.0f);
  }
  canonical[2] = std::bit_cast<std::uint32_t>(-1e30f);
  canonical[3] = std::bit_cast<std::uint32_t>(1e30f);
  for (std::size_t i = layout.kernel(); i < layout.total(); ++i)
    canonical[i] = std::bit_cast<std::uint32_t>(fraction());
  auto* weights = reinterpret_cast<std::uint32_t*>(memory().weights.take(4 * layout.total(), 4));
  kernels::pack<offramp::path::portable>(op, canonical, weights);
  const std::size_t out_bytes = static_cast<std::size_t>(w.out.size()) * 4;
  auto* expected = reinterpret_cast<float*>(memory().expected.take(out_bytes, 4));
  auto* out = reinterpret_cast<float*>(memory().out.take(out_bytes, 4));
  auto* scratch = memory().scratch.take(kernels::scratch_bytes<offramp::path::portable>(op), 8);
  kernels::run<offramp::path::reference, s>(dynamic_geometry{w}, {in, canonical, expected, nullptr});
  kernels::run<offramp::path::portable, s>(dynamic_geometry{w}, {in, weights, out, scratch});
  // Each of 333 additions rounds a partial sum below 333 by at most half a unit: 333 * 333 * 2^-25 = 0.0034 at worst.
  for (int i = 0; i < w.out.size(); ++i) CHECK(std::fabs(out[i] - expected[i]) < 0.0034f);
}
