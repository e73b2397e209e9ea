// Counting differing bits by majorities: which numbers a convolution needs for it; portable, nothing runs here.
//
// One output is a count of differences a = x ^ w over all channels of all taps. Of three of them (Warren, "Hacker's
// Delight", 5-1: a full adder) the sum is x1^x2^x3 ^ w1^w2^w3, known on both sides apart, and costs nothing; the carry
//   maj(a1, a2, a3) = maj(x1, x2, x3) ^ maj(w1, w2, w3) ^ (x1^x2)(w1^w3) ^ (x1^x3)(w1^w2)
// is a product over GF(2) of four bits made of x and four made of w. One vgf2p8affineqb takes 8 such bits of 8
// positions and 8 channels in each of 8 places and returns 512 carries, bit by bit the counts' second plane; what
// follows are full adders of two vpternlogd. In all 1.375 operations for 512 products, where counting bits in words
// takes 2.5 (one carry-save level and vpopcntd).
//
// Channels are chained: the sum of what came before and two more make a carry, so that four channels, a quad, make
// two and pass their sum on. A byte holds the bits of a quad, an oct is two quads, one byte of channels. A chain begins
// anew at every pixel, so that its bits are computed once per pixel and read by all taps; the sums that are left over,
// one a tap, form chains of their own (tail), and the last sum of all is the plane of ones.
//
// Positions lie flat, rows `pitch` apart with their padding between them, so that a tap is an offset. With strides,
// every remainder of row and column by the stride (phase) is an image of its own.
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_PLAN_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_PLAN_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/op.hpp>
#include <offramp/kernels/weights.hpp>
#include <offramp/kernels/x86/short_scales.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt {

struct majority_plan {
  int in_bytes = 0;      // octs of a pixel (of a group)
  int stored_bytes = 0;  // those that weights are stored for
  int spare = 0;         // channels that the last of them lacks
  int taps = 0;
  int tail_octs = 0;  // of the sums left over by the taps: one and eight more an oct
  int octs = 0;
  int phases_w = 0, phases = 0;
  int reach_h = 0, reach_w = 0;  // rows and columns that a window reaches within its phase, beside the first
  int pitch = 0;
  int band = 0;          // output rows whose bits are made at a time
  int plane = 0;         // bytes of one bit-byte of all pixels of a phase
  int planes = 0;        // bits of a count
  int chunk = 0;         // octs whose weights are made ready at a time
  int channels = 0;      // outputs of a group
  int groups = 0;        // stored ones
  bool numbers = false;  // outputs are no bits: see place_of_block

  // Blocks of 8 channels; seven make room for an eighth, see tile_blocks.
  [[nodiscard]] constexpr int blocks() const {
    const int n = ceil_div(channels, 8);
    return n % 8 == 7 ? n + 1 : n;
  }
  [[nodiscard]] constexpr int flat(int rows, int width) const { return (rows - 1) * pitch + width; }
  [[nodiscard]] constexpr int pixel_planes() const { return phases * 2 * in_bytes; }
  [[nodiscard]] constexpr int kernel_octs() const { return taps * in_bytes; }
};

// Bits of a number.
constexpr int width_of(int n) {
  int bits = 0;
  for (; n > 0; n >>= 1) ++bits;
  return bits;
}

constexpr majority_plan plan_majority(const kernel_op& op) {
  const window& w = op.geometry;
  const bool grouped = op.signature.grouped;
  majority_plan p;
  p.numbers = op.signature.out != kind::bits;
  p.channels = grouped ? w.out.c / w.groups : w.stored_out_c;
  p.groups = grouped ? w.stored_out_c / p.channels : 1;
  p.in_bytes = ceil_div(w.group_in_c(), 8);
  p.stored_bytes = ceil_div(w.stored_group_in_c(), 8);
  p.spare = 8 * p.in_bytes - w.group_in_c();
  p.taps = w.taps();
  p.tail_octs = ceil_div(p.taps - 1, 8);
  p.octs = p.kernel_octs() + p.tail_octs;
  const int phases_h = w.stride_h < w.kernel_h ? w.stride_h : w.kernel_h;
  p.phases_w = w.stride_w < w.kernel_w ? w.stride_w : w.kernel_w;
  p.phases = phases_h * p.phases_w;
  p.reach_h = (w.kernel_h - 1) / w.stride_h;
  p.reach_w = (w.kernel_w - 1) / w.stride_w;
  p.pitch = w.out.w + p.reach_w;
  if (w.stride_w == 1) {  // the padding right of a row is that left of the next one
    const int right = p.pitch - w.pad_left - w.in.w;
    if (right > 0) p.pitch -= right < w.pad_left ? right : w.pad_left;
    if (p.pitch < w.out.w) p.pitch = w.out.w;
  }
  const int bytes_per_row = (p.pixel_planes() + p.phases + 2 * p.tail_octs + 1) * p.pitch;
  int band = 160 * 1024 / bytes_per_row - p.reach_h;
  band = band < 1 ? 1 : band > w.out.h ? w.out.h : band;
  p.band = ceil_div(w.out.h, ceil_div(w.out.h, band));
  // Room for what vectors read and write beyond the end. An odd number of lines keeps planes in different sets of a
  // cache.
  p.plane = 64 * (ceil_div((p.band + p.reach_h) * p.pitch + p.reach_w + 128, 64) | 1);
  p.planes = width_of(8 * p.octs + 1);
  if (p.planes < 5) p.planes = 5;
  p.chunk = ceil_div(p.octs, ceil_div(p.octs, 80));  // 20 KiB of the first cache
  return p;
}

// Blocks of 8 channels that are computed together: 8, 4, 2 or 1, over 8 to 64 positions.
constexpr int tile_blocks(int left) { return left >= 7 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1; }

// Are numbers of a tile of so many channels computed across positions (majority_joined.hpp)? If these are all, where
// vectors of one position would not be full. In lanes of 32 bits, which load more parameters, only where a quarter of
// them would be empty, or a vector of a stream would wait for the one before it.
constexpr bool joins_lanes(const kernel_op& op, int channels) {
  return op.signature.out != kind::bits && channels == op.geometry.out.c && channels <= (op.signature.add ? 15 : 12);
}
// If all of them have scales.
constexpr bool joins_shorts(const kernel_op& op, int channels) {
  return short_scales::present(op) && channels == op.geometry.out.c && channels % 32 != 0;
}

// Which tiles a plan has: the sum of their sizes and of these. A constant plan makes no code for others.
inline constexpr int joined_tiles = 16, parted_tiles = 32;
constexpr int tile_kinds(const majority_plan& p, const kernel_op& op) {
  const int channels = op.geometry.out.c / (op.signature.grouped ? op.geometry.groups : 1);
  int kinds = 0;
  for (int first = 0; 8 * first < channels;) {
    const int blocks = tile_blocks(p.blocks() - first), left = channels - 8 * first;
    const int n = left < 8 * blocks ? left : 8 * blocks;
    kinds |= blocks;
    if (joins_lanes(op, n) || joins_shorts(op, n)) kinds |= joined_tiles;
    if (!joins_lanes(op, n)) kinds |= parted_tiles;
    first += blocks;
  }
  return kinds;
}
inline constexpr int every_tile_kind = 8 + 4 + 2 + 1 + joined_tiles + parted_tiles;

// The flat positions of a band as vectors of so many: one after the other, or each row beginning with a new one where
// that takes fewer of them, since nothing is computed for the padding between rows.
struct position_vectors {
  int positions = 0, pitch = 0;
  int end = 0;  // columns: a vector that begins there begins the next row
  int count = 0;
};
constexpr position_vectors cover(const majority_plan& p, int rows, int width, int positions) {
  const int flat = ceil_div(p.flat(rows, width), positions), by_row = rows * ceil_div(width, positions);
  return {positions, p.pitch, flat <= by_row ? p.pitch : width, flat <= by_row ? flat : by_row};
}
// One of them, from the first one on.
struct vector_place {
  int y = 0, x = 0;

  [[nodiscard]] constexpr int begin(const position_vectors& v) const { return y * v.pitch + x; }
  constexpr void advance(const position_vectors& v) {
    for (x += v.positions; x >= v.end; ++y) x = v.end == v.pitch ? x - v.pitch : 0;
  }
};

// Where a block stands among those of its tile. Bits come out in order; for numbers of whole tiles, blocks 0 to 3 take
// turns with 4 to 7, so that unpacking lower and upper halves leaves 32 neighbouring channels together.
constexpr int place_of_block(bool numbers, int blocks, int b) { return numbers && blocks == 8 ? b % 4 * 2 + b / 4 : b; }

// Where things stand in scratch, bytes from its beginning, all of them multiples of 64.
struct majority_scratch {
  std::size_t parities, tail, last, taps, offsets, weights, sums, limits, counts, total;
};
constexpr majority_scratch scratch_majority(const majority_plan& p, const window& w) {
  const auto vectors = [](int n) { return 64 * static_cast<std::size_t>(n); };
  majority_scratch s{};
  std::size_t at = 0;
  const auto take = [&at](std::size_t& where, std::size_t bytes) {
    where = at;
    at += (bytes + 63) / 64 * 64;
  };
  const auto plane = static_cast<std::size_t>(p.plane);
  at = plane * static_cast<std::size_t>(p.pixel_planes());
  take(s.parities, plane * static_cast<std::size_t>(p.phases));
  take(s.tail, plane * static_cast<std::size_t>(2 * p.tail_octs));
  take(s.last, plane);
  take(s.taps, 4 * static_cast<std::size_t>(p.taps));
  take(s.offsets, 4 * static_cast<std::size_t>(p.octs));
  take(s.weights, vectors(4 * p.chunk + 1));
  take(s.sums, vectors(p.taps + 1));
  take(s.limits, vectors(p.planes + 2));
  const int together = p.chunk < p.octs ? ceil_div(p.flat(p.band, w.out.w), 8) : 2;
  take(s.counts, vectors((together < 2 ? 2 : together) * p.planes));
  s.total = at;
  return s;
}

// The kernel: raw bits in tiles of blocks, in a tile oct after oct the bytes of its channels. Within a block they stand
// in reverse, as rows of the matrices of vgf2p8affineqb do. Layout depends on stored channels alone: nested widths
// share packed weights.
constexpr int majority_tile_octs(const majority_plan& p) { return p.taps * p.stored_bytes; }
constexpr std::size_t majority_kernel_words(const majority_plan& p) {
  return 2 * static_cast<std::size_t>(p.groups) * static_cast<std::size_t>(p.blocks()) *
         static_cast<std::size_t>(majority_tile_octs(p));
}
constexpr void pack_majority(const majority_plan& p, const window& w, const std::uint32_t* kernel, std::uint32_t* to) {
  const int in_words = ceil_div(w.stored_group_in_c(), 32);
  const int octs = majority_tile_octs(p);
  for (std::size_t i = 0; i < majority_kernel_words(p); ++i) to[i] = 0;
  for (int group = 0; group < p.groups; ++group)
    for (int first = 0; first < p.blocks(); first += tile_blocks(p.blocks() - first)) {
      const int blocks = tile_blocks(p.blocks() - first);
      const int tile = (group * p.blocks() + first) * 8 * octs;
      for (int c = 8 * first; c < 8 * (first + blocks) && c < p.channels; ++c)
        for (int oct = 0; oct < octs; ++oct) {
          const int k = oct % p.stored_bytes;
          const int tap = oct / p.stored_bytes;
          const std::uint32_t word = kernel[((group * p.channels + c) * p.taps + tap) * in_words + k / 4];
          const int at = tile + oct * 8 * blocks + place_of_block(p.numbers, blocks, c / 8 - first) * 8 + (7 - c % 8);
          to[at / 4] |= (word >> (8 * (k % 4)) & 0xffu) << (8 * (at % 4));
        }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt

#endif
