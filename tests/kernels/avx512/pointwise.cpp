// covers: kernels/avx512/pointwise.hpp kernels/avx512/pointwise_traits.hpp kernels/avx512/numbers.hpp
// Output stages without a convolution on AVX-512: equal to the reference bit for bit, also where thresholds lie beyond
// what the input can be, where positions are left out, and where outputs repeat channels.
#include <array>

#include <offramp/paths/avx512.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using path = offramp::path::avx512;

namespace {

constexpr std::array to_bits{pointwise(kind::i16, kind::bits), pointwise(kind::i8, kind::bits),
                             pointwise(kind::u8, kind::bits), pointwise(kind::f32, kind::bits)};
constexpr std::array to_numbers{pointwise(kind::i16, kind::i8),  pointwise(kind::i16, kind::i16, true),
                                pointwise(kind::i8, kind::f32),  two_slopes(pointwise(kind::u8, kind::i8)),
                                pointwise(kind::f32, kind::i8),  pointwise(kind::f32, kind::f32),
                                pointwise(kind::i32, kind::i16), pointwise(kind::i32, kind::i8),
                                pointwise(kind::i32, kind::f32)};

window every_other_position(shape in) { return make_window(in, in.c, 1, 1, 2, 0, 0); }

}  // namespace

TEST_CASE("signs of numbers on AVX-512 equal the reference over the case table") {
  check_path<path, to_bits>(pointwise_cases);
}

TEST_CASE("changes of kind on AVX-512 equal the reference over the case table") {
  check_path<path, to_numbers>(pointwise_cases);
}

TEST_CASE("signs of numbers on AVX-512 equal the reference for any number of channels") {
  if (!kernels::runs_here<path>()) return;
  for (std::uint64_t stream = 3000; stream < 3150; ++stream) {
    random_numbers r{stream};
    const shape in{r.between(1, 5), r.between(1, 5), r.between(1, 150)};
    window w = r.one_in(4) ? every_other_position(in) : make_window(in, in.c, 1, 1, 1, 0, 0);
    if (r.one_in(8)) w.out.c = w.stored_out_c = 2 * in.c;
    check_op<path, to_bits[0]>(dynamic_geometry{w}, "random", stream);
    check_op<path, to_bits[1]>(dynamic_geometry{w}, "random", stream);
    check_op<path, to_bits[2]>(dynamic_geometry{w}, "random", stream);
    check_op<path, to_bits[3]>(dynamic_geometry{w}, "random", stream);
    check_op<path, to_numbers[0]>(dynamic_geometry{w}, "random", stream);
    check_op<path, to_numbers[6]>(dynamic_geometry{w}, "random", stream);
  }
}

TEST_CASE("thresholds at and beyond both ends of the input's range become what they mean on AVX-512") {
  if (!kernels::runs_here<path>()) return;
  constexpr op_signature s = to_bits[1];
  const window w = make_window({16, 16, 8}, 8, 1, 1, 1, 0, 0);
  const kernel_op op{s, w};
  std::uint32_t canonical[13] = {static_cast<std::uint32_t>(-100), 0, 0, 0};
  const int thresholds[8] = {-0x7fffffff - 1, -28, -27, 0, 227, 228, 229, 0x7fffffff};  // x + 100 lies in [-28, 227]
  for (int c = 0; c < 8; ++c) canonical[4 + c] = static_cast<std::uint32_t>(thresholds[c]);
  canonical[12] = 0xa5;
  std::int8_t in[16 * 16 * 8];
  for (int i = 0; i < 16 * 16 * 8; ++i) in[i] = static_cast<std::int8_t>(i / 8 - 128);
  std::uint32_t packed[64], expected[256], got[256];
  REQUIRE(kernels::weight_words<path>(op) <= 64);
  kernels::pack<path>(op, canonical, packed);
  kernels::run<offramp::path::reference, s>(dynamic_geometry{w}, {in, canonical, expected, nullptr});
  kernels::run<path, s>(static_geometry<make_window({16, 16, 8}, 8, 1, 1, 1, 0, 0)>{}, {in, packed, got, nullptr});
  for (int p = 0; p < 256; ++p) CHECK(got[p] == expected[p]);
}
