// Signs times signs, output channels side by side, equal the reference wherever they are chosen.
// covers: kernels/avx512/conv_bits_columns_traits.hpp
#include <offramp/kernels/avx512/conv_bits_columns.hpp>
#include <offramp/kernels/avx512/conv_bits_costs.hpp>

#include <offramp/kernels/kernel_set.hpp>
#include <offramp/kernels/portable/code.hpp>

#include <array>
#include <vector>

#include "tests/support/kernel_check.hpp"

using offramp::kernels::avx512::conv_bits_columns;

namespace {

// A path of this kernel alone, for all geometries that it can run.
struct columns_path {
  using parent = offramp::path::portable;
  static constexpr const char* name = "columns";
};
struct columns_kernel : conv_bits_columns {
  static constexpr offramp::layout reads(const offramp::kernel_op&) { return offramp::layout::nhwc; }
  static constexpr bool writes(const offramp::kernel_op&, offramp::layout l) { return l == offramp::layout::nhwc; }
};

}  // namespace

namespace offramp::inline OFFRAMP_ABI::kernels {
template <>
struct traits<columns_path> : kernel_set<columns_kernel> {};
template <>
struct code<columns_kernel> : code<avx512::conv_bits_columns> {};
template <>
struct code<columns_path> : traits<columns_path>::code_of {};
template <>
inline bool runs_here<columns_path>() {
  return runs_here<path::avx512>();
}
}  // namespace offramp::inline OFFRAMP_ABI::kernels

using namespace offramp_test;

namespace {

constexpr std::array signatures{
    conv(kind::bits, kind::bits, kind::bits),      conv(kind::bits, kind::bits, kind::i8),
    conv(kind::bits, kind::bits, kind::i16, true), conv(kind::bits, kind::bits, kind::i32),
    conv(kind::bits, kind::bits, kind::f32, true), two_slopes(conv(kind::bits, kind::bits, kind::i16)),
};

constexpr op_case large_cases[] = {
    {"half a vector", make_window({6, 6, 64}, 256, 3, 3, 1, 1, 1)},
    {"one vector", make_window({5, 5, 128}, 512, 3, 3, 1, 1, 1)},
    {"a channel more than half a vector", make_window({4, 4, 40}, 257, 3, 3, 1, 1, 1)},
    {"a vector and a half", make_window({4, 5, 33}, 700, 2, 3, 1, 1, 1)},
    {"a vector and a channel", make_window({4, 4, 31}, 513, 1, 1, 1, 0, 0)},
    {"three words", make_window({4, 4, 96}, 200, 3, 3, 1, 1, 1)},
    {"five words", make_window({4, 4, 160}, 130, 3, 3, 1, 1, 1)},
    {"several bands", make_window({30, 30, 3}, 140, 3, 3, 1, 1, 1)},
    {"several bands, stride 2", make_window({40, 90, 2}, 130, 3, 3, 2, 1, 1)},
    {"stored wider", stored_for(make_window({4, 4, 37}, 200, 3, 3, 1, 1, 1), 100, 600)},
    {"many taps", make_window({9, 9, 5}, 130, 7, 7, 1, 3, 3)},
    {"many words", make_window({2, 2, 1024}, 130, 2, 2, 1, 0, 0)},
};

}  // namespace

TEST_CASE("output channels side by side equal the reference") {
  check_path<columns_path, signatures>(conv_cases);
  check_path<columns_path, signatures>(large_cases);
}

TEST_CASE("random geometries, output channels side by side") {
  if (!kernels::runs_here<columns_path>()) return;
  random_numbers r{77002};
  for (std::uint64_t i = 0; i < 150; ++i) {
    window w = random_conv(r, 200000);
    w.out.c *= r.between(1, 9);
    w.stored_out_c = w.out.c + (r.one_in(3) ? r.between(0, 300) : 0);
    check_op<columns_path, signatures[0]>(dynamic_geometry{w}, "random", i);
    if (i % 2 == 0) check_op<columns_path, signatures[2]>(dynamic_geometry{w}, "random", i);
  }
}

TEST_CASE("counts at their limits") {
  if (!kernels::runs_here<columns_path>()) return;
  // All bits differ: every plane of the count is filled.
  constexpr op_signature s = signatures[3];
  const window w = make_window({4, 4, 1820}, 140, 6, 6, 1, 1, 1);  // 65520 products
  const kernel_op op{s, w};
  REQUIRE(conv_bits_columns::planes(w) == conv_bits_columns::most_planes);
  const int words = 57;
  auto* in = reinterpret_cast<std::uint32_t*>(memory().in.take(16 * words * 4, 4));
  for (int i = 0; i < 16 * words; ++i) in[i] = offramp::low_bits(1820 - i % words * 32);
  const std::vector<std::uint32_t> canonical(kernels::canonical_layout(op).total(), 0);  // all +1, no bias
  std::vector<std::uint32_t> weights(conv_bits_columns::weight_words(op));
  conv_bits_columns::pack(op, canonical.data(), weights.data());
  std::vector<unsigned char> scratch(conv_bits_columns::scratch_bytes(op));
  std::vector<std::int32_t> out(140);
  kernels::run<columns_path, s>(dynamic_geometry{w}, {in, weights.data(), out.data(), scratch.data()});
  // Of the 36 taps 16 lie inside.
  for (int i = 0; i < 140; ++i) REQUIRE(out[static_cast<std::size_t>(i)] == 20 * 1820 - 16 * 1820);
}

TEST_CASE("columns are chosen for few positions and many channels") {
  const auto takes = [](const window& w) {
    return kernels::avx512::choose_conv_bits({signatures[0], w}).variant == kernels::avx512::conv_bits_variant::columns;
  };
  CHECK(takes(make_window({7, 7, 512}, 512, 3, 3, 1, 1, 1)));
  CHECK(takes(make_window({14, 14, 256}, 256, 3, 3, 1, 1, 1)));
  CHECK(takes(make_window({14, 14, 192}, 192, 3, 3, 1, 1, 1)));
  CHECK_FALSE(takes(make_window({56, 56, 64}, 64, 3, 3, 1, 1, 1)));
  CHECK_FALSE(takes(make_window({28, 28, 3}, 256, 3, 3, 1, 1, 1)));
  CHECK_FALSE(takes(make_window({1, 1, 1024}, 1024, 1, 1, 1, 0, 0)));
  CHECK_FALSE(takes(make_window({16, 16, 8192}, 512, 3, 3, 1, 1, 1)));  // counts beyond 16 bits
}
