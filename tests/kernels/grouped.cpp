// Convolutions in groups, groups of one channel (depthwise) among them: equal to the reference over the case table.
// covers: kernels/portable/conv_grouped.hpp kernels/portable/depthwise.hpp
#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;

namespace {

constexpr std::array bytes{
    grouped(conv(kind::i8, kind::i8, kind::i8)),
    grouped(conv(kind::u8, kind::i8, kind::bits)),
    grouped(conv(kind::i8, kind::i8, kind::i16, true)),
};
// Taken by the portable path alone: blurred streams, signs and numbers mixed, floats.
constexpr std::array others{
    grouped(conv(kind::i16, kind::i8, kind::i16)),   grouped(conv(kind::i8, kind::bits, kind::i8)),
    grouped(conv(kind::u8, kind::bits, kind::bits)), grouped(conv(kind::bits, kind::i8, kind::i8)),
    grouped(conv(kind::f32, kind::f32, kind::f32)),  grouped(conv(kind::u8, kind::f32, kind::bits)),
    grouped(conv(kind::bits, kind::f32, kind::f32)),
};
constexpr std::array signs{
    grouped(conv(kind::bits, kind::bits, kind::bits)),
    grouped(conv(kind::bits, kind::bits, kind::i16, true)),
};

}  // namespace

TEST_CASE("grouped bytes equal the reference over the case table") {
  check_all<bytes>(grouped_cases);
  require_run<offramp::path::portable, bytes>();
  require_run<offramp::path::fake, bytes>();
}

TEST_CASE("grouped streams, floats and mixtures equal the reference over the case table") {
  check_all<others>(grouped_cases);
  require_run<offramp::path::portable, others>();
}

TEST_CASE("grouped signs equal the reference over the case table") {
  check_all<signs>(grouped_cases);
  require_run<offramp::path::portable, signs>();
  require_run<offramp::path::fake, signs>();
}

TEST_CASE("the largest products of a depthwise convolution are exact") {
  // 25 products at the ends of the ranges (a weight of -128 is legal for the kernels), in every lane.
  const auto largest = []<class T>(auto signature, T value, int zero) {
    constexpr op_signature s = decltype(signature)::value;
    const window w = depthwise({5, 5, 67}, 1, 5, 5, 1, 0, 0);
    const kernel_op op{s, w};
    auto* in = reinterpret_cast<T*>(memory().in.take(25 * 67 * sizeof(T), sizeof(T)));
    for (int i = 0; i < 25 * 67; ++i) in[i] = value;
    const auto layout = kernels::canonical_layout(op);
    auto* canonical = reinterpret_cast<std::uint32_t*>(memory().canonical_weights.take(4 * layout.total(), 4));
    for (std::size_t i = 0; i < layout.total(); ++i) canonical[i] = i < layout.kernel() ? 0 : 0x80808080u;
    canonical[0] = static_cast<std::uint32_t>(zero);
    const std::size_t words = kernels::weight_words<offramp::path::portable>(op);
    auto* weights = reinterpret_cast<std::uint32_t*>(memory().weights.take(4 * words, 4));
    kernels::pack<offramp::path::portable>(op, canonical, weights);
    auto* out = reinterpret_cast<std::int32_t*>(memory().out.take(67 * 4, 4));
    kernels::run<offramp::path::portable, s>(dynamic_geometry{w}, {in, weights, out, nullptr});
    for (int o = 0; o < 67; ++o) CHECK(out[o] == 25 * (value - zero) * -128);
  };
  using pixels = std::integral_constant<op_signature, grouped(conv(kind::u8, kind::i8, kind::i32))>;
  using bytes_to_sums = std::integral_constant<op_signature, grouped(conv(kind::i8, kind::i8, kind::i32))>;
  using streams = std::integral_constant<op_signature, grouped(conv(kind::i16, kind::i8, kind::i32))>;
  largest(pixels{}, std::uint8_t{255}, 0);
  largest(pixels{}, std::uint8_t{0}, 255);
  largest(bytes_to_sums{}, std::int8_t{127}, -128);
  largest(bytes_to_sums{}, std::int8_t{-128}, 127);
  largest(streams{}, std::int16_t{32767}, 0);
  largest(streams{}, std::int16_t{-32768}, 0);
  largest(streams{}, std::int16_t{-1}, 0);
}
