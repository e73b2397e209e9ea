// covers: kernels/avx2/conv_float.hpp kernels/avx2/float_packing.hpp kernels/avx2/minimal_filtering.hpp
// Float convolutions on AVX2: equal to the reference bit for bit (sums of eighths are exact in any order), over the
// case table, over random geometries, and where geometry is static and register tiles have every size.
#include <array>
#include <bit>
#include <cmath>

#include <offramp/paths/avx2.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using path = offramp::path::avx2;

namespace {

constexpr op_signature plain = conv(kind::f32, kind::f32, kind::f32);
constexpr std::array signatures{plain, conv(kind::f32, kind::f32, kind::bits),
                                conv(kind::u8, kind::f32, kind::f32, true), conv(kind::i8, kind::f32, kind::i8)};

}  // namespace

TEST_CASE("float convolutions on AVX2 equal the reference over the case table") {
  check_path<path, signatures>(conv_cases);
}

TEST_CASE("float convolutions on AVX2 equal the reference over random geometries") {
  if (!kernels::runs_here<path>()) return;
  for (std::uint64_t stream = 1000; stream < 1250; ++stream) {
    random_numbers r{stream};
    window w = random_conv(r);
    if (r.one_in(2)) {  // as minimal filtering wants it
      w = make_window({r.between(2, 11), r.between(2, 11), r.between(8, 40)}, r.between(8, 70), 3, 3, 1,
                      r.between(0, 2), r.between(0, 2));
      if (w.out.h < 1 || w.out.w < 1) continue;
      if (r.one_in(3)) w = stored_for(w, w.in.c + r.between(0, 20), w.out.c + r.between(0, 40));
    }
    check_op<path, plain>(dynamic_geometry{w}, "random", stream);
    check_op<path, signatures[1]>(dynamic_geometry{w}, "random", stream);
  }
}

namespace {

template <window W>
void check_static() {
  check_op<path, plain>(static_geometry<W>{}, "static", 3);
}

}  // namespace

TEST_CASE("float convolutions on AVX2 equal the reference in static geometries") {
  if (!kernels::runs_here<path>()) return;
  check_static<make_window({12, 58, 3}, 16, 3, 3, 1, 1, 1)>();                    // rows in tiles of two sizes
  check_static<make_window({9, 13, 16}, 16, 3, 3, 1, 1, 1)>();                    // filtered, one block
  check_static<make_window({14, 15, 40}, 50, 3, 3, 1, 1, 1)>();                   // filtered, several of all
  check_static<make_window({11, 5, 24}, 40, 3, 3, 2, 1, 1)>();                    // stride 2
  check_static<make_window({1, 1, 77}, 70, 1, 1, 1, 0, 0)>();                     // dense
  check_static<stored_for(make_window({6, 6, 9}, 40, 5, 5, 1, 2, 2), 12, 70)>();  // rows of taps with gaps
}

TEST_CASE("rounding in sums on AVX2 stays small where windows are computed by minimal filtering, too") {
  if (!kernels::runs_here<path>()) return;
  const window w = make_window({6, 7, 37}, 19, 3, 3, 1, 1, 1);
  const kernel_op op{plain, w};
  random_numbers r{77};
  const auto fraction = [&] { return static_cast<float>(r.between(-1000003, 1000003)) / 1000003.0f; };
  auto* in = reinterpret_cast<float*>(memory().in.take(static_cast<std::size_t>(w.in.size()) * 4, 4));
  for (int i = 0; i < w.in.size(); ++i) in[i] = fraction();
  const auto layout = kernels::canonical_layout(op);
  auto* canonical = reinterpret_cast<std::uint32_t*>(memory().canonical_weights.take(4 * layout.total(), 4));
  fill_weights(r, op, canonical);
  for (std::size_t c = 0; c < layout.channels; ++c) {
    canonical[layout.array(0) + c] = std::bit_cast<std::uint32_t>(1.0f);
    canonical[layout.array(1) + c] = 0;
  }
  canonical[2] = std::bit_cast<std::uint32_t>(-1e30f);
  canonical[3] = std::bit_cast<std::uint32_t>(1e30f);
  for (std::size_t i = layout.kernel(); i < layout.total(); ++i)
    canonical[i] = std::bit_cast<std::uint32_t>(fraction());
  auto* weights = reinterpret_cast<std::uint32_t*>(memory().weights.take(4 * kernels::weight_words<path>(op), 4));
  kernels::pack<path>(op, canonical, weights);
  const std::size_t out_bytes = static_cast<std::size_t>(w.out.size()) * 4;
  auto* expected = reinterpret_cast<float*>(memory().expected.take(out_bytes, 4));
  auto* out = reinterpret_cast<float*>(memory().out.take(out_bytes, 4));
  auto* scratch = memory().scratch.take(kernels::scratch_bytes<path>(op), 8);
  kernels::run<offramp::path::reference, plain>(dynamic_geometry{w}, {in, canonical, expected, nullptr});
  kernels::run<path, plain>(dynamic_geometry{w}, {in, weights, out, scratch});
  // A transformed input is at most 4, a weight at most 9/4: 37 sums of at most 333 at each of 16 places, of which an
  // output adds 9, round by at most 9 * 37 * 333 * 2^-25 = 0.0034; the reference's own sums by as much.
  for (int i = 0; i < w.out.size(); ++i) CHECK(std::fabs(out[i] - expected[i]) < 0.0068f);
}
