// Bits times bits with VPOPCNTDQ, BITALG and GFNI, channels innermost: by majorities (majority_plan.hpp) where there
// are positions and channels enough to fill their vectors, by columns where channels are many and positions few, else a
// word at a time (word_plan.hpp).
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_CONV_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_CONV_BITS_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx512/conv_bits_traits.hpp>
#include <offramp/kernels/avx512_popcnt/majority_plan.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/x86/short_scales.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt {

// Sixty-four pixels at a time (majority_input.hpp), in runs of 16 of a row of a phase, for all bands.
constexpr std::int64_t pixel_calls(const majority_plan& p, const window& w) {
  const auto inside = [](int in, int pad, int phase, int stride, int out, int reach) {
    const int outside = pad - phase, from = outside > 0 ? ceil_div(outside, stride) : 0;
    const int end = in + outside <= 0 ? 0 : ceil_div(in + outside, stride);
    const int n = (end < out + reach ? end : out + reach) - from;
    return n > 0 ? n : 0;
  };
  const int again = (ceil_div(w.out.h, p.band) - 1) * p.reach_h;  // rows that two bands read
  std::int64_t calls = 0;
  for (int phase = 0; phase < p.phases; ++phase) {
    const int rows = inside(w.in.h, w.pad_top, phase / p.phases_w, w.stride_h, w.out.h, p.reach_h);
    const int columns = inside(w.in.w, w.pad_left, phase % p.phases_w, w.stride_w, w.out.w, p.reach_w);
    calls += ceil_div((rows + again) * ceil_div(columns, 16), 4);
  }
  return calls;
}

// Cycles, about, of either way, to compare them. Narrower levels of nested widths go tile by tile of those stored.
constexpr reckoning compared(const majority_plan& p, const kernel_op& op) {
  const window& w = op.geometry;
  const int channels = op.signature.grouped ? p.channels : w.out.c;
  reckoning r;
  for (int block = 0; 8 * block < channels; block += tile_blocks(p.blocks() - block)) {
    const std::int64_t count = cover(p, w.out.h, w.out.w, 64 / tile_blocks(p.blocks() - block)).count;
    r.loops += p.groups * (count * 8 * p.octs + 10 * p.octs);
    r.turns += p.groups * (count * (43 + 4 * p.planes) + 220);
  }
  const int words = ceil_div(w.in.c, 32), step = w.stride_w * words;
  const int load = words * (step == 1 ? 32 : step == 2 ? 70 : 110);
  const std::int64_t tails = ceil_div(p.flat(w.out.h, w.out.w), 64) * 2 * p.tail_octs;
  r.moved = p.groups * (pixel_calls(p, w) * (26 * p.in_bytes + load) + 13 * tails);
  return r;
}
// And what the latency model sees beside: measured on Zen 4, an oct takes longer in tiles of 4 blocks or 1, where a
// vector is counted alone, and where counts wait in memory for further weights; and how outputs leave.
constexpr reckoning reckoned(const majority_plan& p, const kernel_op& op) {
  const window& w = op.geometry;
  const int channels = op.signature.grouped ? p.channels : w.out.c;
  reckoning r = compared(p, op);
  for (int block = 0; 8 * block < channels; block += tile_blocks(p.blocks() - block)) {
    const int blocks = tile_blocks(p.blocks() - block), positions = 64 / blocks;
    const std::int64_t count = cover(p, w.out.h, w.out.w, positions).count;
    const std::int64_t octs = p.groups * p.octs;
    r.loops += blocks == 1 ? octs * count * 8 / 5 : blocks == 4 ? octs * count * 3 / 4 : 0;
    r.loops += octs * (count % 2) * 4 / 3 + (p.chunk < p.octs ? octs * count / 2 : 0);
    const int left = channels - 8 * block, n = left < 8 * blocks ? left : 8 * blocks;
    if (p.numbers) {
      // Whole vectors of 32 with scales of 16 bits; or of 16 for each position; or one channel of all positions.
      const bool joined = joins_lanes(op, n) || joins_shorts(op, n);
      const bool shorts = !joined && short_scales::present(op) && n == 8 * blocks && blocks >= 4;
      const std::int64_t stored = p.groups * count * positions * (joined ? n : 16 * ceil_div(n, 16));
      r.stored += stored;
      if (!shorts) r.uneven += stored;
    } else if (block > 0 || 4 * ceil_div(w.out.c, 32) != (blocks < 4 ? 4 : blocks)) {
      // Bits of tiles that are no whole outputs go position by position.
      r.uneven += 4 * p.groups * count * positions;
    }
  }
  return r;
}

// Both are counted in cycles of a Zen 4; columns and rows, which they are compared with, in those of a Xeon, which
// needs fewer.
constexpr long long comparable(const reckoning& r) { return (r.loops + r.turns + r.moved) * 88 / 100; }
constexpr long long majority_cycles(const majority_plan& p, const kernel_op& op) { return comparable(compared(p, op)); }

// A word of 16 channels takes a cycle and a half, a patch four for each row, without gaps three and a half for every
// run of bits, and each word of the input as many as it takes to append it. Weights that are stored for more inputs are
// copied for every block of patches.
constexpr reckoning reckoned(const avx512::word_plan& p, const kernel_op& op) {
  const window& w = op.geometry;
  const int channels = op.signature.grouped ? p.channels : w.out.c;
  const std::int64_t positions = p.groups * w.out.positions(), tiles = ceil_div(channels, 16);
  const int cuts = ceil_div(w.kernel_w * p.stored_in_c, 56);
  const std::int64_t gather = p.in_place ? 0 : p.tight ? w.kernel_h * cuts * 7 / 2 : 4 * w.kernel_h;
  const std::int64_t appended = p.tight ? p.groups * w.in.positions() * ceil_div(p.in_c, 32) * 4 / 3 : 0;
  const std::int64_t narrowed = p.narrow ? ceil_div(w.out.positions(), p.block) * p.groups * tiles * p.words * 2 : 0;
  const bool numbers = op.signature.out != kind::bits;
  return {.loops = positions * tiles * (3 * p.words / 2),
          .turns = positions * tiles * 4,
          .moved = positions * gather + appended + narrowed,
          .uneven = numbers && channels % 16 != 0 ? positions * 16 : 0};
}
constexpr long long word_cycles(const avx512::word_plan& p, const kernel_op& op) {
  return 88 + comparable(reckoned(p, op));
}

// The same for columns: three cycles a nanosecond.
constexpr long long column_cycles(const window& w) { return avx512::columns_cost(w) * 3 / 10; }

// Scales of 16-bit outputs begin a line behind the kernel.
constexpr std::size_t majority_scales_begin(const majority_plan& p, const kernel_op& op) {
  return round_up(packed_begin(op) + majority_kernel_words(p), 16);
}

enum class conv_bits_variant : std::uint8_t { portable, words, majorities, columns };

struct conv_bits_choice {
  conv_bits_variant variant;
  long long cycles;
};
[[gnu::always_inline]] constexpr conv_bits_choice choose_conv_bits(const kernel_op& op) {
  if (portable::by_channel(op)) return {conv_bits_variant::portable, 0};
  const kernel_op all = for_stored_channels(op);
  const window& w = all.geometry;
  conv_bits_choice best{conv_bits_variant::words, word_cycles(avx512::plan_words(all), all)};
  // Groups have to begin with a byte, of inputs as of outputs.
  if (!op.signature.grouped || (w.group_in_c() % 8 == 0 && w.out.c / w.groups % 8 == 0))
    if (const long long n = majority_cycles(plan_majority(all), all); n < best.cycles)
      best = {conv_bits_variant::majorities, n};
  if (avx512::columns_run(all) && column_cycles(w) < best.cycles) best = {conv_bits_variant::columns, column_cycles(w)};
  return best;
}

constexpr bool prefers_bit_rows(kernel_op op) {
  if (!bit_rows::is_sign_conv(op.signature) || !bit_rows::takes(op.geometry)) return false;
  op.signature.in_layout = op.signature.out_layout = layout::nhwc;
  return avx512::bit_rows_cost(op.geometry) * 3 / 10 <= choose_conv_bits(op).cycles;
}

struct conv_bits {
  static constexpr bool runs(const op_signature& s) { return avx512::conv_bits::runs(s); }
  static constexpr layout reads(const kernel_op& op) { return prefers_bit_rows(op) ? layout::bit_rows : layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) { return static_cast<int>(choose_conv_bits(op).variant); }
  static constexpr reckoning reckoned(const kernel_op& op) {
    switch (choose_conv_bits(op).variant) {
      case conv_bits_variant::majorities: return avx512_popcnt::reckoned(plan_majority(op), op);
      case conv_bits_variant::columns: return {.loops = column_cycles(op.geometry)};
      case conv_bits_variant::words: return avx512_popcnt::reckoned(avx512::plan_words(op), op);
      default: return {};
    }
  }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    switch (choose_conv_bits(op).variant) {
      case conv_bits_variant::majorities: return majority_scales_begin(plan_majority(op), op) + short_scales::words(op);
      case conv_bits_variant::columns: return avx512::conv_bits_columns::weight_words(op);
      case conv_bits_variant::words: return avx512::word_weight_words(avx512::plan_words(op), op);
      default: return portable::packed_words(op);
    }
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    switch (choose_conv_bits(op).variant) {
      case conv_bits_variant::majorities:
        return scratch_majority(plan_majority(op), op.geometry).total + 64;  // rounded up to a line
      case conv_bits_variant::columns: return avx512::conv_bits_columns::scratch_bytes(op);
      case conv_bits_variant::words: return avx512::scratch_words(avx512::plan_words(op), op.geometry).total;
      default: return traits<path::portable>::scratch_bytes(op);
    }
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    const conv_bits_variant v = choose_conv_bits(op).variant;
    if (v == conv_bits_variant::portable) return portable::pack(op, canonical, packed);
    if (v == conv_bits_variant::columns) return avx512::conv_bits_columns::pack(op, canonical, packed);
    pack_parameters(op, canonical, packed);
    if (v == conv_bits_variant::words) return avx512::pack_words(op, canonical, packed);
    const majority_plan p = plan_majority(op);
    pack_majority(p, op.geometry, canonical + canonical_layout(op).kernel(), packed + packed_begin(op));
    short_scales::pack(op, 16 - p.planes, canonical, packed + majority_scales_begin(p, op));
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt

#endif
