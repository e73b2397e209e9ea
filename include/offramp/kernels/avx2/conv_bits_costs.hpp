// What a convolution of signs costs on AVX2, by each of its kernels, in tenths of a nanosecond of a Sapphire Rapids
// Xeon at 3 GHz. Costs depend on stored channels alone where layouts do.
#ifndef OFFRAMP_KERNELS_AVX2_CONV_BITS_COSTS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_BITS_COSTS_HPP

#include <cstdint>

#include <offramp/kernels/avx2/conv_bits_tables_traits.hpp>
#include <offramp/kernels/avx2/conv_bits_words_traits.hpp>
#include <offramp/kernels/x86/bit_rows.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// A table costs 90 for all positions of a band, a look-up 4 of 64 channels, 3 of 32, and a position's outputs 100 for
// 64 channels.
constexpr std::int64_t tables_cost(const window& w) {
  const std::int64_t positions = w.out.positions();
  const int outputs = conv_bits_tables::group_out_c(w);
  const int rest = outputs % conv_bits_tables::block_channels;
  const std::int64_t look_up = outputs / conv_bits_tables::block_channels * 4 + (rest > 32 ? 4 : rest > 0 ? 3 : 0);
  const std::int64_t tables =
      std::int64_t{90} * ceil_div(w.out.h, conv_bits_tables::band_rows(w)) * conv_bits_tables::blocks(w);
  return (look_up * positions + tables) * w.groups * w.taps() * conv_bits_tables::slices(w) +
         positions * w.groups * outputs * 100 / 64;
}

// A word costs 6 for 8 channels, and 35 at its end.
constexpr std::int64_t words_cost(const window& w) {
  const std::int64_t blocks = std::int64_t{w.groups} * conv_bits_words::blocks(w);
  return w.out.positions() * blocks * (conv_bits_words::paired_words(w) * 6 + 35);
}

constexpr std::int64_t bit_rows_cost(const window& w) {
  return bit_rows::cost_of(w, {ceil_div(bit_rows::plane_bits(w), 256), 1300, 105, 1500}) / 30;
}

// Should this convolution read planes in rows rather than words of channels? Asked whatever layouts its signature
// names.
constexpr bool prefers_bit_rows(const kernel_op& op) {
  if (!bit_rows::is_sign_conv(op.signature) || !bit_rows::takes(op.geometry)) return false;
  const window w = for_stored_channels(op).geometry;
  const std::int64_t rows = bit_rows_cost(w);
  return rows <= tables_cost(w) && rows <= words_cost(w);
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
