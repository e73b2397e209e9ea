// Signs times signs by Helium: planes, shifted or gathered, and words, whatever the working memory, equal the
// reference.
// covers: kernels/helium/conv_bits.hpp kernels/helium/conv_bits_traits.hpp kernels/helium/conv_bits_planes.hpp
// covers: kernels/helium/conv_bits_words.hpp kernels/helium/word_sums.hpp kernels/helium/carry_tables.hpp
// covers: kernels/helium/traits.hpp kernels/helium/code.hpp paths/helium.hpp
#include <offramp/paths/helium.hpp>

#include <array>
#include <set>
#include <type_traits>
#include <vector>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using offramp::path::helium;
using kernel = kernels::helium::conv_bits<16 * 1024>;
using form = kernel::variant;

namespace {

constexpr std::array signatures{
    conv(kind::bits, kind::bits, kind::bits),      conv(kind::bits, kind::bits, kind::i8),
    conv(kind::bits, kind::bits, kind::i16, true), conv(kind::bits, kind::bits, kind::i32),
    conv(kind::bits, kind::bits, kind::f32, true),
};
constexpr std::array others{
    conv(kind::bits, kind::bits, kind::i16),
    conv(kind::bits, kind::bits, kind::i32, true),
    two_slopes(conv(kind::bits, kind::bits, kind::i8)),
    rectified(conv(kind::bits, kind::bits, kind::i16)),
};
constexpr op_signature to_bits = signatures[0];

// Beyond the table: blocks of output channels, several chunks a tap, more than one run of 32 positions.
constexpr op_case large_cases[] = {
    {"16x16x32", make_window({16, 16, 32}, 32, 3, 3, 1, 1, 1)},
    {"8x8x64", make_window({8, 8, 64}, 64, 3, 3, 1, 1, 1)},
    {"8x8x128", make_window({8, 8, 128}, 128, 3, 3, 1, 1, 1)},
    {"rows longer than a word", make_window({3, 37, 20}, 9, 3, 3, 1, 1, 1)},
    {"rows of one", make_window({40, 1, 40}, 33, 3, 3, 1, 1, 1)},
    {"rows of two, windows wider than rows", make_window({20, 2, 33}, 12, 5, 5, 1, 2, 2)},
    {"shifted to the left alone", make_window({9, 9, 40}, 36, 2, 2, 1, 0, 1)},
    {"all padding above", make_window({5, 7, 64}, 65, 3, 5, 1, 2, 2)},
    {"a block and one output more", make_window({16, 16, 256}, 130, 3, 3, 1, 1, 1)},
    {"planes too large to keep", make_window({40, 40, 40}, 20, 3, 3, 1, 1, 1)},
    {"two taps a chunk", make_window({9, 9, 16}, 20, 3, 3, 1, 1, 1)},
    {"ten taps a chunk", make_window({9, 9, 3}, 20, 5, 5, 1, 2, 2)},
    {"ten taps a chunk, stride 2", make_window({19, 19, 3}, 20, 5, 5, 2, 2, 2)},
    {"32 taps a chunk", make_window({12, 9, 1}, 8, 6, 6, 1, 3, 2)},
    {"1x1, stride 2", make_window({11, 12, 100}, 130, 1, 1, 2, 0, 0)},
    {"strides 1 and 2", make_window({9, 9, 35}, 100, 3, 2, 1, 1, 0, 2)},
    {"one position more than a word", make_window({3, 11, 64}, 40, 3, 3, 1, 1, 1)},
    {"stored wider, many positions", stored_for(make_window({6, 6, 37}, 90, 3, 3, 1, 1, 1), 80, 150)},
    {"stored wider, gathered", stored_for(make_window({13, 12, 37}, 90, 3, 3, 2, 1, 1), 80, 150)},
    {"stored wider, taps share a chunk", stored_for(make_window({9, 6, 5}, 30, 3, 3, 1, 1, 1), 9, 50)},
    {"stored wider, taps share, gathered", stored_for(make_window({12, 13, 5}, 30, 3, 3, 2, 1, 1), 9, 50)},
    {"dense, stored wider", stored_for(make_window({1, 1, 100}, 30, 1, 1, 1, 0, 0), 130, 64)},
    {"dense, an odd number of words stored wider", stored_for(make_window({1, 1, 40}, 10, 1, 1, 1, 0, 0), 150, 11)},
    {"dense, 28 steps of 8 words and more", make_window({1, 1, 32 * 8 * 33 + 5}, 9, 1, 1, 1, 0, 0)},
    {"dense, an odd number of words", make_window({1, 1, 32 * 45}, 20, 1, 1, 1, 0, 0)},
};

}  // namespace

TEST_CASE("signs times signs by Helium equal the reference") {
  check_path<helium, signatures>(conv_cases);
  check_path<helium, signatures>(large_cases);
  check_path<helium, others>(conv_cases);
}

TEST_CASE("random geometries by Helium equal the reference") {
  random_numbers r{77009};
  std::set<form> seen;
  for (std::uint64_t i = 0; i < 400; ++i) {
    window w = random_conv(r, 200000);
    if (r.one_in(3)) {
      const int k = r.between(1, 2);
      w = make_window({r.between(2, 12), r.between(2 * k, 40), r.between(1, 70)}, r.between(1, 40), 3, 2 * k + 1, 1, 1,
                      k);
    }
    seen.insert(kernel::variant_of({to_bits, w}));
    check_op<helium, signatures[0]>(dynamic_geometry{w}, "random", i);
    if (i % 2 == 0) check_op<helium, signatures[2]>(dynamic_geometry{w}, "random", i);
  }
  CHECK(seen == std::set{form::words, form::shifted, form::gathered});
}

namespace {

constexpr window shifted = large_cases[1].geometry;
constexpr window gathered = make_window({14, 14, 64}, 96, 3, 3, 2, 1, 1);
constexpr window with_slots = make_window({9, 8, 16}, 24, 3, 3, 1, 1, 1);
constexpr window dense = make_window({1, 1, 256}, 10, 1, 1, 1, 0, 0);
static_assert(kernel::variant_of({to_bits, shifted}) == form::shifted);
static_assert(kernel::variant_of({to_bits, gathered}) == form::gathered);
static_assert(kernel::variant_of({to_bits, with_slots}) == form::shifted);
static_assert(kernel::variant_of({to_bits, dense}) == form::words);
// A narrower width is packed for the same form.
static_assert(kernel::variant_of({to_bits, stored_for(make_window({8, 8, 16}, 8, 3, 3, 1, 1, 1), 64, 64)}) ==
              form::shifted);
// Memory stays within its bound; planes that would take more than leaves room for counts are not kept.
static_assert(kernel::scratch_bytes({to_bits, large_cases[2].geometry}) <= 16 * 1024);
static_assert(kernel::scratch_bytes({to_bits, make_window({16, 16, 256}, 256, 3, 3, 1, 1, 1)}) <= 16 * 1024);
static_assert(kernel::variant_of({to_bits, make_window({64, 64, 64}, 64, 3, 3, 1, 1, 1)}) == form::gathered);
// What is left to the parents.
static_assert(std::is_same_v<kernels::running_path<helium, to_bits>, helium>);
static_assert(!std::is_same_v<kernels::running_path<helium, conv(kind::i16, kind::i8, kind::i8)>, helium>);
static_assert(!std::is_same_v<kernels::running_path<helium, max_pool(kind::bits)>, helium>);

template <window... W>
void check_static(const char* why) {
  (check_op<helium, signatures[0]>(static_geometry<W>{}, why, 1), ...);
  (check_op<helium, signatures[2]>(static_geometry<W>{}, why, 2), ...);
}

}  // namespace

TEST_CASE("static geometries by Helium equal the reference") {
  check_static<shifted, gathered, with_slots, dense>("static");
}

TEST_CASE("counts by Helium: carries that wait, whatever the number of chunks") {
  // 32 times as many inputs as there are chunks; with all signs different, every count is the largest.
  for (int taps = 1; taps <= 40; ++taps) {
    const window w = make_window({1, 96 + taps - 1, 32}, 32, 1, taps, 1, 0, 0);
    REQUIRE(kernel::variant_of({conv(kind::bits, kind::bits, kind::i32), w}) != form::words);
    const kernel_op op{conv(kind::bits, kind::bits, kind::i32), w};
    std::vector<std::uint32_t> canonical(kernels::canonical_layout(op).total());
    const std::size_t kernel_begin = kernels::canonical_layout(op).kernel();
    for (std::size_t i = kernel_begin; i < canonical.size(); ++i) canonical[i] = ~0u;
    std::vector<std::uint32_t> packed(kernels::weight_words<helium>(op));
    kernels::pack<helium>(op, canonical.data(), packed.data());
    const std::vector<std::uint32_t> in(static_cast<std::size_t>(w.in.w));
    std::vector<std::uint64_t> scratch(kernels::scratch_bytes<helium>(op) / 8 + 1);
    std::vector<std::int32_t> out(96 * 32);
    kernels::run<helium, conv(kind::bits, kind::bits, kind::i32)>(
        dynamic_geometry{w}, {in.data(), packed.data(), out.data(), scratch.data()});
    for (const std::int32_t v : out) CHECK(v == -32 * taps);
  }
}
