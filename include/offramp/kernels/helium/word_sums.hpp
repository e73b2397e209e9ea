// How many bits differ between the words of a patch and of the weights of four output channels side by side: adders of
// bits (Harley and Seal; Warren, "Hacker's Delight", 5-1), eight words at a time. The first adder wants a word of what
// differs and the parity of two, so that patch and weights come as first words and parities.
#ifndef OFFRAMP_KERNELS_HELIUM_WORD_SUMS_HPP
#define OFFRAMP_KERNELS_HELIUM_WORD_SUMS_HPP

#include <cstdint>

#include <offramp/kernels/helium/carry_tables.hpp>
#include <offramp/kernels/helium/vectors.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::helium {

// Bits set in each byte.
[[gnu::always_inline]] inline words4 count_bytes(words4 v) {
  const words4 thirds = all_words(0x33333333u);
  v = add(v, bit_not(bit_and(shift_right<1>(v), all_words(0x55555555u))));
  v = add(v, all_words(1));
  v = add(bit_and(v, thirds), bit_and(shift_right<2>(v), thirds));
  return bit_and(add(v, shift_right<4>(v)), all_words(0x0f0f0f0fu));
}
// The sum of the bytes of each word.
[[gnu::always_inline]] inline words4 add_up_bytes(words4 v) {
  const words4 even = all_words(0x00ff00ffu);
  v = add(bit_and(v, even), bit_and(shift_right<8>(v), even));
  return add(bit_and(v, all_words(0xffffu)), shift_right<16>(v));
}

// Planes of counts, and counts of eight in bytes.
struct word_sums {
  words4 ones = all_words(0);
  words4 twos = all_words(0);
  words4 fours = all_words(0);
  words4 eights = all_words(0);

  // A word and the parity of it and a second one; the carry.
  [[gnu::always_inline]] words4 add_pair(const std::uint32_t* patch, const std::uint32_t* weights) {
    const words4 first = bit_xor(load_words(patch), load_words(weights));
    const words4 parity = bit_xor(load_words(patch + 4), load_words(weights + 4));
    const words4 carry = bit_xor(first, bit_and(parity, bit_xor(first, ones)));
    ones = bit_xor(ones, parity);
    return carry;
  }
  [[gnu::always_inline]] void add_eight_words(const std::uint32_t* patch, const std::uint32_t* weights) {
    words4 carry = add_pair(patch, weights);
    const words4 first = full_add(twos, carry, add_pair(patch + 8, weights + 8));
    carry = add_pair(patch + 16, weights + 16);
    const words4 second = full_add(twos, carry, add_pair(patch + 24, weights + 24));
    eights = add(eights, count_bytes(full_add(fours, first, second)));
  }
  [[gnu::always_inline]] void add_two_words(const std::uint32_t* patch, const std::uint32_t* weights) {
    words4 carry = add_pair(patch, weights);
    words4 next = bit_and(twos, carry);
    twos = bit_xor(twos, carry);
    carry = bit_and(fours, next);
    fours = bit_xor(fours, next);
    eights = add(eights, count_bytes(carry));
  }
};

// The same of `words`, four of each, one behind the other. A byte holds the eights of 31 times eight words, and of two.
[[gnu::always_inline]] inline words4 count_differing(const std::uint32_t* patch, const std::uint32_t* weights,
                                                     int words) {
  word_sums sum;
  words4 many = all_words(0);
  while (words >= 8) {
    int n = words / 8 < 28 ? words / 8 : 28;
    words -= 8 * n;
    for (; n > 0; --n, patch += 32, weights += 32) sum.add_eight_words(patch, weights);
    many = add(many, add_up_bytes(sum.eights));
    sum.eights = all_words(0);
  }
  for (; words >= 2; words -= 2, patch += 8, weights += 8) sum.add_two_words(patch, weights);
  words4 low = add(count_bytes(sum.ones), shift_left<1>(count_bytes(sum.twos)));
  low = add(low, shift_left<2>(count_bytes(sum.fours)));
  if (words != 0) low = add(low, count_bytes(bit_xor(load_words(patch), load_words(weights))));
  many = add(many, add_up_bytes(sum.eights));
  return add(add_up_bytes(low), shift_left<3>(many));
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::helium

#endif
