// What a convolution of signs costs on AVX-512 without VPOPCNTDQ, by each of its kernels, in tenths of a nanosecond of
// a Sapphire Rapids Xeon at 3 GHz, and what follows from that.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BITS_COSTS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BITS_COSTS_HPP

#include <cstdint>

#include <offramp/kernels/avx2/conv_bits_costs.hpp>
#include <offramp/kernels/avx2/conv_bits_traits.hpp>
#include <offramp/kernels/avx512/conv_bits_columns_traits.hpp>
#include <offramp/kernels/portable/traits.hpp>
#include <offramp/kernels/x86/bit_rows.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

// A look-up costs 6 (of 512 channels) or 4, a table 50 or 25, and completing a count 200.
constexpr std::int64_t columns_cost(const window& w) {
  const std::int64_t positions = w.out.positions();
  const std::int64_t pairs = std::int64_t{w.taps()} * conv_bits_columns::input_words(w) * 16;
  const int bands = ceil_div(w.out.h, conv_bits_columns::band_rows(w));
  std::int64_t sum = 0;
  for (int block = 0; 512 * block < w.out.c; ++block)
    sum += positions * 200 + pairs * (conv_bits_columns::block_channels(w, block) == 512 ? positions * 6 + bands * 50
                                                                                         : positions * 4 + bands * 25);
  return sum;
}
// Counts of columns have 16 bits.
constexpr bool columns_run(const kernel_op& op) {
  return conv_bits_columns::runs(op.signature) && op.geometry.depth() < 65535;
}

// Word by word, 16 output channels at a time, with adders of bits.
constexpr std::int64_t words_cost(const window& w) {
  const int words = w.taps() * ceil_div(w.in.c, 32);
  return std::int64_t{w.out.positions()} * ceil_div(w.out.c, 16) * (words * 11 + 280) / 2;
}

constexpr std::int64_t bit_rows_cost(const window& w) {
  const int bits = bit_rows::plane_bits(w);
  const bit_rows::planes_cost whole{ceil_div(bits, 512), 800, 85, 1500}, half{1, 400, 60, 1200};
  return bit_rows::cost_of(w, bits > 256 ? whole : half) / 30;
}

enum class conv_bits_variant : std::uint8_t { portable, columns, tables, words };

struct conv_bits_choice {
  conv_bits_variant variant;
  std::int64_t cost;
};
// The kernel for channels innermost.
[[gnu::always_inline]] constexpr conv_bits_choice choose_conv_bits(const kernel_op& op) {
  if (portable::by_channel(op)) return {conv_bits_variant::portable, 0};
  const kernel_op all = for_stored_channels(op);
  const window& w = all.geometry;
  conv_bits_choice best{conv_bits_variant::words, words_cost(w)};
  constexpr auto tables = avx2::conv_bits::variant::tables;
  if (avx2::conv_bits::variant_of(op) == tables && avx2::conv_bits::variant_of(all) == tables &&
      avx2::tables_cost(w) < best.cost)
    best = {conv_bits_variant::tables, avx2::tables_cost(w)};
  if (columns_run(all) && columns_cost(w) < best.cost) best = {conv_bits_variant::columns, columns_cost(w)};
  return best;
}

// Should this convolution read planes in rows rather than words of channels? Asked whatever layouts its signature
// names.
constexpr bool prefers_bit_rows(kernel_op op) {
  if (!bit_rows::is_sign_conv(op.signature) || !bit_rows::takes(op.geometry)) return false;
  op.signature.in_layout = op.signature.out_layout = layout::nhwc;
  return bit_rows_cost(op.geometry) <= choose_conv_bits(op).cost;
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
