// Bits times bits a word at a time: 16 output channels in the 32-bit lanes of a vector, words of activations broadcast
// to all of them. Windows are gathered once into patches, runs of words that all channels read. Portable: nothing runs
// here.
//
// A patch holds its taps side by side, each beginning a new word; where that wastes much (few or odd channels) bit by
// bit without gaps (tight). Groups that begin within a word are always tight. Packed layout depends on stored channels
// alone, so that nested widths share it: they drop the words of channels that are not active as they go.
#ifndef OFFRAMP_KERNELS_AVX512_WORD_PLAN_HPP
#define OFFRAMP_KERNELS_AVX512_WORD_PLAN_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/op.hpp>
#include <offramp/kernels/portable/patch.hpp>
#include <offramp/kernels/weights.hpp>
#include <offramp/kernels/x86/short_scales.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct word_plan {
  int channels = 0;  // outputs of a group
  int groups = 0;    // stored ones
  int in_c = 0;      // active inputs of a group
  int stored_in_c = 0;
  int taps = 0;
  bool tight = false;
  bool in_place = false;  // the input is the patches
  bool narrow = false;    // weights are stored for more inputs than are active
  int stored_words = 0;   // of one output's weights
  int words = 0;          // of a patch
  int block = 0;          // patches at a time: 16 KiB of the first cache
  int row_bytes = 0;      // tight: a row of input without gaps, its padding, and room to read beyond the end

  [[nodiscard]] constexpr int tiles() const { return ceil_div(channels, 16); }
};

constexpr word_plan plan_words(const kernel_op& op) {
  const window& w = op.geometry;
  const bool grouped = op.signature.grouped;
  word_plan p;
  p.channels = grouped ? w.out.c / w.groups : w.stored_out_c;
  p.groups = grouped ? w.stored_out_c / p.channels : 1;
  p.in_c = w.group_in_c();
  p.stored_in_c = w.stored_group_in_c();
  p.narrow = p.stored_in_c != p.in_c;
  p.taps = w.taps();
  const int loose = p.taps * ceil_div(p.stored_in_c, 32);
  const int tight = ceil_div(p.taps * p.stored_in_c, 32);
  p.tight = grouped ? p.in_c % 32 != 0 : tight * 10 <= loose * 9;
  p.stored_words = p.tight ? tight : loose;
  p.words = p.tight ? tight : p.taps * ceil_div(p.in_c, 32);
  const bool same_place = p.taps == 1 && w.stride_h == 1 && w.stride_w == 1 && w.in.positions() == w.out.positions();
  p.in_place = !grouped && !p.tight && portable::contiguous(w) && (same_place || w.out.positions() == 1);
  p.block = 4096 / p.words;
  if (p.block < 6) p.block = 6;
  if (p.block > w.out.positions()) p.block = w.out.positions();
  p.row_bytes = 8 * ceil_div(((w.out.w - 1) * w.stride_w + w.kernel_w) * p.stored_in_c, 64) + 16;
  return p;
}

// What a convolution meets: a constant plan makes code for that alone.
struct word_cases {
  bool tight = true, narrow = true, gathered = true;
  bool dense = true, tiled = true;  // tiles side by side of the only position; one after the other
};
constexpr word_cases cases_of(const word_plan& p, const window& w) {
  const bool dense = w.out.positions() == 1 && !p.narrow;
  return {p.tight, p.narrow, !p.in_place, dense, !dense};
}

// Results of one call of a counting loop.
inline constexpr int count_run = 24;

// Where things stand in scratch, bytes from its beginning.
struct word_scratch {
  std::size_t patches, counts, tile, masks, rows, total;
};
constexpr word_scratch scratch_words(const word_plan& p, const window& w) {
  const auto size = [](int n) { return static_cast<std::size_t>(n); };
  word_scratch s{};
  s.counts = 0;
  s.patches = size(64 * count_run);
  s.tile = s.patches + (p.in_place ? 0 : size(64 * (ceil_div(p.block * p.words, 16) + 1)));  // vectors end behind them
  s.masks = s.tile + (p.narrow ? 64 * size(p.words) : 0);
  s.rows = s.masks + (p.narrow ? (4 * size(p.words) + 63) / 64 * 64 : 0);
  // Behind the rows of the input one of zeros.
  s.total = s.rows + (p.tight ? size(p.row_bytes) * size(w.in.h + 1) : 0);
  return s;
}

// The kernel in tiles of 16 channels, lanes that lack one zero: word after word of all of them.
constexpr std::size_t word_kernel_words(const word_plan& p) {
  return 16 * static_cast<std::size_t>(p.groups) * static_cast<std::size_t>(p.tiles()) *
         static_cast<std::size_t>(p.stored_words);
}
constexpr void pack_words(const word_plan& p, const std::uint32_t* kernel, std::uint32_t* to) {
  const int in_words = ceil_div(p.stored_in_c, 32);
  for (std::size_t i = 0; i < word_kernel_words(p); ++i) to[i] = 0;
  for (int group = 0; group < p.groups; ++group)
    for (int c = 0; c < p.channels; ++c) {
      const std::uint32_t* from = kernel + (group * p.channels + c) * p.taps * in_words;
      std::uint32_t* lane = to + (group * p.tiles() + c / 16) * 16 * p.stored_words + c % 16;
      for (int tap = 0; tap < p.taps; ++tap)
        for (int i = 0; i < in_words; ++i) {
          const std::uint32_t word = from[tap * in_words + i];
          const int bit = tap * (p.tight ? p.stored_in_c : 32 * in_words) + 32 * i;
          lane[bit / 32 * 16] |= word << bit % 32;
          // Spare bits are zero, so that nothing is carried beyond the last word.
          if (bit % 32 != 0 && word >> (32 - bit % 32) != 0) lane[(bit / 32 + 1) * 16] |= word >> (32 - bit % 32);
        }
    }
}

// Scales of 16-bit streams follow the kernel.
constexpr std::size_t word_scales_begin(const word_plan& p, const kernel_op& op) {
  return packed_begin(op) + word_kernel_words(p);
}
constexpr std::size_t word_weight_words(const word_plan& p, const kernel_op& op) {
  return word_scales_begin(p, op) + short_scales::words(op);
}
constexpr void pack_words(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
  const word_plan p = plan_words(op);
  pack_words(p, canonical + canonical_layout(op).kernel(), packed + packed_begin(op));
  short_scales::pack(op, short_scales::spare_bits(op), canonical, packed + word_scales_begin(p, op));
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
