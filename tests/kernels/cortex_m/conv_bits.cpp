// Signs times signs on 32-bit cores: planes and words, whatever the working memory, equal the reference.
// covers: kernels/cortex_m/conv_bits.hpp kernels/cortex_m/conv_bits_traits.hpp kernels/cortex_m/target.hpp
// covers: kernels/cortex_m/conv_bits_planes.hpp kernels/cortex_m/pair_tables.hpp kernels/cortex_m/bit_matrix.hpp
// covers: kernels/cortex_m/conv_bits_words.hpp kernels/cortex_m/word_counts.hpp kernels/cortex_m/traits.hpp
// covers: kernels/cortex_m/four_tables.hpp kernels/cortex_m/code.hpp paths/cortex_m.hpp
// covers: kernels/cortex_m/shared_geometry.hpp kernels/cortex_m/conv_bits_columns.hpp
#include <offramp/paths/cortex_m.hpp>

#include <array>
#include <set>
#include <type_traits>
#include <vector>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using offramp::path::cortex_m;
using offramp::path::cortex_m_tables;
using small = kernels::cortex_m::conv_bits<2048>;
using large = kernels::cortex_m::conv_bits<24 * 1024>;

namespace {

constexpr std::array signatures{
    conv(kind::bits, kind::bits, kind::bits),      conv(kind::bits, kind::bits, kind::i8),
    conv(kind::bits, kind::bits, kind::i16, true), conv(kind::bits, kind::bits, kind::i32),
    conv(kind::bits, kind::bits, kind::i32, true), conv(kind::bits, kind::bits, kind::f32, true),
};
constexpr std::array tables_signatures{signatures[0], signatures[2]};
constexpr std::array others{
    conv(kind::bits, kind::bits, kind::i16),
    conv(kind::bits, kind::bits, kind::f32),
    two_slopes(conv(kind::bits, kind::bits, kind::i8)),
    rectified(conv(kind::bits, kind::bits, kind::i16)),
};

// Beyond the table: blocks of output channels, several chunks a tap, more than one run of 32 positions.
constexpr op_case large_cases[] = {
    {"16x16x32", make_window({16, 16, 32}, 32, 3, 3, 1, 1, 1)},
    {"8x8x64", make_window({8, 8, 64}, 64, 3, 3, 1, 1, 1)},
    {"8x8x128", make_window({8, 8, 128}, 128, 3, 3, 1, 1, 1)},
    {"a block and one output more", make_window({7, 6, 33}, 65, 3, 3, 1, 1, 1)},
    {"blocks of 16 outputs", make_window({6, 7, 320}, 70, 3, 3, 1, 1, 1)},
    {"blocks of 8 outputs", make_window({6, 7, 1030}, 20, 3, 3, 1, 1, 1)},
    {"two taps a chunk", make_window({9, 9, 16}, 20, 3, 3, 1, 1, 1)},
    {"ten taps a chunk", make_window({9, 9, 3}, 20, 5, 5, 2, 2, 2)},
    {"32 taps a chunk", make_window({12, 9, 1}, 8, 6, 6, 1, 3, 2)},
    {"1x1, stride 2", make_window({11, 12, 100}, 130, 1, 1, 2, 0, 0)},
    {"strides 1 and 2", make_window({9, 9, 35}, 100, 3, 2, 1, 1, 0, 2)},
    {"one position more than a word", make_window({3, 11, 64}, 40, 3, 3, 1, 1, 1)},
    {"stored wider, many positions", stored_for(make_window({6, 6, 37}, 90, 3, 3, 1, 1, 1), 80, 150)},
    {"stored wider, taps share a chunk", stored_for(make_window({9, 6, 5}, 30, 3, 3, 1, 1, 1), 9, 50)},
    {"whole words of outputs", make_window({7, 7, 64}, 96, 3, 3, 1, 1, 1)},
    {"whole words of outputs, parts of words in", make_window({6, 5, 40}, 64, 3, 3, 2, 1, 1)},
    {"whole words of outputs, two taps a chunk", make_window({6, 7, 16}, 32, 3, 3, 1, 1, 1)},
    {"whole words of outputs, five taps a chunk", make_window({5, 9, 6}, 64, 4, 3, 1, 2, 0, 2)},
    {"whole words of outputs, stored wider", stored_for(make_window({5, 5, 37}, 90, 3, 3, 1, 1, 1), 80, 160)},
    {"whole words of outputs, fewer words stored wider",
     stored_for(make_window({5, 5, 30}, 20, 3, 3, 1, 1, 1), 70, 64)},
    {"whole words of outputs, stored wider, taps share", stored_for(make_window({6, 6, 5}, 50, 3, 3, 1, 1, 1), 9, 64)},
    {"dense, stored wider", stored_for(make_window({1, 1, 100}, 30, 1, 1, 1, 0, 0), 130, 64)},
    {"dense, 31 steps of 8 words and more", make_window({1, 1, 32 * 8 * 33 + 5}, 9, 1, 1, 1, 0, 0)},
    {"dense, an odd number of words", make_window({1, 1, 32 * 45}, 20, 1, 1, 1, 0, 0)},
};
constexpr op_signature to_bits = signatures[0];

}  // namespace

TEST_CASE("signs times signs on 32-bit cores equal the reference") {
  check_path<cortex_m, signatures>(conv_cases);
  check_path<cortex_m, signatures>(large_cases);
  check_path<cortex_m, others>(conv_cases);
  check_path<cortex_m_tables, tables_signatures>(conv_cases);
  check_path<cortex_m_tables, tables_signatures>(large_cases);
}

TEST_CASE("random geometries on 32-bit cores equal the reference") {
  random_numbers r{77007};
  std::set<small::variant> seen;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const window w = random_conv(r, 200000);
    seen.insert(small::variant_of({to_bits, w}));
    check_op<cortex_m, signatures[0]>(dynamic_geometry{w}, "random", i);
    check_op<cortex_m_tables, signatures[0]>(dynamic_geometry{w}, "random", i);
    if (i % 2 == 0) check_op<cortex_m, signatures[2]>(dynamic_geometry{w}, "random", i);
  }
  CHECK(seen == std::set{small::variant::words, small::variant::pairs, small::variant::columns});
}

TEST_CASE("static geometries on 32-bit cores equal the reference") {
  check_op<cortex_m, signatures[0]>(static_geometry<large_cases[1].geometry>{}, "static, planes", 1);
  check_op<cortex_m_tables, signatures[2]>(static_geometry<large_cases[1].geometry>{}, "static, planes", 2);
  check_op<cortex_m, signatures[0]>(static_geometry<make_window({1, 1, 256}, 10, 1, 1, 1, 0, 0)>{}, "static, words", 3);
}

namespace {

// Static layers with code of their own, and those that share it: the latter are as many types as there are kernel sizes
// and paddings.
template <window W>
constexpr bool shares = kernels::cortex_m::is_shareable<W>;
constexpr window wide = make_window({14, 14, 64}, 128, 3, 3, 2, 1, 1);
constexpr window other_sizes = make_window({7, 9, 96}, 32, 3, 3, 1, 1, 1);
constexpr window uneven = make_window({9, 8, 64}, 96, 3, 2, 1, 0, 1);
static_assert(shares<wide> && shares<other_sizes> && shares<uneven> && shares<large_cases[2].geometry>);
static_assert(!shares<make_window({9, 9, 16}, 32, 3, 3, 1, 1, 1)>);     // two taps a chunk
static_assert(!shares<make_window({8, 8, 64}, 40, 3, 3, 1, 1, 1)>);     // a part of a word
static_assert(!shares<make_window({9, 9, 64}, 64, 3, 2, 1, 1, 0, 2)>);  // two strides
static_assert(!shares<stored_for(make_window({6, 6, 64}, 64, 3, 3, 1, 1, 1), 96, 64)>);
static_assert(!shares<make_window({70000, 1, 32}, 32, 1, 1, 1, 0, 0)>);  // more than the sizes hold
static_assert(!shares<[] {
  window w = other_sizes;
  w.out_first = 8;  // parameters of other widths before the kernel
  return w;
}()>);
static_assert(
    std::is_same_v<decltype(kernels::cortex_m::share<wide>()), decltype(kernels::cortex_m::share<other_sizes>())>);
static_assert(
    !std::is_same_v<decltype(kernels::cortex_m::share<wide>()), decltype(kernels::cortex_m::share<uneven>())>);

template <window... W>
void check_shared() {
  std::uint64_t i = 0;
  std::set<small::variant> seen;
  const auto one = [&]<window Of>() {
    for (const op_signature& s : signatures) seen.insert(small::variant_of({s, Of}));
    check_op<cortex_m, signatures[0]>(static_geometry<Of>{}, "shared", ++i);
    check_op<cortex_m, signatures[1]>(static_geometry<Of>{}, "shared", ++i);
    check_op<cortex_m, signatures[2]>(static_geometry<Of>{}, "shared", ++i);
    check_op<cortex_m, signatures[4]>(static_geometry<Of>{}, "shared", ++i);
    check_op<cortex_m_tables, signatures[0]>(static_geometry<Of>{}, "shared", ++i);
    check_op<cortex_m_tables, signatures[2]>(static_geometry<Of>{}, "shared", ++i);
  };
  (one.template operator()<W>(), ...);
  CHECK(seen == std::set{small::variant::pairs, small::variant::columns});
}

}  // namespace

TEST_CASE("layers that share their code equal the reference") {
  check_shared<wide, other_sizes, uneven, large_cases[2].geometry, make_window({16, 16, 32}, 32, 3, 3, 1, 1, 1),
               make_window({16, 16, 96}, 160, 1, 1, 2, 0, 0), make_window({8, 8, 320}, 64, 3, 3, 1, 1, 1),
               make_window({6, 8, 32}, 64, 5, 5, 1, 2, 2)>();
}

TEST_CASE("runs of words of any length are counted, with all bits and with none") {
  random_numbers r{4711};
  alignas(8) std::uint32_t patch[70];
  std::uint32_t weights[70];
  [&]<int... I>(std::integer_sequence<int, I...>) {
    const auto check = [&]<int Words>() {
      for (int kind_of_data = 0; kind_of_data < 4; ++kind_of_data) {
        int expected = 0;
        for (int k = 0; k < Words; ++k) {
          const std::uint32_t x = kind_of_data == 0 ? ~0u : r.word(), w = kind_of_data < 2 ? 0u : r.word();
          expected += offramp::popcount(x ^ w);
          patch[k] = x ^ (k % 2 != 0 ? patch[k - 1] : 0u);  // in pairs
          weights[k] = w ^ (k % 2 != 0 ? weights[k - 1] : 0u);
        }
        // The patch's pairs lie as they are loaded, whatever the order of bytes.
        for (int k = 0; k + 1 < Words; k += 2)
          *reinterpret_cast<kernels::cortex_m::word_pair*>(patch + k) =
              patch[k] | static_cast<std::uint64_t>(patch[k + 1]) << 32;
        CHECK_MESSAGE(kernels::cortex_m::count_words<Words>(patch, weights, Words) == expected, Words << " words");
        CHECK_MESSAGE(kernels::cortex_m::count_words<0>(patch, weights, Words) == expected, Words << " words, a loop");
      }
    };
    (check.template operator()<I + 1>(), ...);
  }
  (std::make_integer_sequence<int, 67>{});
}

TEST_CASE("a matrix of bits is transposed") {
  random_numbers r{99};
  std::uint32_t rows[32], columns[32];
  for (int i = 0; i < 32; ++i) rows[i] = columns[i] = r.word();
  kernels::cortex_m::transpose(columns);
  for (int i = 0; i < 32; ++i)
    for (int j = 0; j < 32; ++j) REQUIRE((rows[i] >> j & 1u) == (columns[j] >> i & 1u));
}

namespace {

// All bits differ, so that every sum is as large as it may be; thresholds around it and far beyond.
void check_limits(const window& w, small::variant form) {
  const kernel_op op{to_bits, w};
  REQUIRE(small::variant_of(op) == form);
  const std::int32_t depth = w.depth();
  const std::int32_t thresholds[] = {-depth - 1, -depth, -depth + 1, 0, depth, depth + 1, INT32_MIN, INT32_MAX};
  const auto positions = static_cast<std::size_t>(w.out.positions());
  const std::vector<std::uint32_t> in(static_cast<std::size_t>(w.in.positions() * w.in.c / 32), ~0u);
  std::vector<std::uint32_t> canonical(kernels::canonical_layout(op).total(), 0);  // all +1
  for (std::size_t c = 0; c < static_cast<std::size_t>(w.out.c); ++c)
    canonical[4 + c] = static_cast<std::uint32_t>(thresholds[c % 8]);
  std::vector<std::uint32_t> packed(small::weight_words(op));
  small::pack(op, canonical.data(), packed.data());
  std::vector<std::uint32_t> out(positions), scratch(small::scratch_bytes(op) / 4);
  kernels::run<cortex_m, to_bits>(dynamic_geometry{w}, {in.data(), packed.data(), out.data(), scratch.data()});
  for (const std::uint32_t word : out) REQUIRE(word == (0xbcbcbcbcu & offramp::low_bits(w.out.c)));
}

// Bits beyond the channels, all of them counted, from where a count begins that is always below its threshold.
void check_unpacked(const window& w, small::variant form) {
  const kernel_op op{to_bits, w};
  REQUIRE(small::variant_of(op) == form);
  const std::vector<std::uint32_t> in(static_cast<std::size_t>(w.in.positions()), 0);
  std::vector<std::uint32_t> canonical(kernels::canonical_layout(op).total(), ~0u), packed(small::weight_words(op));
  for (std::size_t c = 0; c < static_cast<std::size_t>(w.out.c); ++c) canonical[4 + c] = 0x7fffffffu;
  small::pack(op, canonical.data(), packed.data());
  const auto bytes = static_cast<std::size_t>(w.out.positions()) * 4;
  for (const guard at : {guard::at_end, guard::at_start}) {
    auto* scratch = memory().scratch.take(small::scratch_bytes(op), 8, at);
    auto* out = memory().out.take(bytes, 4, at);
    kernels::run<cortex_m, to_bits>(dynamic_geometry{w}, {in.data(), packed.data(), out, scratch});
    CHECK(memory().scratch.intact());
    CHECK(memory().out.intact());
  }
}

}  // namespace

TEST_CASE("counts at their limits, thresholds beyond them") {
  check_limits(make_window({7, 7, 128}, 32, 3, 3, 1, 0, 0), small::variant::columns);
  check_limits(make_window({8, 7, 128}, 24, 3, 3, 1, 0, 0), small::variant::pairs);
}

TEST_CASE("weights that nobody packed stay within working memory") {
  check_unpacked(make_window({6, 6, 23}, 32, 3, 3, 1, 1, 1), small::variant::columns);
  check_unpacked(make_window({6, 6, 23}, 24, 3, 3, 1, 1, 1), small::variant::pairs);
}

TEST_CASE("working memory and packed weights keep their bounds") {
  for (const op_case& c : large_cases) {
    const kernel_op op{to_bits, c.geometry};
    if (small::variant_of(op) != small::variant::words) CHECK(small::scratch_bytes(op) <= 2048);
    if (large::variant_of(op) != large::variant::words) CHECK(large::scratch_bytes(op) <= 24 * 1024);
    CHECK(small::weight_words(op) <= kernels::canonical_layout(op).total());
  }
}
