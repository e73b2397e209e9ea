// The heart of the planes: counting what differs between inputs and weights for 32 positions at a time, a bit of a word
// each, with full adders (Harley and Seal; Warren, "Hacker's Delight", 5-1). Inputs enter two by two: with the parity s
// of all bits before, bits a and b become parity and carry, s + a + b = (s ^ a ^ b) + 2 * maj(s, a, b). A weight turns
// its input over where it is -1; parities of inputs are the same for all output channels but for the parity of the
// weights, so that the carry is one of eight words, chosen by three bits of the weights' running parity
// (q before the pair, after a, after b). They are looked up; the lowest adders cost nothing at all.
#ifndef OFFRAMP_KERNELS_CORTEX_M_PAIR_TABLES_HPP
#define OFFRAMP_KERNELS_CORTEX_M_PAIR_TABLES_HPP

#include <cstdint>

#include <offramp/kernels/cortex_m/bit_matrix.hpp>
#include <offramp/kernels/cortex_m/target.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

// Carries of a pair a, b behind the parity s of inputs before it. With x = s ^ a: maj(s, a, b) = (s & a) ^ (x & b);
// turning b over turns the carry over where x is set, turning all three over turns it over everywhere.
struct pair_carries {
  std::uint32_t plain, other_a, other_b, other_s;  // as they are, or one of the three turned over
  std::uint32_t parity;                            // after the pair

  [[gnu::always_inline]] pair_carries(std::uint32_t s, std::uint32_t a, std::uint32_t b) {
    const std::uint32_t x = s ^ a;
    plain = (s & a) ^ (x & b);
    other_b = plain ^ x;
    other_a = (s & ~a) ^ (b & ~x);
    other_s = other_a ^ x;
    parity = x ^ b;
  }
};

// All eight, by q before + 2 * (q after a) + 4 * (q after b); returns the parity after the pair.
[[gnu::always_inline]] inline std::uint32_t make_pair(std::uint32_t s, std::uint32_t a, std::uint32_t b,
                                                      std::uint32_t* to) {
  const pair_carries c{s, a, b};
  to[0] = c.plain;
  to[1] = ~c.other_b;
  to[2] = ~c.other_s;
  to[3] = ~c.other_a;
  to[4] = c.other_b;
  to[5] = ~c.plain;
  to[6] = c.other_a;
  to[7] = c.other_s;
  return c.parity;
}

// Carry-save adders over carries that arrive one by one; which of them adds is known at compile time. A carry of
// weight 2 * 2^I enters plane I; every second one meets the first and the plane.
template <int Levels>
struct adders {
  std::uint32_t plane[Levels];
  std::uint32_t waiting[Levels];
  std::uint32_t out;  // carry of the last level

  template <int Level, int Count>
  [[gnu::always_inline]] void push(std::uint32_t carry) {
    if constexpr (Level == Levels) {
      out = carry;
    } else if constexpr (Count % 2 == 0) {
      waiting[Level] = carry;
    } else {
      const std::uint32_t u = waiting[Level] ^ carry;
      const std::uint32_t next = carry ^ (u & (carry ^ plane[Level]));
      plane[Level] ^= u;
      push<Level + 1, Count / 2>(next);
    }
  }
};

// Looks up pairs [Pair, Pairs) of a word of running parities.
template <int Pair, int Pairs, int Levels>
[[gnu::always_inline]] inline void add_pairs(adders<Levels>& sum, const std::uint32_t* table, std::uint32_t parities) {
  if constexpr (Pair < Pairs) {
    const std::uint32_t* entry = table + ((parities >> (2 * Pair - 1)) & 7u);
    asm("" : "+r"(entry));  // one address and an offset, not an address for every pair
    sum.template push<0, Pair>(entry[8 * Pair]);
    add_pairs<Pair + 1, Pairs>(sum, table, parities);
  }
}

// Adds what is left of a carry to planes: few of them as a rule. The highest plane never overflows.
[[gnu::always_inline]] inline void add_carry(std::uint32_t carry, std::uint32_t* state) {
  for (; carry != 0; ++state) {
    const std::uint32_t plane = *state;
    *state = plane ^ carry;
    carry &= plane;
  }
}

// Bit i becomes the parity of bits 0 ... i.
[[gnu::always_inline]] constexpr std::uint32_t running_parities(std::uint32_t word) {
  word ^= word << 1;
  word ^= word << 2;
  word ^= word << 4;
  word ^= word << 8;
  return word ^ word << 16;
}

// Adds 32 inputs, whose carries are in `table`, to the counts of output channels. `weights` are running parities from
// the first input of these; or plain bits (Plain), of which they are made here.
template <bool Plain = false>
OFFRAMP_CORTEX_M void add_with_pairs(const std::uint32_t* table, const std::uint32_t* weights, std::uint32_t* state,
                                     int channels, int words) {
  for (const std::uint32_t* end = weights + channels; weights != end; ++weights, state += words) {
    adders<4> sum;
    const std::uint32_t before = state[0];
    const std::uint32_t parities = (Plain ? running_parities(*weights) : *weights) ^ before;
    sum.plane[0] = state[1];
    sum.plane[1] = state[2];
    sum.plane[2] = state[3];
    sum.plane[3] = state[4];
    state[0] = static_cast<std::uint32_t>(static_cast<std::int32_t>(parities) >> 31);
    const std::uint32_t* entry = table + ((before & 1u) | ((parities << 1) & 6u));
    asm("" : "+r"(entry));
    sum.push<0, 0>(*entry);
    add_pairs<1, 16>(sum, table, parities);
    state[1] = sum.plane[0];
    state[2] = sum.plane[1];
    state[3] = sum.plane[2];
    state[4] = sum.plane[3];
    add_carry(sum.out, state + 5);
  }
}

// The carries of 32 inputs, 16 pairs of eight words, from rows of positions that stand in the last 32 words of `table`
// (each place is read before it is written); returns the parity after them.
OFFRAMP_CORTEX_M std::uint32_t make_pairs(std::uint32_t* table, std::uint32_t s) {
  const std::uint32_t* rows = table + 128 - 32;
  for (int i = 0; i < 8; ++i, rows += 4, table += 16) {
    std::uint32_t a = rows[0], b = rows[1], c = rows[2], d = rows[3];
    exchange_near(a, b, c, d);
    s = make_pair(s, a, b, table);
    s = make_pair(s, c, d, table + 8);
  }
  return s;
}

// The carries of 32 words that stand as they are wanted; returns the parity after them.
OFFRAMP_CORTEX_M std::uint32_t make_pairs_of_words(std::uint32_t* table, const std::uint32_t* words, std::uint32_t s) {
  for (const std::uint32_t* end = words + 32; words != end; words += 2, table += 8)
    s = make_pair(s, words[0], words[1], table);
  return s;
}

// What planes need to know: words of a table with what it takes to make one, and where rows of positions are put.
struct pair_tables {
  static constexpr int words = 128;
  static constexpr int rows = words - 32;

  static std::uint32_t make(std::uint32_t* table, std::uint32_t s) { return make_pairs(table, s); }
  static void add(const std::uint32_t* table, const std::uint32_t* weights, std::uint32_t* state, int channels,
                  int stride) {
    add_with_pairs(table, weights, state, channels, stride);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
