// How many bits differ between the words of a patch and of an output channel's weights, 32 products a word: adders of
// bits (Harley and Seal; Warren, "Hacker's Delight", 5-1), so that few words are counted. The first adder wants a word
// of what differs and the parity of two, so that patch and weights come as first words and parities: four operations
// for two words instead of five.
#ifndef OFFRAMP_KERNELS_CORTEX_M_WORD_COUNTS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_WORD_COUNTS_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/cortex_m/target.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

// Bits set in each byte, in each half byte before the last step.
[[gnu::always_inline]] inline std::uint32_t count_nibbles(std::uint32_t v) {
  v -= (v >> 1) & 0x55555555u;
  return (v & 0x33333333u) + ((v >> 2) & 0x33333333u);
}
[[gnu::always_inline]] inline std::uint32_t nibbles_to_bytes(std::uint32_t v) {
  return (v & 0x0f0f0f0fu) + ((v >> 4) & 0x0f0f0f0fu);
}
[[gnu::always_inline]] inline int add_bytes(std::uint32_t v) {
  v = (v & 0x00ff00ffu) + ((v >> 8) & 0x00ff00ffu);
  return static_cast<int>((v * 0x10001u) >> 16);
}

// Adds a word and the parity of it and a second one to `ones`; the carry.
[[gnu::always_inline]] inline std::uint32_t add_pair(std::uint32_t& ones, std::uint32_t first, std::uint32_t parity) {
  const std::uint32_t carry = first ^ (parity & (first ^ ones));
  ones ^= parity;
  return carry;
}

// Two words of a patch, loaded together: the first in the low half.
using word_pair [[gnu::may_alias]] = std::uint64_t;

// Planes of counts, of weight 2^level, and what waits there for a second word; all empty to begin with. What happens to
// the I-th word that enters a level is known at compile time.
template <int Pairs>
struct word_adders {
  static constexpr int levels = 6;
  // Words that enter a level: pairs the lowest two, and every second of them, but for the first, the next.
  static constexpr int entering(int level) {
    int n = Pairs;
    for (int i = 1; i < level; ++i) n = n > 0 ? (n - 1) / 2 : 0;
    return n;
  }
  std::uint32_t plane[levels], waiting[levels];

  template <int Level, int I>
  [[gnu::always_inline]] void push(std::uint32_t word) {
    static_assert(Level < levels);
    if constexpr (I == 0) {
      plane[Level] = word;
    } else if constexpr (I % 2 != 0) {
      waiting[Level] = word;
    } else {
      const std::uint32_t carry = add_pair(plane[Level], word, waiting[Level] ^ word);
      push<Level + 1, I / 2 - 1>(carry);
    }
  }
  template <int I>
  [[gnu::always_inline]] void push_pairs(const word_pair* patch, const std::uint32_t* weights) {
    if constexpr (I < Pairs) {
      const word_pair both = patch[I];
      const std::uint32_t first = static_cast<std::uint32_t>(both) ^ weights[2 * I];
      const std::uint32_t parity = static_cast<std::uint32_t>(both >> 32) ^ weights[2 * I + 1];
      if constexpr (I == 0) {
        plane[0] = parity;
        push<1, 0>(first & ~parity);
      } else {
        push<1, I>(add_pair(plane[0], first, parity));
      }
      push_pairs<I + 1>(patch, weights);
    }
  }
  // Does a second word wait at a level?
  static constexpr bool waits(int level) { return level > 0 && entering(level) > 0 && entering(level) % 2 == 0; }
  // Counts in bytes of levels First to Last, in units of the first of them.
  template <int First, int Last>
  [[gnu::always_inline]] std::uint32_t bytes() const {
    if constexpr (First > Last || entering(First) == 0) {
      return 0;
    } else if constexpr (First < Last && !waits(First) && !waits(First + 1) && entering(First + 1) > 0) {
      // 4 + 2 * 4 fit half a byte.
      const std::uint32_t n = count_nibbles(plane[First]) + 2 * count_nibbles(plane[First + 1]);
      return nibbles_to_bytes(n) + 4 * bytes<First + 2, Last>();
    } else {
      std::uint32_t n = count_nibbles(plane[First]);
      if constexpr (waits(First)) n += count_nibbles(waiting[First]);
      return nibbles_to_bytes(n) + 2 * bytes<First + 1, Last>();
    }
  }
};

// A run of up to 32 words, without a loop. `patch` begins at an even word.
template <int Words>
[[gnu::always_inline]] inline int count_run(const std::uint32_t* patch, const std::uint32_t* weights) {
  std::uint32_t single = 0;
  if constexpr (Words % 2 != 0) single = nibbles_to_bytes(count_nibbles(patch[Words - 1] ^ weights[Words - 1]));
  if constexpr (Words < 2) {
    return add_bytes(single);
  } else {
    word_adders<Words / 2> sum;
    sum.template push_pairs<0>(reinterpret_cast<const word_pair*>(patch), weights);
    const std::uint32_t low = single + sum.template bytes<0, 1>();
    // A byte holds no more than 255, of eight bits a word.
    if constexpr (Words < 32)
      return add_bytes(low + 4 * sum.template bytes<2, 5>());
    else
      return add_bytes(low) + 4 * add_bytes(sum.template bytes<2, 5>());
  }
}

// The same of a number of words that is known at compile time, or not (Words 0).
template <int Words>
[[gnu::always_inline]] inline int count_words(const std::uint32_t* patch, const std::uint32_t* weights, int words) {
  constexpr int run = Words == 0 ? 8 : 32;
  int total = 0;
  int left = Words == 0 ? words : Words;
  for (; left >= run; left -= run, patch += run, weights += run) total += count_run<run>(patch, weights);
  if constexpr (Words != 0) {
    if constexpr (Words % run != 0) total += count_run<Words % run>(patch, weights);
  } else {
    for (; left >= 2; left -= 2, patch += 2, weights += 2) total += count_run<2>(patch, weights);
    if (left != 0) total += count_run<1>(patch, weights);
  }
  return total;
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
