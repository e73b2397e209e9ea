// covers: kernels/avx2/output.hpp
// The vector output stage against `finish`, for every output kind: random and extreme accumulators and parameters, any
// number of channels, guarded memory.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include <offramp/kernels/avx2/output.hpp>
#include <offramp/kernels/portable/output_tile.hpp>
#include <offramp/kernels/x86/cpu.hpp>

#include "tests/support/kernel_check.hpp"

#if OFFRAMP_X86_64
using namespace offramp;
using namespace offramp_test;
using kernels::accumulator_t;
using kernels::parameters;

namespace {

constexpr int positions = 5;

// Parameters beyond what `fill_weights` gives: any factor, bias and threshold that `finish` is defined for.
void fill_extremes(random_numbers& r, const kernel_op& op, std::uint32_t* words) {
  const op_signature& s = op.signature;
  const auto l = kernels::canonical_layout(op);
  if (s.float_accumulator() || s.out == kind::f32 || s.out == kind::bits) return;
  const int per_set = kernels::parameter_set(s);
  for (std::size_t c = 0; c < l.channels; ++c)
    for (int a = s.two_slopes ? 1 : 0; a < kernels::parameter_arrays(s); a += per_set) {
      const auto set = [&](int array, std::int32_t v) {
        words[l.array(static_cast<std::size_t>(array)) + c] = static_cast<std::uint32_t>(v);
      };
      set(a, r.between(-(1 << 30) + 1, (1 << 30) - 1));
      if (per_set < 3) continue;
      set(a + 1, r.one_in(8) ? 0 : r.one_in(4) ? 1 << 30 : r.between(1 << 30, 0x7fffffff));
      // Streams of i32 may not run over.
      set(a + 2, r.one_in(2) ? r.between(-31, s.out == kind::i32 ? -1 : 30) : r.between(-24, -14));
    }
}

template <op_signature S>
OFFRAMP_AVX2 void store_all(const std::uint32_t* words, const window& w, const accumulator_t<S>* acc, void* out,
                            bool once) {
  const parameters<S> p{words, w};
  for (int first = 0; first < w.out.c; first += 8) {
    const int n = w.out.c - first < 8 ? w.out.c - first : 8;
    const auto lanes = kernels::avx2::load_output_lanes8(p, first, n);
    for (int i = 0; i < positions; ++i) {
      const __m256i v = kernels::avx2::load_words8(acc + i * w.out.c + first, n);
      if constexpr (S.float_accumulator()) {
        if (once)
          kernels::avx2::store_lanes8<S>(lanes, w, out, i, first, n, _mm256_castsi256_ps(v));
        else
          kernels::avx2::store_lanes8(p, w, out, i, first, n, _mm256_castsi256_ps(v));
      } else if (once) {
        kernels::avx2::store_lanes8<S>(lanes, w, out, i, first, n, v);
      } else {
        kernels::avx2::store_lanes8(p, w, out, i, first, n, v);
      }
    }
  }
}

template <op_signature S>
void check(int rounds) {
  static constexpr int widths[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 47, 48, 49, 64, 70};
  op_memory& m = memory();
  random_numbers r{static_cast<std::uint64_t>(S.out) * 100 + static_cast<std::uint64_t>(S.two_slopes)};
  for (int round = 0; round < rounds; ++round)
    for (const int channels : widths) {
      window w = make_window({1, positions, 1}, channels, 1, 1, 1, 0, 0);
      if (S.what != op_kind::conv) w.in.c = w.stored_in_c = channels;
      if (!S.shares_parameters() && r.one_in(3)) w.stored_out_c += r.between(0, 40);
      const kernel_op op{S, w};
      auto* words = reinterpret_cast<std::uint32_t*>(m.weights.take(4 * kernels::canonical_layout(op).kernel(), 4));
      {
        auto* all =
            reinterpret_cast<std::uint32_t*>(m.canonical_weights.take(4 * kernels::canonical_layout(op).total(), 4));
        fill_weights(r, op, all);
        if (r.one_in(2)) fill_extremes(r, op, all);
        std::memcpy(words, all, 4 * kernels::canonical_layout(op).kernel());
      }
      const auto count = static_cast<std::size_t>(positions * channels);
      auto* acc = reinterpret_cast<accumulator_t<S>*>(m.in.take(4 * count, 4));
      const std::int32_t most = (1 << 30) >> accumulator_fraction_bits(S);
      const auto spread = static_cast<std::int32_t>(accumulator_spread(op));
      for (std::size_t i = 0; i < count; ++i) {
        if constexpr (S.float_accumulator())
          acc[i] = random_eighths(r, 4000);
        else if constexpr (S.out == kind::i32 && S.add)
          acc[i] = r.between(-spread, spread);
        else if constexpr (S.out == kind::f32)
          acc[i] = r.between(-(1 << 16), 1 << 16);  // products stay exact
        else
          acc[i] = r.one_in(3) ? r.between(-most, most) : r.one_in(20) ? most : r.between(-spread, spread);
      }
      const std::size_t bytes = tensor_bytes(w.out, S.out, layout::nhwc);
      auto* before = m.before.take(bytes, 4);
      fill_tensor(r, w.out, S.out, before);
      auto* expected = m.expected.take(bytes, 4);
      std::memcpy(expected, before, bytes);
      for (int i = 0; i < positions; ++i)
        for (int first = 0; first < channels; first += 32)
          kernels::portable::store_tile(parameters<S>{words, w}, w, expected, i, first,
                                        kernels::portable::tile_width(channels, first), acc + i * channels + first);
      const std::size_t align = S.out == kind::bits ? 4 : static_cast<std::size_t>(bit_width(S.out)) / 8;
      for (const bool once : {false, true}) {
        auto* out = m.out.take(bytes, align, r.one_in(2) ? guard::at_end : guard::at_start);
        std::memcpy(out, before, bytes);
        store_all<S>(words, w, acc, out, once);
        const std::string difference = first_difference(S, w, expected, out);
        INFO(describe(S), ", ", channels, " channels: ", difference);
        REQUIRE(difference.empty());
        REQUIRE(m.out.intact());
      }
    }
}

template <op_signature... S>
void check_signatures(int rounds) {
  if (kernels::runs_here<path::avx2>())
    (check<S>(rounds), ...);
  else
    MESSAGE("this CPU does not run path avx2: not tested here");
}

}  // namespace

TEST_CASE("AVX2 outputs: bits") {
  check_signatures<conv(bits, bits, bits), conv(f32, f32, bits), rectified(conv(i8, i8, bits)), pointwise(i16, bits)>(
      20);
}

TEST_CASE("AVX2 outputs: i8") {
  check_signatures<conv(i8, i8, i8), conv(bits, bits, i8), conv(i8, i8, i8, true), two_slopes(conv(u8, i8, i8)),
                   rectified(conv(i8, i8, i8)), pointwise(f32, i8), avg_pool(i8, i8)>(60);
}

TEST_CASE("AVX2 outputs: i16") {
  check_signatures<conv(bits, bits, i16), conv(i8, i8, i16), conv(bits, bits, i16, true),
                   two_slopes(conv(bits, bits, i16, true)), pointwise(f32, i16)>(60);
}

TEST_CASE("AVX2 outputs: i32") {
  check_signatures<conv(i8, i8, i32), conv(i8, i8, i32, true), two_slopes(conv(i8, i8, i32))>(60);
}

TEST_CASE("AVX2 outputs: f32") {
  check_signatures<conv(bits, bits, f32), conv(f32, f32, f32, true), two_slopes(rectified(conv(f32, f32, f32))),
                   conv(i8, i8, f32)>(20);
}
#endif
