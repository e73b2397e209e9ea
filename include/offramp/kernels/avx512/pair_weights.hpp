// Packed weights of convolutions whose even and odd output rows share tables (row_pairs.hpp): for either kind of rows,
// codes and words of all output channels. Codes: of the third input row, the even one, the odd one, a byte for two taps
// (bit_rows::pair_codes), each in whole blocks. Taps of a row: channel by channel, column by column.
#ifndef OFFRAMP_KERNELS_AVX512_PAIR_WEIGHTS_HPP
#define OFFRAMP_KERNELS_AVX512_PAIR_WEIGHTS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/window.hpp>
#include <offramp/kernels/x86/bit_rows.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512::pair_weights {

// Words of an output channel.
inline constexpr int start = 0;      // byte of the table of majorities that the comparison begins with
inline constexpr int threshold = 1;  // bits of what the carries must exceed as masks, from the twos up to the 128s
inline constexpr int flip = 8;       // a mask
inline constexpr int outside = 9;    // bits of the third row's carries outside the input as masks, twos to thirtytwos
inline constexpr int words = 16;

[[gnu::always_inline]] constexpr int row_taps(const window& w) { return 3 * w.stored_in_c; }
// Blocks of a row.
[[gnu::always_inline]] constexpr int blocks(const window& w) { return bit_rows::block_count(row_taps(w)); }
// Codes of an output channel.
[[gnu::always_inline]] constexpr int code_bytes(int blocks) { return 3 * blocks * bit_rows::block_codes; }

[[gnu::always_inline]] constexpr int words_at(const window& w, bool odd) { return odd ? w.stored_out_c * words : 0; }
[[gnu::always_inline]] constexpr int codes_at(const window& w, bool odd) {
  return odd ? w.stored_out_c * code_bytes(blocks(w)) : 0;
}
// Words behind which the codes begin, and of everything.
[[gnu::always_inline]] constexpr std::size_t codes_begin(const window& w) {
  return static_cast<std::size_t>(2 * w.stored_out_c * words);
}
[[gnu::always_inline]] constexpr std::size_t total(const window& w) {
  return round_up(codes_begin(w) + static_cast<std::size_t>(2 * w.stored_out_c * code_bytes(blocks(w)) / 4), 16);
}

// Packs row `ky` of output channel o; `parity` of what was there before, behind it that of its end. Set weights.
constexpr int pack_row(const window& w, const std::uint32_t* kernel, int o, int ky, unsigned& parity, std::uint32_t* to,
                       int byte) {
  int set = 0;
  for (int i = 0; i < row_taps(w); i += 2, ++byte) {
    unsigned weights = 0;
    for (int t = i; t < i + 2 && t < row_taps(w); ++t)
      weights |= bit_rows::tap_weight(kernel, w, o, t / 3 * 9 + ky * 3 + t % 3) << (t - i);
    to[byte / 4] |= 8 * bit_rows::pair_codes::code(0, parity, weights) << (8 * (byte % 4));
    set += static_cast<int>((weights & 1) + (weights >> 1));
    parity ^= (weights & 1) ^ (weights >> 1);
  }
  return set;
}

// Output channel o of rows of one kind. acc < t is flipped, or not; least_count says from which count on it holds.
constexpr void pack_channel(const window& w, const std::uint32_t* kernel, int o, bool odd, std::int32_t t, bool flipped,
                            std::uint32_t* word, std::uint32_t* codes, int byte) {
  const int row_bytes = blocks(w) * bit_rows::block_codes;
  std::int64_t m = bit_rows::least_count(w.depth(), t);
  if (m <= 0) {  // always: the complement of never
    flipped = !flipped;
    m = w.depth() + 1;
  }
  const bool never = m > w.depth();
  // A sum that begins with one counts one more: m becomes even.
  const unsigned extra = never ? 0 : static_cast<unsigned>(m & 1);
  unsigned third = extra, even = 0, last = 0;
  const int set = pack_row(w, kernel, o, odd ? 2 : 0, third, codes, byte);
  pack_row(w, kernel, o, odd ? 0 : 1, even, codes, byte + row_bytes);
  pack_row(w, kernel, o, odd ? 1 : 2, last, codes, byte + 2 * row_bytes);
  const std::int64_t least = never ? 128 : (m + extra) / 2;
  const int out = (static_cast<int>(extra) + set) / 2;
  word[start] = 64 * (4 * even + 2 * last + third);
  for (int i = 0; i < 7; ++i) word[threshold + i] = ((least - 1) >> i & 1) != 0 ? ~0u : 0u;
  word[flip] = flipped ? ~0u : 0u;
  for (int i = 0; i < 5; ++i) word[outside + i] = (out >> i & 1) != 0 ? ~0u : 0u;
}

// Everything, for stored channels.
constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* to) {
  const window& w = op.geometry;
  const weight_layout l = canonical_layout(op);
  for (std::size_t i = 0; i < total(w); ++i) to[i] = 0;
  for (int kind = 0; kind < 2; ++kind)
    for (int o = 0; o < w.stored_out_c; ++o)
      pack_channel(w, canonical + l.kernel(), o, kind != 0,
                   static_cast<std::int32_t>(canonical[l.array(0) + static_cast<std::size_t>(o)]),
                   get_bit(canonical + l.flips(), o), to + words_at(w, kind != 0) + o * words, to + codes_begin(w),
                   codes_at(w, kind != 0) + o * code_bytes(blocks(w)));
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512::pair_weights

#endif
