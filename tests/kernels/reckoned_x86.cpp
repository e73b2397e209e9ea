// What the kernels of x86 reckon their loops to come to: counts by hand, of tiles, vectors and what is made ready.
// covers: kernels/reckoning.hpp kernels/x86/bit_rows.hpp kernels/avx2/pool_traits.hpp
#include <offramp/kernels/dispatch.hpp>

#include <doctest/doctest.h>

#include <offramp/paths/x86.hpp>

using namespace offramp;
using kernels::reckoned;
using kernels::reckoning;

namespace {

constexpr kernel_op conv(kind in, kind weights, kind out, shape from, int channels, int kernel = 3,
                         layout all = layout::nhwc) {
  kernel_op op;
  op.signature = {op_kind::conv, in, weights, out, false, all, all};
  op.geometry = make_window(from, channels, kernel, kernel, 1, kernel / 2, kernel / 2);
  return op;
}
constexpr kernel_op pool(op_kind what, kind k, shape from, int size) {
  return {{what, k, kind::none, k}, make_window(from, from.c, size, size, size, 0, 0)};
}
constexpr kernel_op pointwise(kind in, kind out, shape from) {
  return {{op_kind::pointwise, in, kind::none, out}, make_window(from, from.c, 1, 1, 1, 0, 0)};
}

void check(const reckoning& r, const reckoning& by_hand) {
  CHECK(r.loops == by_hand.loops);
  CHECK(r.turns == by_hand.turns);
  CHECK(r.moved == by_hand.moved);
  CHECK(r.stored == by_hand.stored);
  CHECK(r.uneven == by_hand.uneven);
}

}  // namespace

TEST_CASE("reckoned on x86: bit rows, vectors of 512 or 256 positions") {
  const auto op = [](shape from) { return conv(kind::bits, kind::bits, kind::bits, from, 24, 3, layout::bit_rows); };
  check(reckoned<path::avx512>(op({16, 16, 8})), {72 * 24, 24, 72, 0});
  check(reckoned<path::avx512_popcnt>(op({32, 32, 8})), {2 * 72 * 24, 2 * 24, 2 * 72, 0});
  check(reckoned<path::avx2>(op({32, 32, 8})), {4 * 72 * 24, 4 * 24, 4 * 72, 0});
  check(reckoned<path::avx2>(op({4, 100, 8})), {});  // rows too long: the reference's loop
}

TEST_CASE("reckoned on x86: majorities, three tiles of 32 flat positions and two blocks of channels") {
  // Rows of 8 are 9 apart, so that there are 71 positions; 18 octs of the kernel and one of what is left over; counts
  // of 8 bits. Eight runs of pixels, four at a time, of two bytes; two vectors of what is left over, of two planes.
  // Of three vectors one is counted alone.
  const reckoning r{3 * 8 * 19 + 10 * 19 + 19 * 4 / 3, 3 * (43 + 4 * 8) + 220, 2 * (26 * 2 + 32) + 13 * 2 * 2, 0, 0};
  const auto op = [](kind out, int channels) { return conv(kind::bits, kind::bits, out, {8, 8, 16}, channels); };
  const auto reckoned_majority = [](const kernel_op& o) {
    return kernels::avx512_popcnt::reckoned(kernels::avx512_popcnt::plan_majority(o), o);
  };
  check(reckoned_majority(op(kind::bits, 16)), r);
  // A third byte of every word, position by position.
  CHECK(reckoned_majority(op(kind::bits, 24)).uneven == 4 * 2 * 64);
  reckoning numbers = r;
  numbers.stored = numbers.uneven = 3 * 32 * 16;  // a channel of all positions at a time
  check(reckoned_majority(op(kind::i16, 16)), numbers);
  // Beside whole vectors of 32 channels eight more, in vectors of 16 for each position; floats always go there.
  CHECK(reckoned_majority(op(kind::i16, 40)).stored == 5 * 16 * 32 + 2 * 64 * 16);
  CHECK(reckoned_majority(op(kind::i16, 40)).uneven == 2 * 64 * 16);
  CHECK(reckoned_majority(op(kind::f32, 40)).uneven == 5 * 16 * 32 + 2 * 64 * 16);
  // What ways are compared by knows of none of this.
  const kernel_op wider = op(kind::i16, 40);
  const reckoning same = kernels::avx512_popcnt::compared(kernels::avx512_popcnt::plan_majority(wider), wider);
  check(same, {(5 + 2) * 8 * 19 + 2 * 10 * 19, 7 * (43 + 4 * 8) + 2 * 220, r.moved, 0, 0});
  CHECK(reckoned_majority(wider).loops == same.loops + 19 * 5 * 3 / 4 + 19 * 4 / 3 + 19 * 2 * 8 / 5);
  // Strides: four images of 4x4 pixels, each a call of four runs.
  kernel_op strided = op(kind::bits, 16);
  strided.geometry = make_window({8, 8, 16}, 16, 3, 3, 2, 1, 1);
  CHECK(reckoned_majority(strided).moved == 4 * (26 * 2 + 70) + 13 * 2);
}

TEST_CASE("reckoned on x86: words of a dense layer, read in place, of patches, and without gaps") {
  check(reckoned<path::avx512_popcnt>(conv(kind::bits, kind::bits, kind::i8, {1, 1, 64}, 32, 1)), {6, 8, 0, 0, 0});
  const auto op = [](int channels, kind out) { return conv(kind::bits, kind::bits, out, {3, 3, channels}, 24); };
  // Nine words, three rows of patches; the second tile is not full.
  check(reckoned<path::avx512_popcnt>(op(32, kind::i8)), {9 * 2 * 13, 9 * 2 * 4, 9 * 4 * 3, 0, 9 * 16});
  // Rows of 60 bits: two cuts. Six words.
  check(reckoned<path::avx512_popcnt>(op(20, kind::bits)), {9 * 2 * 9, 9 * 2 * 4, 9 * 21 + 12, 0, 0});
}

TEST_CASE("reckoned on x86: levels of nested widths, by the channels that are active") {
  const auto level = [](kernel_op op, int in, int out) {
    op.geometry.in.c = in;
    op.geometry.out.c = out;
    return op;
  };
  // Words: six of twelve tiles' nine words, which are picked from twice as many.
  const kernel_op words = conv(kind::bits, kind::bits, kind::i8, {3, 3, 64}, 192);
  check(reckoned<path::avx512_popcnt>(level(words, 32, 96)), {9 * 6 * 13, 9 * 6 * 4, 9 * 4 * 3 + 6 * 9 * 2, 0, 0});
  CHECK(reckoned<path::avx512_popcnt>(level(words, 64, 96)).loops * 2 == reckoned<path::avx512_popcnt>(words).loops);
  // Majorities: tiles of 64 channels, whole ones.
  const kernel_op tiles = conv(kind::bits, kind::bits, kind::bits, {16, 16, 128}, 128);
  REQUIRE(kernels::avx512_popcnt::choose_conv_bits(tiles).variant ==
          kernels::avx512_popcnt::conv_bits_variant::majorities);
  const auto loops = [&](int in, int out) { return reckoned<path::avx512_popcnt>(level(tiles, in, out)).loops; };
  CHECK(loops(128, 32) == loops(128, 64));
  CHECK(loops(128, 96) == loops(128, 128));
  CHECK(loops(128, 64) * 2 == loops(128, 128));
  CHECK(loops(32, 64) < loops(128, 64) / 3);
  CHECK(reckoned<path::avx512_popcnt>(level(tiles, 128, 32)).uneven > 0);  // half a tile, position by position
  // Integers: vectors that hold active channels.
  const kernel_op integers = conv(kind::i8, kind::i8, kind::i8, {10, 10, 16}, 64);
  const kernel_op alone = conv(kind::i8, kind::i8, kind::i8, {10, 10, 16}, 32);
  check(reckoned<path::avx512_vnni>(level(integers, 16, 32)), reckoned<path::avx512_vnni>(alone));
  // Columns: words of input channels.
  CHECK(reckoned<path::avx512>(level(words, 32, 192)).loops < reckoned<path::avx512>(words).loops);
}

TEST_CASE("reckoned on x86: depthwise, products, tiles and numbers that become floats") {
  const auto op = [](int channels) {
    kernel_op made;
    made.signature = {op_kind::conv, kind::i8, kind::i8, kind::i8};
    made.signature.grouped = true;
    made.geometry = make_window({8, 8, channels}, channels, 3, 3, 1, 1, 1, 1, channels);
    return made;
  };
  constexpr int rows = 8 * 3 - 2;  // of taps inside the input
  check(reckoned<path::avx512>(op(24)), {2 * 8 * rows * 3, 2 * 8, 2 * 8 * 8, 2 * 16 * 64, 0});
  // Two tiles of four positions.
  check(reckoned<path::avx2>(op(24)), {3 * 8 * rows * 3, 3 * 2 * 8, 3 * 8 * 8, 3 * 8 * 64, 0});
  // Four vectors at a time, in two tiles of four positions, and one vector more.
  check(reckoned<path::avx512>(op(72)), {(4 * 8 + 8) * rows * 3, (2 + 1) * 8, 5 * 8 * 8, 5 * 16 * 64, 0});
  CHECK(kernels::variant<path::avx512>(op(24)) != kernels::variant<path::avx512>(op(72)));
  CHECK(kernels::variant<path::avx2>(op(24)) == kernels::variant<path::avx2>(op(72)));
  // Of two positions sums wait for each other.
  kernel_op narrow = op(24);
  narrow.geometry = make_window({8, 2, 24}, 24, 3, 3, 1, 1, 1, 1, 24);
  CHECK(reckoned<path::avx512>(narrow).loops == 2 * 4 * rows * 3);
}

TEST_CASE("reckoned on x86: floats, directly and by minimal filtering") {
  // One tile of one position and two vectors: three loads a step.
  check(reckoned<path::avx512>(conv(kind::f32, kind::f32, kind::f32, {1, 1, 64}, 32, 1)), {64 * 3, 38, 0, 32});
  const auto filtered = conv(kind::f32, kind::f32, kind::f32, {16, 16, 16}, 16);
  REQUIRE(kernels::avx2::filters_minimally(filtered));
  const reckoning r = reckoned<path::avx512>(filtered);
  CHECK(r.moved == kernels::avx2::filter_tiles(filtered.geometry) * (20 + 64));
  CHECK(r.stored == 16 * 64 * 16);              // places of 8x8 tiles
  CHECK(r.loops < 16 * 16 * 16 * 9 * 16 / 16);  // fewer products than there are
}

TEST_CASE("reckoned on x86: integers store what vectors and tiles hold") {
  const auto op = [](int channels) { return conv(kind::i8, kind::i8, kind::i8, {10, 10, 16}, channels); };
  const reckoning narrow = reckoned<path::avx512_vnni>(op(16)), wider = reckoned<path::avx512_vnni>(op(17));
  CHECK(narrow.stored >= 10 * 10 * 16);
  CHECK(wider.stored >= 10 * 10 * 32);
  CHECK(wider.loops > narrow.loops);
  CHECK(narrow.turns > 0);
  CHECK(narrow.moved > 0);  // there is padding
  // Ten positions are two quads and two for themselves; a vector that is not full makes all of a block uneven.
  CHECK(narrow.stored == 10 * 10 * 16);
  CHECK(narrow.uneven == 10 * 2 * 16);
  CHECK(wider.uneven == 10 * 10 * 32);
}

TEST_CASE("reckoned on x86: integers, rows of taps at once or each for itself") {
  // Eight positions, of which the outer columns of taps meet seven; four steps. Sums begin anew in the first, second
  // and last row of outputs: 2, 3 and 2 rows of taps. The input is copied as a whole.
  const kernel_op op = conv(kind::i8, kind::i8, kind::i8, {8, 8, 16}, 16);
  check(reckoned<path::avx512_vnni>(op), {22 * (7 + 8 + 7) * 4, 8 + (4 + 5 + 4) * 3, 8 * 8, 8 * 8 * 16, 0});
  const kernel_op runs = conv(kind::i8, kind::i8, kind::i8, {8, 8, 16}, 16, 1);
  CHECK(kernels::variant<path::avx512_vnni>(op) != kernels::variant<path::avx512_vnni>(runs));
  // Three taps of one or two channels fill lanes as one run, in a loop with a form of its own; of three channels they
  // are three.
  const auto image = [](int channels) {
    return kernels::variant<path::avx512_vnni>(conv(kind::u8, kind::i8, kind::i8, {8, 8, channels}, 16));
  };
  CHECK(image(1) == image(2));
  CHECK(image(1) != image(3));
  CHECK(image(1) != image(5));
  // Halves: eight steps, in which a tap takes no less than its latency; bytes take twice the room.
  check(reckoned<path::avx512>(op), {22 * 3 * 11 * 8, 8, 8 * 16, 8 * 8 * 16, 0});
}

TEST_CASE("reckoned on x86: poolings, by hand") {
  // Sixteen lanes of 32 bits: two vectors for 20 channels, of 16 taps; the second one is not full.
  check(reckoned<path::avx512>(pool(op_kind::avg_pool, kind::i8, {8, 8, 20}, 4)),
        {4 * 2 * 16, 4 * 2, 0, 4 * 32, 4 * 16});
  check(reckoned<path::avx2>(pool(op_kind::avg_pool, kind::i8, {8, 8, 20}, 4)), {4 * 3 * 16, 4 * 3, 0, 4 * 24, 4 * 8});
  // Streams: 32 channels, two positions at a time, and 16 more; channels that are repeated are stored alone.
  check(reckoned<path::avx512>(pool(op_kind::avg_pool, kind::i16, {8, 8, 48}, 4)),
        {4 * (2 * 4 * 2 + 16), 4 * (3 + 2), 0, 4 * 48, 0});
  kernel_op widened = pool(op_kind::avg_pool, kind::i16, {8, 8, 32}, 2);
  widened.geometry = make_window({8, 8, 32}, 64, 2, 2, 2, 0, 0);
  check(reckoned<path::avx512>(widened), {16 * 2 * 2, 16 * 3, 0, 16 * 64, 0});
  CHECK(kernels::variant<path::avx512>(widened) !=
        kernels::variant<path::avx512>(pool(op_kind::avg_pool, kind::i8, {8, 8, 48}, 4)));
  // Two positions of 32 bytes to a vector of 64, which is one output; to one of 32 bytes one position.
  check(reckoned<path::avx512>(pool(op_kind::max_pool, kind::i8, {8, 8, 32}, 2)), {2 * 16, 16, 0, 16});
  check(reckoned<path::avx2>(pool(op_kind::max_pool, kind::i8, {8, 8, 32}, 2)), {16 * 4, 16, 0, 16});
  check(reckoned<path::avx512>(pool(op_kind::max_pool, kind::f32, {4, 4, 20}, 2)), {4 * 2 * 4, 4 * 2, 0, 4 * 2});
  // Planes of signs: short rows two at a time.
  const auto planes = [](shape from, int size) {
    kernel_op op = pool(op_kind::max_pool, kind::bits, from, size);
    op.signature.in_layout = op.signature.out_layout = layout::bit_rows;
    return op;
  };
  check(reckoned<path::avx2>(planes({12, 12, 32}, 2)), {32 * 3 * 2, 32, 0, 0});
  check(reckoned<path::avx2>(planes({32, 32, 8}, 2)), {8 * 16 * 2, 8, 0, 0});
  check(reckoned<path::avx2>(planes({12, 12, 32}, 3)), {32 * 4 * 6, 32, 0, 0});
  CHECK(kernels::variant<path::avx2>(planes({12, 12, 32}, 2)) != kernels::variant<path::avx2>(planes({12, 12, 32}, 3)));
}

TEST_CASE("reckoned on x86: output stages, of which few channels share vectors") {
  check(reckoned<path::avx512>(pointwise(kind::i16, kind::i8, {8, 8, 4})), {0, 0, 0, 256});
  check(reckoned<path::avx512>(pointwise(kind::i16, kind::i8, {8, 8, 8})), {});
  check(reckoned<path::avx512>(pointwise(kind::i16, kind::bits, {8, 8, 8})), {0, 0, 0, 512});
  check(reckoned<path::avx512>(pointwise(kind::i16, kind::bits, {8, 8, 48})), {});
}
