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

// Cycles, about, of either way, to compare them; they depend on stored channels alone, as layouts do.
constexpr reckoning reckoned(const majority_plan& p, const kernel_op& op) {
  const window& w = op.geometry;
  const std::int64_t flat = p.flat(w.out.h, w.out.w);
  reckoning r;
  for (int block = 0; block < p.blocks(); block += tile_blocks(p.blocks() - block)) {
    const int blocks = tile_blocks(p.blocks() - block), positions = 64 / blocks;
    const std::int64_t count = cover(p, w.out.h, w.out.w, positions).count;
    r.loops += p.groups * (count * 6 * p.octs + 7 * p.octs);
    r.turns += p.groups * (count * (45 + positions) + 230);
    // A vector for each position, of 32 numbers with scales of 16 bits, unless they are computed across positions.
    const int left = p.channels - 8 * block, n = left < 8 * blocks ? left : 8 * blocks;
    const bool joined = joins_lanes(op, n) || joins_shorts(op, n);
    const int lanes = joined ? 1 : short_scales::present(op) ? 32 : 16;
    if (p.numbers) r.stored += p.groups * count * positions * lanes * ceil_div(n, lanes);
  }
  // Sixty-four pixels at a time, in runs of 16.
  const std::int64_t runs = std::int64_t{w.in.h} * ceil_div(w.in.w, 16);
  r.moved = p.groups * ((runs + 3) / 4 * (26 * p.stored_bytes + 20) + 20 * flat / 64 * p.taps / 4 + 250);
  return r;
}
constexpr long long majority_cycles(const majority_plan& p, const kernel_op& op) {
  const reckoning r = reckoned(p, op);
  return (r.loops + r.turns + r.moved) * 118 / 100;  // as measured over the count above
}
constexpr reckoning reckoned(const avx512::word_plan& p, const window& w) {
  const std::int64_t positions = p.groups * w.out.positions();
  const int cuts = ceil_div(w.kernel_w * p.stored_in_c, 56);
  const std::int64_t gather = p.in_place ? 0 : p.tight ? w.kernel_h * (8 * cuts + 4) + 20 : 14 * w.kernel_h;
  return {.loops = positions * p.tiles() * (5 * p.stored_words / 4),
          .turns = positions * p.tiles() * 6,
          .moved = positions * gather};
}
constexpr long long word_cycles(const avx512::word_plan& p, const window& w) {
  const reckoning r = reckoned(p, w);
  return r.loops + r.turns + r.moved;
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
  conv_bits_choice best{conv_bits_variant::words, word_cycles(avx512::plan_words(all), w)};
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
    const conv_bits_choice c = choose_conv_bits(op);
    const kernel_op all = for_stored_channels(op);
    reckoning r{.loops = c.cycles};
    if (c.variant == conv_bits_variant::majorities) r = avx512_popcnt::reckoned(plan_majority(all), all);
    if (c.variant == conv_bits_variant::words) r = avx512_popcnt::reckoned(avx512::plan_words(all), all.geometry);
    return r;
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
