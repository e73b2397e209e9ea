// Signs times signs: portable and fake path equal the reference, bit for bit, over the case table.
#include <array>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;

namespace {

constexpr std::array signatures{
    conv(kind::bits, kind::bits, kind::bits), conv(kind::bits, kind::bits, kind::i8),
    conv(kind::bits, kind::bits, kind::i16),  conv(kind::bits, kind::bits, kind::i16, true),
    conv(kind::bits, kind::bits, kind::i32),  conv(kind::bits, kind::bits, kind::i32, true),
    conv(kind::bits, kind::bits, kind::f32),  conv(kind::bits, kind::bits, kind::f32, true),
};

}  // namespace

TEST_CASE("signs times signs equal the reference over the case table") {
  check_all<signatures>(conv_cases);
  require_run<offramp::path::portable, signatures>();
  require_run<offramp::path::fake, signatures>();
}

TEST_CASE("long rows of words: carry-save counters are emptied in time") {
  // All bits differ: every counter takes its largest value. 1000 words pass the limit of 124 several times.
  constexpr op_signature s = conv(kind::bits, kind::bits, kind::i32);
  for (const int channels : {32 * 3, 32 * 4, 32 * 123, 32 * 124, 32 * 125, 32 * 1000}) {
    const window w = make_window({1, 1, channels}, 9, 1, 1, 1, 0, 0);
    const kernel_op op{s, w};
    auto* in = reinterpret_cast<std::uint32_t*>(memory().in.take(static_cast<std::size_t>(channels) / 8, 4));
    for (int i = 0; i < channels / 32; ++i) in[i] = ~0u;
    const std::size_t words = kernels::canonical_layout(op).total();
    auto* weights = reinterpret_cast<std::uint32_t*>(memory().weights.take(4 * words, 4));
    for (std::size_t i = 0; i < words; ++i) weights[i] = 0;  // all +1, no bias
    auto* out = reinterpret_cast<std::int32_t*>(memory().out.take(9 * 4, 4));
    kernels::run<offramp::path::portable, s>(dynamic_geometry{w}, {in, weights, out, nullptr});
    for (int o = 0; o < 9; ++o) CHECK(out[o] == -channels);
  }
}
