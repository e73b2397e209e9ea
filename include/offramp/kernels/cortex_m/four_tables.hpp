// As pair_tables.hpp, with tables of four inputs: five bits of running parity choose the carries x and y of two pairs,
// kept as x and x ^ y, which is what the adder wants. A look-up and an operation less for every four inputs, for four
// times the memory.
#ifndef OFFRAMP_KERNELS_CORTEX_M_FOUR_TABLES_HPP
#define OFFRAMP_KERNELS_CORTEX_M_FOUR_TABLES_HPP

#include <cstdint>

#include <offramp/kernels/cortex_m/bit_matrix.hpp>
#include <offramp/kernels/cortex_m/pair_tables.hpp>
#include <offramp/kernels/cortex_m/target.hpp>
#include <offramp/kernels/cortex_m/word_counts.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

// Entry `index` of four number i stands at 8 * index + i, so that one address and a short offset reach it; for stores,
// which have shorter ones, two addresses.
struct four_entries {
  word_pair* halves[2];

  [[gnu::always_inline]] explicit four_entries(word_pair* to) : halves{to, to + 8 * 16} {
    asm("" : "+r"(halves[0]), "+r"(halves[1]));
  }
  [[gnu::always_inline]] void put(int index, std::uint32_t x, std::uint32_t u) const {
    halves[index / 16][8 * (index % 16)] = x | static_cast<word_pair>(u) << 32;
  }
  // All entries with the carry x of the first pair at `index`, q before + 2 * (q between); y of the second pair for the
  // last two bits of the index. With the parity between the pairs turned over, both carries are, so that u stays.
  [[gnu::always_inline]] void put_all(int index, std::uint32_t x, const std::uint32_t (&y)[4]) const {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t u = x ^ y[i];
      put(index + 8 * i, x, u);
      put((index ^ 1) + 4 + 8 * (i ^ 2), ~x, u);
    }
  }
};

// The entries of four inputs behind the parity s; returns the parity after them.
[[gnu::always_inline]] inline std::uint32_t make_four(std::uint32_t s, std::uint32_t a, std::uint32_t b,
                                                      std::uint32_t c, std::uint32_t d, word_pair* to) {
  const pair_carries first{s, a, b};
  const pair_carries second{first.parity, c, d};
  const four_entries entries{to};
  const std::uint32_t y[4] = {second.plain, ~second.other_s, second.other_b, second.other_a};
  entries.put_all(0, first.plain, y);
  entries.put_all(1, ~first.other_b, y);
  entries.put_all(2, ~first.other_s, y);
  entries.put_all(3, ~first.other_a, y);
  return second.parity;
}

OFFRAMP_CORTEX_M std::uint32_t make_fours(std::uint32_t* table, std::uint32_t s) {
  const std::uint32_t* rows = table + 512;
  auto* to = reinterpret_cast<word_pair*>(table);
  for (int i = 0; i < 8; ++i, rows += 4, ++to) {
    std::uint32_t a = rows[0], b = rows[1], c = rows[2], d = rows[3];
    exchange_near(a, b, c, d);
    s = make_four(s, a, b, c, d, to);
  }
  return s;
}

template <int Four, int Levels>
[[gnu::always_inline]] inline void add_four(adders<Levels>& sum, const word_pair* entry) {
  asm("" : "+r"(entry));
  const word_pair both = entry[Four];
  const auto x = static_cast<std::uint32_t>(both);
  const auto u = static_cast<std::uint32_t>(both >> 32);
  const std::uint32_t carry = x ^ (u & (x ^ sum.plane[0]));
  sum.plane[0] ^= u;
  sum.template push<1, Four>(carry);
}
template <int Four, int Levels>
[[gnu::always_inline]] inline void add_fours(adders<Levels>& sum, const word_pair* table, std::uint32_t parities) {
  if constexpr (Four < 8) {
    add_four<Four>(sum, table + 8 * ((parities >> (4 * Four - 1)) & 31u));
    add_fours<Four + 1>(sum, table, parities);
  }
}

OFFRAMP_CORTEX_M void add_with_fours(const std::uint32_t* table, const std::uint32_t* weights, std::uint32_t* state,
                                     int channels, int words) {
  const auto* entries = reinterpret_cast<const word_pair*>(table);
  for (const std::uint32_t* end = weights + channels; weights != end; ++weights, state += words) {
    adders<4> sum;
    const std::uint32_t before = state[0];
    const std::uint32_t parities = *weights ^ before;
    sum.plane[0] = state[1];
    sum.plane[1] = state[2];
    sum.plane[2] = state[3];
    sum.plane[3] = state[4];
    state[0] = static_cast<std::uint32_t>(static_cast<std::int32_t>(parities) >> 31);
    add_four<0>(sum, entries + 8 * ((before & 1u) | ((parities << 1) & 30u)));
    add_fours<1>(sum, entries, parities);
    state[1] = sum.plane[0];
    state[2] = sum.plane[1];
    state[3] = sum.plane[2];
    state[4] = sum.plane[3];
    add_carry(sum.out, state + 5);
  }
}

struct four_tables {
  static constexpr int words = 544;
  static constexpr int rows = 512;

  static std::uint32_t make(std::uint32_t* table, std::uint32_t s) { return make_fours(table, s); }
  static void add(const std::uint32_t* table, const std::uint32_t* weights, std::uint32_t* state, int channels,
                  int stride) {
    add_with_fours(table, weights, state, channels, stride);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
