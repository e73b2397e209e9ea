// Bits times bits with VPOPCNTDQ, BITALG and GFNI: by majorities (majority_plan.hpp) where there are positions and
// channels enough to fill their vectors, else a word at a time (word_plan.hpp).
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_CONV_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_CONV_BITS_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx512/conv_bits_traits.hpp>
#include <offramp/kernels/avx512_popcnt/majority_plan.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt {

// Cycles, about, of either way, to compare them; they depend on stored channels alone, as layouts do.
constexpr long long majority_cycles(const majority_plan& p, const window& w) {
  const long long flat = p.flat(w.out.h, w.out.w);
  long long tiles = 0;
  for (int block = 0; block < p.blocks(); block += tile_blocks(p.blocks() - block)) {
    const int positions = 64 / tile_blocks(p.blocks() - block);
    tiles += (flat + positions - 1) / positions * (6 * p.octs + 45 + positions) + 7 * p.octs + 230;
  }
  // Sixty-four pixels at a time, in runs of 16.
  const long long runs = static_cast<long long>(w.in.h) * ceil_div(w.in.w, 16);
  const long long input = (runs + 3) / 4 * (26 * p.stored_bytes + 20) + 20 * flat / 64 * p.taps / 4 + 250;
  return p.groups * (tiles + input);
}
constexpr long long word_cycles(const avx512::word_plan& p, const window& w) {
  const long long positions = w.out.positions();
  const int cuts = ceil_div(w.kernel_w * p.stored_in_c, 56);
  const long long gather = p.in_place ? 0 : p.tight ? w.kernel_h * (8 * cuts + 4) + 20 : 14 * w.kernel_h;
  return p.groups * positions * (p.tiles() * (5 * p.stored_words / 4 + 6) + gather);
}

enum class conv_bits_variant : std::uint8_t { portable, words, majorities };

[[gnu::always_inline]] constexpr conv_bits_variant choose_conv_bits(kernel_op op) {
  if (portable::by_channel(op)) return conv_bits_variant::portable;
  window& w = op.geometry;
  if (op.signature.grouped) {
    // Groups have to begin with a byte, of inputs as of outputs.
    if (w.group_in_c() % 8 != 0 || w.out.c / w.groups % 8 != 0) return conv_bits_variant::words;
  } else {
    w.in.c = w.stored_in_c;
    w.out.c = w.stored_out_c;
  }
  return majority_cycles(plan_majority(op), w) < word_cycles(avx512::plan_words(op), w) ? conv_bits_variant::majorities
                                                                                        : conv_bits_variant::words;
}

struct conv_bits {
  static constexpr bool runs(const op_signature& s) { return avx512::conv_bits::runs(s); }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    if (choose_conv_bits(op) != conv_bits_variant::majorities) return avx512::conv_bits::weight_words(op);
    return avx512::kernel_begin(op) + majority_kernel_words(plan_majority(op));
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    if (choose_conv_bits(op) != conv_bits_variant::majorities) return avx512::conv_bits::scratch_bytes(op);
    return scratch_majority(plan_majority(op), op.geometry).total + 64;  // rounded up to a line
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    if (choose_conv_bits(op) != conv_bits_variant::majorities) return avx512::conv_bits::pack(op, canonical, packed);
    const std::size_t parameters = canonical_layout(op).kernel();
    for (std::size_t i = 0; i < avx512::kernel_begin(op); ++i) packed[i] = i < parameters ? canonical[i] : 0;
    pack_majority(plan_majority(op), op.geometry, canonical + parameters, packed + avx512::kernel_begin(op));
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt

#endif
