// Signs times signs with VPOPCNTDQ and GFNI: majorities, words and what is left to the portable loops equal the
// reference.
// covers: kernels/avx512_popcnt/majority_plan.hpp kernels/avx512_popcnt/majority_bits.hpp
// covers: kernels/avx512_popcnt/majority_input.hpp kernels/avx512_popcnt/majority_count.hpp
// covers: kernels/avx512_popcnt/majority_output.hpp kernels/avx512_popcnt/majority_conv.hpp
// covers: kernels/avx512_popcnt/majority_joined.hpp
// covers: kernels/avx512_popcnt/count_words.hpp
#include <offramp/kernels/avx512_popcnt/conv_bits.hpp>
#include <offramp/paths/avx512_popcnt.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using popcnt = offramp::path::avx512_popcnt;
using variant = offramp::kernels::avx512_popcnt::conv_bits_variant;
using offramp::kernels::avx512_popcnt::choose_conv_bits;
using offramp::kernels::avx512_popcnt::joins_lanes;
using offramp::kernels::avx512_popcnt::joins_shorts;
using offramp::kernels::avx512_popcnt::plan_majority;

namespace {

constexpr std::array signatures{
    conv(kind::bits, kind::bits, kind::bits),      conv(kind::bits, kind::bits, kind::i8),
    conv(kind::bits, kind::bits, kind::i16, true), conv(kind::bits, kind::bits, kind::i32),
    conv(kind::bits, kind::bits, kind::f32, true),
};
constexpr std::array others{
    conv(kind::bits, kind::bits, kind::i16),
    conv(kind::bits, kind::bits, kind::i32, true),
    conv(kind::bits, kind::bits, kind::f32),
    two_slopes(conv(kind::bits, kind::bits, kind::i8)),
};
constexpr std::array in_groups{
    grouped(conv(kind::bits, kind::bits, kind::bits)),
    grouped(conv(kind::bits, kind::bits, kind::i16, true)),
};

// The table is small; these fill vectors, chunks and bands, and stand at their edges.
constexpr op_case large_cases[] = {
    {"one tile of 64", make_window({9, 9, 64}, 64, 3, 3, 1, 1, 1)},
    {"a tile of each size", make_window({9, 10, 24}, 117, 3, 3, 1, 1, 1)},
    {"tiles of 64 and 32", make_window({11, 9, 32}, 96, 3, 3, 1, 1, 1)},
    {"16 outputs", make_window({18, 17, 16}, 16, 3, 3, 1, 1, 1)},
    {"8 outputs", make_window({20, 20, 16}, 5, 3, 3, 1, 1, 1)},
    {"one word of outputs and a byte", make_window({12, 12, 16}, 40, 3, 3, 1, 1, 1)},
    {"several chunks", make_window({9, 9, 320}, 64, 3, 3, 1, 1, 1)},
    {"a chunk ends in the tail", make_window({9, 9, 71 * 8}, 64, 3, 3, 1, 1, 1)},
    {"several bands", make_window({90, 70, 64}, 8, 3, 3, 1, 1, 1)},
    {"several bands, stride 2", make_window({120, 90, 33}, 8, 3, 3, 2, 1, 1)},
    {"three words a pixel", make_window({10, 9, 90}, 64, 3, 3, 1, 1, 1)},
    {"five words a pixel", make_window({10, 19, 150}, 64, 3, 3, 1, 1, 1)},
    {"stride 2", make_window({21, 23, 64}, 64, 3, 3, 2, 1, 1)},
    {"stride 2, even kernel", make_window({20, 22, 40}, 64, 4, 4, 2, 1, 1)},
    {"stride 3", make_window({33, 35, 40}, 64, 5, 4, 3, 2, 2)},
    {"strides 1 and 2", make_window({14, 19, 35}, 64, 3, 2, 1, 1, 0, 2)},
    {"1x1", make_window({11, 13, 128}, 128, 1, 1, 1, 0, 0)},
    {"1x1, stride 2", make_window({21, 22, 128}, 64, 1, 1, 2, 0, 0)},
    {"5x5", make_window({14, 14, 40}, 64, 5, 5, 1, 2, 2)},
    {"7x1", make_window({14, 14, 40}, 64, 7, 1, 1, 3, 0)},
    {"more padding than window", make_window({12, 12, 32}, 64, 2, 2, 1, 3, 3)},
    {"narrow rows", make_window({80, 2, 32}, 64, 3, 3, 1, 1, 1)},
    {"stored wider", stored_for(make_window({9, 9, 44}, 70, 3, 3, 1, 1, 1), 90, 130)},
    {"words: dense", make_window({1, 1, 32 * 45}, 70, 1, 1, 1, 0, 0)},
    {"words: dense, more tiles than a run", make_window({1, 1, 40}, 500, 1, 1, 1, 0, 0)},
    {"words: two positions", make_window({1, 2, 200}, 64, 1, 1, 1, 0, 0)},
};
constexpr op_case large_groups[] = {
    {"2 groups of 64 into 64", make_window({9, 9, 128}, 128, 3, 3, 1, 1, 1, 0, 2)},
    {"3 groups of 40 into 24", make_window({9, 8, 120}, 72, 3, 3, 1, 1, 1, 0, 3)},
    {"3 groups of 40 into 17", make_window({6, 5, 120}, 51, 3, 3, 1, 1, 1, 0, 3)},
    {"4 groups of 8 into 8", make_window({12, 12, 32}, 32, 3, 3, 1, 1, 1, 0, 4)},
    {"4 groups of 96 into 8, dense", make_window({1, 1, 384}, 32, 1, 1, 1, 0, 0, 0, 4)},
    {"groups, more stored", stored_for(make_window({9, 9, 128}, 128, 3, 3, 1, 1, 1, 0, 2), 128, 192)},
};

constexpr op_signature to_bits = signatures[0];
constexpr op_signature to_bits_in_groups = in_groups[0];

}  // namespace

TEST_CASE("signs times signs with VPOPCNTDQ equal the reference") {
  check_path<popcnt, signatures>(conv_cases);
  check_path<popcnt, signatures>(large_cases);
  check_path<popcnt, others>(conv_cases);
}

TEST_CASE("signs times signs in groups with VPOPCNTDQ equal the reference") {
  check_path<popcnt, in_groups>(grouped_cases);
  check_path<popcnt, in_groups>(large_groups);
}

TEST_CASE("signs times signs with VPOPCNTDQ: random geometries, by either variant") {
  if (!kernels::runs_here<popcnt>()) return;
  random_numbers r{513};
  std::set<variant> seen;
  for (std::uint64_t i = 0; i < 150; ++i) {
    const window w = random_conv(r);
    seen.insert(choose_conv_bits({to_bits, w}).variant);
    check_op<popcnt, to_bits>(dynamic_geometry{w}, "random", 1000 + i);
    const window groups = random_grouped(r);
    seen.insert(choose_conv_bits({to_bits_in_groups, groups}).variant);
    check_op<popcnt, to_bits_in_groups>(dynamic_geometry{groups}, "random groups", 2000 + i);
  }
  CHECK(seen.size() >= 3);  // columns take more channels than these
}

TEST_CASE("numbers of any channels, across positions where vectors would not be full") {
  if (!kernels::runs_here<popcnt>()) return;
  random_numbers r{77};
  std::set<std::pair<int, bool>> seen;
  const auto check = [&]<op_signature S>(int channels, int which) {
    // Rows that end within a vector, with padding between them and without; counts of one byte and of two.
    const int in_c = r.one_in(4) ? r.between(33, 90) : r.between(8, 32), kernel = r.one_in(4) ? 1 : 3;
    const shape in{r.between(7, 12), r.between(7, 21), in_c};
    window w = make_window(in, channels, kernel, kernel, r.one_in(4) ? 2 : 1, kernel / 2, kernel / 2);
    if (r.one_in(4)) w = stored_for(w, in_c, channels + r.between(0, 40));
    const kernel_op op{S, w};
    if (choose_conv_bits(op).variant != variant::majorities) return;
    seen.emplace(which, joins_lanes(op, channels) || joins_shorts(op, channels));
    check_op<popcnt, S>(dynamic_geometry{w}, "across", static_cast<std::uint64_t>(100 * which + channels));
  };
  for (int channels = 1; channels <= 66; ++channels) {
    check.operator()<signatures[2]>(channels, 0);
    check.operator()<others[0]>(channels, 1);
    if (channels > 20 && channels % 4 != 0) continue;
    check.operator()<signatures[1]>(channels, 2);
    check.operator()<signatures[4]>(channels, 3);
    check.operator()<others[1]>(channels, 4);
    check.operator()<others[3]>(channels, 5);
  }
  CHECK(seen.size() == 12);
}

TEST_CASE("constant plans say which tiles they have") {
  using namespace offramp::kernels::avx512_popcnt;
  const auto kinds = [](const op_signature& s, int channels, int groups = 1) {
    const kernel_op op{s, make_window({9, 9, 16 * groups}, channels * groups, 3, 3, 1, 1, 1, 0, groups)};
    return tile_kinds(plan_majority(op), op);
  };
  CHECK(kinds(to_bits, 40) == 4 + 1 + parted_tiles);
  CHECK(kinds(signatures[2], 7) == 1 + joined_tiles);
  CHECK(kinds(signatures[2], 31) == 4 + joined_tiles + parted_tiles);  // by scales, if all have one
  CHECK(kinds(signatures[2], 32) == 4 + parted_tiles);
  CHECK(kinds(signatures[2], 20) == 2 + 1 + parted_tiles);
  CHECK(kinds(signatures[4], 13) == 2 + joined_tiles);
  CHECK(kinds(others[2], 13) == 2 + parted_tiles);
  CHECK(kinds(in_groups[1], 8, 2) == 1 + parted_tiles);
}

TEST_CASE("streams across positions, a channel without a scale among them") {
  if (!kernels::runs_here<popcnt>()) return;
  constexpr op_signature s = signatures[2];
  const window w = make_window({9, 13, 16}, 7, 3, 3, 1, 1, 1);
  const kernel_op op{s, w};
  REQUIRE(choose_conv_bits(op).variant == variant::majorities);
  const auto words = kernels::weight_words<popcnt>(op);
  random_numbers r{78};
  auto* canonical =
      reinterpret_cast<std::uint32_t*>(memory().canonical_weights.take(4 * kernels::canonical_layout(op).total(), 4));
  fill_weights(r, op, canonical);
  auto* weights = reinterpret_cast<std::uint32_t*>(memory().weights.take(4 * words, 4));
  auto* in = memory().in.take(4 * 9 * 13, 4);
  fill_tensor(r, w.in, kind::bits, in);
  auto* scratch = memory().scratch.take(kernels::scratch_bytes<popcnt>(op), 8);
  auto* out = reinterpret_cast<std::int16_t*>(memory().out.take(static_cast<std::size_t>(w.out.size()) * 2, 2));
  std::vector<std::int16_t> stream(static_cast<std::size_t>(w.out.size()));
  fill_tensor(r, w.out, kind::i16, reinterpret_cast<unsigned char*>(stream.data()));
  std::vector<std::int16_t> results[2];
  for (const bool scales : {true, false}) {
    kernels::pack<popcnt>(op, canonical, weights);
    namespace shorts = offramp::kernels::short_scales;
    std::uint32_t& shifts = weights[words - shorts::block_words + shorts::shifts_at];
    if (!scales) shifts |= 0xff00;
    CHECK(((shifts & 0xff00) != 0xff00) == scales);
    std::copy(stream.begin(), stream.end(), out);
    kernels::run<popcnt, s>(dynamic_geometry{w}, {in, weights, out, scratch});
    results[scales ? 0 : 1].assign(out, out + w.out.size());
  }
  CHECK(results[0] == results[1]);
  CHECK(results[0] != stream);
}

TEST_CASE("signs times signs with VPOPCNTDQ: constant shapes") {
  if (!kernels::runs_here<popcnt>()) return;
  check_op<popcnt, to_bits>(static_geometry<make_window({9, 9, 64}, 64, 3, 3, 1, 1, 1)>{}, "static", 1);
  check_op<popcnt, to_bits>(static_geometry<make_window({1, 1, 256}, 10, 1, 1, 1, 0, 0)>{}, "static, dense", 2);
  check_op<popcnt, signatures[2]>(static_geometry<make_window({14, 14, 16}, 16, 3, 3, 2, 1, 1)>{}, "static, i16", 3);
  check_op<popcnt, signatures[2]>(static_geometry<make_window({9, 10, 8}, 7, 3, 3, 1, 1, 1)>{}, "static, 7 of i16", 4);
  check_op<popcnt, signatures[2]>(static_geometry<make_window({9, 9, 8}, 45, 3, 3, 1, 1, 1)>{}, "static, 45 of i16", 5);
}

TEST_CASE("dense layers, four tiles of channels at a time") {
  constexpr op_case dense[] = {
      {"two rounds", make_window({1, 1, 1024}, 128, 1, 1, 1, 0, 0)},
      {"an odd word last", make_window({1, 1, 96}, 64, 1, 1, 1, 0, 0)},
      {"one word", make_window({1, 1, 32}, 64, 1, 1, 1, 0, 0)},
      {"a tile more", make_window({1, 1, 200}, 80, 1, 1, 1, 0, 0)},
      {"some channels more", make_window({1, 1, 64}, 133, 1, 1, 1, 0, 0)},
      {"fewer than four tiles", make_window({1, 1, 160}, 63, 1, 1, 1, 0, 0)},
      {"more outputs stored", stored_for(make_window({1, 1, 128}, 64, 1, 1, 1, 0, 0), 128, 200)},
      {"narrower than stored", stored_for(make_window({1, 1, 100}, 70, 1, 1, 1, 0, 0), 128, 96)},
  };
  for (const op_case& c : dense) CHECK(choose_conv_bits({signatures[0], c.geometry}).variant == variant::words);
  check_path<popcnt, signatures>(dense);
}

TEST_CASE("counts of all differences, and of none") {
  // Every plane of a count takes its extreme: majorities, where all bits differ or none does.
  if (!kernels::runs_here<popcnt>()) return;
  constexpr op_signature s = conv(kind::bits, kind::bits, kind::i32);
  for (const int channels : {7, 8, 64, 200, 640}) {
    const window w = make_window({32, 31, channels}, 64, 3, 3, 1, 0, 0);
    const kernel_op op{s, w};
    REQUIRE(choose_conv_bits(op).variant == variant::majorities);
    for (const bool differ : {true, false}) {
      const int words = offramp::ceil_div(channels, 32);
      auto* in =
          reinterpret_cast<std::uint32_t*>(memory().in.take(static_cast<std::size_t>(w.in.positions() * words) * 4, 4));
      for (int i = 0; i < w.in.positions() * words; ++i)
        in[i] = differ ? offramp::low_bits(channels - 32 * (i % words)) : 0;
      auto* canonical = reinterpret_cast<std::uint32_t*>(
          memory().canonical_weights.take(4 * kernels::canonical_layout(op).total(), 4));
      for (std::size_t i = 0; i < kernels::canonical_layout(op).total(); ++i) canonical[i] = 0;  // all +1, no bias
      auto* weights = reinterpret_cast<std::uint32_t*>(memory().weights.take(4 * kernels::weight_words<popcnt>(op), 4));
      kernels::pack<popcnt>(op, canonical, weights);
      auto* out = reinterpret_cast<std::int32_t*>(memory().out.take(static_cast<std::size_t>(w.out.size()) * 4, 4));
      auto* scratch = memory().scratch.take(kernels::scratch_bytes<popcnt>(op), 8);
      kernels::run<popcnt, s>(dynamic_geometry{w}, {in, weights, out, scratch});
      bool equal = true;
      for (int i = 0; i < w.out.size(); ++i) equal = equal && out[i] == (differ ? -9 : 9) * channels;
      CHECK(equal);
    }
  }
}

TEST_CASE("majorities where they pay, and padding shared by rows") {
  const auto chosen = [](window w) { return choose_conv_bits({to_bits, w}).variant; };
  CHECK(chosen(make_window({56, 56, 64}, 64, 3, 3, 1, 1, 1)) == variant::majorities);
  CHECK(chosen(make_window({14, 14, 256}, 256, 3, 3, 1, 1, 1)) == variant::majorities);
  CHECK(chosen(make_window({7, 7, 512}, 512, 3, 3, 1, 1, 1)) == variant::columns);
  CHECK(chosen(make_window({28, 28, 128}, 128, 1, 1, 1, 0, 0)) == variant::majorities);
  CHECK(chosen(make_window({1, 1, 1024}, 1024, 1, 1, 1, 0, 0)) == variant::words);
  // Nested widths share packed weights: the choice may not depend on active channels.
  CHECK(chosen(stored_for(make_window({9, 9, 8}, 8, 3, 3, 1, 1, 1), 64, 64)) == variant::majorities);
  CHECK(plan_majority({to_bits, make_window({14, 14, 256}, 256, 3, 3, 1, 1, 1)}).pitch == 15);
  CHECK(plan_majority({to_bits, make_window({14, 14, 256}, 256, 3, 3, 2, 1, 1)}).pitch == 8);
  CHECK(plan_majority({to_bits, make_window({3, 3, 8}, 3, 1, 1, 1, 1, 1)}).pitch == 5);
}
