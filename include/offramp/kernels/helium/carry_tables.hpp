// Counting what differs between inputs and weights of signs, 32 positions and four output channels at a time: the
// tables of cortex_m/four_tables.hpp, where five bits of running parity choose two carries, looked up for four channels
// by one gathering load. Chunks of 32 inputs enter planes of weights 2, 4, 8 and 16 at once; their carries of weight 32
// wait for the next chunk's, and so on upwards (a counter of carries), so that a chunk meets one more plane on the
// average.
#ifndef OFFRAMP_KERNELS_HELIUM_CARRY_TABLES_HPP
#define OFFRAMP_KERNELS_HELIUM_CARRY_TABLES_HPP

#include <cstdint>

#include <offramp/kernels/cortex_m/target.hpp>
#include <offramp/kernels/helium/vectors.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::helium {

// Words of a table: eight fours of inputs, of each 32 carries x of its first pair and 32 times x ^ y.
inline constexpr int four_words = 64;
inline constexpr int table_words = 8 * four_words;

// State of four output channels, in vectors: parities of their weights so far, as masks; planes of weights 2 to 16; a
// place for a carry; then planes of weights 32, 64 ... 2^planes, each followed by the carry that waits beside it.
inline constexpr int first_levels = 4;
inline constexpr int carry_place = 1 + first_levels;
[[gnu::always_inline]] constexpr int state_vectors(int planes) { return carry_place + 1 + 2 * (planes - first_levels); }
// The plane of weight 2^(level + 1), in words of a state.
[[gnu::always_inline]] constexpr int plane_place(int level) {
  return 4 * (level < first_levels ? 1 + level : carry_place + 1 + 2 * (level - first_levels));
}

// Carries of pairs a, b behind the parity s of inputs before them (cortex_m/pair_tables.hpp).
struct vector_carries {
  words4 plain, other_a, other_b, other_s;
  words4 parity;

  [[gnu::always_inline]] vector_carries(words4 s, words4 a, words4 b) {
    const words4 x = bit_xor(s, a);
    plain = bit_xor(bit_and(s, a), bit_and(x, b));
    other_b = bit_xor(plain, x);
    other_a = bit_xor(and_not(s, a), and_not(b, x));
    other_s = bit_xor(other_a, x);
    parity = bit_xor(x, b);
  }
};

// Entries with the carry x of the first pair at `Index`, q before + 2 * (q between), y of the second pair for the last
// two bits of the index; with the parity between the pairs turned over, both carries are.
template <int Index>
[[gnu::always_inline]] inline void put_entries(const lane_places<four_words>& to, words4 x, const words4 (&y)[4]) {
  constexpr int turned = (Index ^ 1) + 4;
  to.template put<Index>(x);
  to.template put<Index + 8>(x);
  to.template put<Index + 16>(x);
  to.template put<Index + 24>(x);
  words4 u = bit_xor(x, y[0]);
  to.template put<32 + Index>(u);
  to.template put<32 + turned + 16>(u);
  u = bit_xor(x, y[1]);
  to.template put<32 + Index + 8>(u);
  to.template put<32 + turned + 24>(u);
  u = bit_xor(x, y[2]);
  to.template put<32 + Index + 16>(u);
  to.template put<32 + turned>(u);
  u = bit_xor(x, y[3]);
  to.template put<32 + Index + 24>(u);
  to.template put<32 + turned + 8>(u);
  const words4 other = bit_not(x);
  to.template put<turned>(other);
  to.template put<turned + 8>(other);
  to.template put<turned + 16>(other);
  to.template put<turned + 24>(other);
}

// The table of 32 inputs, whose positions are the words of `rows`, behind the parity s; returns the parity after them.
OFFRAMP_CORTEX_M std::uint32_t make_table(std::uint32_t* table, const std::uint32_t* rows, std::uint32_t s) {
  const words4 every_fourth = make_words(0, 4, 8, 12);
  for (const std::uint32_t* end = rows + 32; rows != end; rows += 16, table += 4 * four_words) {
    const words4 a = gather(rows, every_fourth);
    const words4 b = gather(rows + 1, every_fourth);
    const words4 c = gather(rows + 2, every_fourth);
    const words4 d = gather(rows + 3, every_fourth);
    // Parities before each four.
    const words4 parity = bit_xor(bit_xor(a, b), bit_xor(c, d));
    const std::uint32_t s1 = s ^ lane<0>(parity);
    const std::uint32_t s2 = s1 ^ lane<1>(parity);
    const std::uint32_t s3 = s2 ^ lane<2>(parity);
    const vector_carries first{make_words(s, s1, s2, s3), a, b};
    s = s3 ^ lane<3>(parity);
    const vector_carries second{first.parity, c, d};
    const words4 y[4] = {second.plain, bit_not(second.other_s), second.other_b, second.other_a};
    const lane_places<four_words> to{table};
    put_entries<0>(to, first.plain, y);
    put_entries<1>(to, bit_not(first.other_b), y);
    put_entries<2>(to, bit_not(first.other_s), y);
    put_entries<3>(to, bit_not(first.other_a), y);
  }
  return s;
}

// plane + waiting + carry: the plane keeps the sum; returns the carry.
[[gnu::always_inline]] inline words4 full_add(words4& plane, words4 waiting, words4 carry) {
  const words4 u = bit_xor(waiting, carry);
  const words4 next = bit_xor(carry, bit_and(u, bit_xor(carry, plane)));
  plane = bit_xor(plane, u);
  return next;
}

#if OFFRAMP_MVE

// Index of four number F, whose bits begin 28 - 4 * F below the top; looked up; added to the first plane (q4): carry to
// C.
#define OFFRAMP_INDEX(shift) "vshl.i32 q1, q0, #" #shift "\n\tvshr.u32 q1, q1, #27\n\t"
#define OFFRAMP_FOUR(f, c)                      \
  "vldrw.u32 q2, [%[x" #f "], q1, uxtw #2]\n\t" \
  "add %[t], %[x" #f "], #128\n\t"              \
  "vldrw.u32 q3, [%[t], q1, uxtw #2]\n\t"       \
  "veor " #c ", q2, q4\n\t"                     \
  "vand " #c ", " #c ", q3\n\t"                 \
  "veor " #c ", " #c ", q2\n\t"                 \
  "veor q4, q4, q3\n\t"
// q6 and q1 to the second plane (q5), carry to C, which may be q2; then that one, c, and one that waits to plane 3.
#define OFFRAMP_SECOND(c)  \
  "veor q6, q6, q1\n\t"    \
  "veor q2, q1, q5\n\t"    \
  "vand q2, q2, q6\n\t"    \
  "veor " c ", q2, q1\n\t" \
  "veor q5, q5, q6\n\t"
#define OFFRAMP_THIRD            \
  "vldrw.32 q3, [%[s], #48]\n\t" \
  "veor %q[c], %q[c], q2\n\t"    \
  "veor q1, q2, q3\n\t"          \
  "vand q1, q1, %q[c]\n\t"       \
  "veor q1, q1, q2\n\t"          \
  "veor q3, q3, %q[c]\n\t"       \
  "vstrw.32 q3, [%[s], #48]\n\t"

// Adds a chunk to the first planes of four channels; returns what is carried out of them.
[[gnu::always_inline]] inline words4 add_chunk(const std::uint32_t* table, const std::uint32_t*& weights,
                                               std::uint32_t* state) {
  words4 carry;
  std::uint32_t t;
  asm volatile("vldrw.32 q0, [%[w]], #16\n\t"
               "vldrw.32 q2, [%[s]]\n\t"
               "veor q0, q0, q2\n\t"
               "vsli.32 q2, q0, #1\n\t"
               "vshr.s32 q3, q0, #31\n\t"
               "vstrw.32 q3, [%[s]]\n\t"
               "vshl.i32 q1, q2, #27\n\t"
               "vshr.u32 q1, q1, #27\n\t"
               "vldrw.32 q4, [%[s], #16]\n\t"
               "vldrw.32 q5, [%[s], #32]\n\t" OFFRAMP_FOUR(0, q6) OFFRAMP_INDEX(24) OFFRAMP_FOUR(1, q1)
                   OFFRAMP_SECOND("%q[c]") OFFRAMP_INDEX(20) OFFRAMP_FOUR(2, q6) OFFRAMP_INDEX(16) OFFRAMP_FOUR(3, q1)
                       OFFRAMP_SECOND("q2") OFFRAMP_THIRD "vstrw.32 q1, [%[s], #80]\n\t" OFFRAMP_INDEX(12)
                           OFFRAMP_FOUR(4, q6) OFFRAMP_INDEX(8) OFFRAMP_FOUR(5, q1) OFFRAMP_SECOND("%q[c]")
                               OFFRAMP_INDEX(4) OFFRAMP_FOUR(6, q6) "vshr.u32 q1, q0, #27\n\t" OFFRAMP_FOUR(7, q1)
                                   OFFRAMP_SECOND("q2") OFFRAMP_THIRD "vstrw.32 q4, [%[s], #16]\n\t"
                                                                      "vstrw.32 q5, [%[s], #32]\n\t"
                                                                      "vldrw.32 q2, [%[s], #80]\n\t"
                                                                      "vldrw.32 q3, [%[s], #64]\n\t"
                                                                      "veor q2, q2, q1\n\t"
                                                                      "veor q4, q1, q3\n\t"
                                                                      "vand q4, q4, q2\n\t"
                                                                      "veor %q[c], q4, q1\n\t"
                                                                      "veor q3, q3, q2\n\t"
                                                                      "vstrw.32 q3, [%[s], #64]"
               : [c] "=&w"(carry), [w] "+r"(weights), [t] "=&r"(t)
               : [s] "r"(state), [x0] "r"(table), [x1] "r"(table + four_words), [x2] "r"(table + 2 * four_words),
                 [x3] "r"(table + 3 * four_words), [x4] "r"(table + 4 * four_words), [x5] "r"(table + 5 * four_words),
                 [x6] "r"(table + 6 * four_words), [x7] "r"(table + 7 * four_words)
               : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "memory");
  return carry;
}

#undef OFFRAMP_INDEX
#undef OFFRAMP_FOUR
#undef OFFRAMP_SECOND
#undef OFFRAMP_THIRD

#else

inline words4 add_chunk(const std::uint32_t* table, const std::uint32_t*& weights, std::uint32_t* state) {
  const words4 before = load_words(state);
  const words4 parities = bit_xor(load_words(weights), before);
  weights += 4;
  store_words(state, as_words(shift_right<31>(as_ints(parities))));
  words4 plane[first_levels], waiting[first_levels];
  for (int level = 0; level < first_levels; ++level) plane[level] = load_words(state + plane_place(level));
  words4 carry = all_words(0);
  for (int f = 0; f < 8; ++f) {
    const words4 low = f == 0 ? insert_above<32, 1>(before, parities) : shift_all(parities, 1 - 4 * f);
    const words4 index = bit_and(low, all_words(31));
    const words4 x = gather(table + f * four_words, index);
    const words4 u = gather(table + f * four_words + 32, index);
    carry = bit_xor(x, bit_and(u, bit_xor(x, plane[0])));
    plane[0] = bit_xor(plane[0], u);
    for (int level = 1; level < first_levels; ++level) {
      if ((f >> (level - 1)) % 2 == 0) {
        waiting[level] = carry;
        break;
      }
      carry = full_add(plane[level], waiting[level], carry);
    }
  }
  for (int level = 0; level < first_levels; ++level) store_words(state + plane_place(level), plane[level]);
  return carry;
}

#endif

// Adds chunk number `number` of those added to the counts of `quads` times four channels, whose states are `stride`
// words apart.
OFFRAMP_CORTEX_M void add_with_table(const std::uint32_t* table, const std::uint32_t* weights, std::uint32_t* state,
                                     int quads, int stride, unsigned number) {
  for (; quads > 0; --quads, state += stride) {
    words4 carry = add_chunk(table, weights, state);
    std::uint32_t* upper = state + plane_place(first_levels);
    for (unsigned n = number; n % 2 != 0; n /= 2, upper += 8) {
      words4 plane = load_words(upper);
      carry = full_add(plane, load_words(upper + 4), carry);
      store_words(upper, plane);
    }
    store_words(upper + 4, carry);
  }
}

// After all chunks: adds the carries that wait to their planes.
[[gnu::always_inline]] inline void add_waiting(std::uint32_t* state, int planes, unsigned chunks) {
  words4 carry = all_words(0);
  state += plane_place(first_levels);
  for (int left = planes - first_levels; left > 0; --left, chunks /= 2, state += 8) {
    words4 plane = load_words(state);
    if (chunks % 2 != 0) {
      carry = full_add(plane, load_words(state + 4), carry);
    } else {
      const words4 next = bit_and(plane, carry);
      plane = bit_xor(plane, carry);
      carry = next;
    }
    store_words(state, plane);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::helium

#endif
