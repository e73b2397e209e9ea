// The inner loops: two output channels times one or two windows, kept in registers. Four slots of int8 weights cost two
// sxtb16 a channel, which two windows share: 15 instructions for 16 products. Signs are not widened: a mask leaves 0
// and 1 of them in pairs, and sum of x * sign = sum of all x - 2 * sum of those with a minus.
//
// Whole loops are one asm statement: compilers would schedule loads until sums are spilled, and do not form ldrd. They
// take 12 registers (signs 13) of 14.
#ifndef OFFRAMP_KERNELS_CORTEX_M_DSP_PRODUCTS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_DSP_PRODUCTS_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/kernels/cortex_m_dsp/instructions.hpp>

#if OFFRAMP_DSP
// Compilers take the length of an asm statement from its lines, to place constants within reach of their loads; what
// .rept and .irp repeat they do not see. So many empty lines stand for it: 128 instructions of four bytes.
#define OFFRAMP_ASM_ROOM_16 "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
#define OFFRAMP_ASM_ROOM_64 OFFRAMP_ASM_ROOM_16 OFFRAMP_ASM_ROOM_16 OFFRAMP_ASM_ROOM_16 OFFRAMP_ASM_ROOM_16
#define OFFRAMP_ASM_ROOM OFFRAMP_ASM_ROOM_64 OFFRAMP_ASM_ROOM_64
#endif

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp {

// Sums of two neighbouring output channels at P positions.
template <int P>
struct sums {
  std::int32_t first[P];
  std::int32_t second[P];
};

// Calls use(p) for positions 0 .. P - 1 with constants: compilers see numbers in small arrays where every index is one.
template <int P, class Use>
[[gnu::always_inline]] inline void for_positions(Use use) {
  static_assert(P == 1 || P == 2);
  use(std::integral_constant<int, 0>{});
  if constexpr (P == 2) use(std::integral_constant<int, 1>{});
}

// Adds `groups` groups of four slots, a multiple of Together; `x` are pairs of P windows in turn, `weights` words of
// two rows in turn.
template <int P, int Together>
[[gnu::always_inline]] inline void add_byte_products(sums<P>& acc, const std::uint32_t* x, const std::uint32_t* weights,
                                                     int groups) {
#if OFFRAMP_DSP
  const std::uint32_t* end = x + groups * 2 * P;
  std::uint32_t w0, w1, xa, xb;
  if constexpr (P == 2) {
    std::uint32_t t;
    std::int32_t a0 = acc.first[0], a1 = acc.first[1], b0 = acc.second[0], b1 = acc.second[1];
    asm volatile("1:\n\t"
                 ".rept %c[together]\n\t"
                 "ldrd %[w0], %[w1], [%[w]], #8\n\t"
                 "ldrd %[xa], %[xb], [%[x]], #8\n\t"
                 "sxtb16 %[t], %[w0]\n\t"
                 "smlad %[a0], %[t], %[xa], %[a0]\n\t"
                 "smlad %[a1], %[t], %[xb], %[a1]\n\t"
                 "sxtb16 %[t], %[w1]\n\t"
                 "smlad %[b0], %[t], %[xa], %[b0]\n\t"
                 "smlad %[b1], %[t], %[xb], %[b1]\n\t"
                 "ldrd %[xa], %[xb], [%[x]], #8\n\t"
                 "sxtb16 %[w0], %[w0], ror #8\n\t"
                 "sxtb16 %[w1], %[w1], ror #8\n\t"
                 "smlad %[a0], %[w0], %[xa], %[a0]\n\t"
                 "smlad %[a1], %[w0], %[xb], %[a1]\n\t"
                 "smlad %[b0], %[w1], %[xa], %[b0]\n\t"
                 "smlad %[b1], %[w1], %[xb], %[b1]\n\t"
                 ".endr\n\t"
                 "cmp %[x], %[end]\n\t"
                 "bne 1b" OFFRAMP_ASM_ROOM
                 : [a0] "+r"(a0), [a1] "+r"(a1), [b0] "+r"(b0), [b1] "+r"(b1), [x] "+r"(x), [w] "+r"(weights),
                   [w0] "=&r"(w0), [w1] "=&r"(w1), [xa] "=&r"(xa), [xb] "=&r"(xb), [t] "=&r"(t)
                 : [end] "r"(end), [together] "i"(Together)
                 : "cc", "memory");
    acc.first[0] = a0;
    acc.first[1] = a1;
    acc.second[0] = b0;
    acc.second[1] = b1;
  } else {
    std::uint32_t t;
    std::int32_t a0 = acc.first[0], b0 = acc.second[0];
    asm volatile("1:\n\t"
                 ".rept %c[together]\n\t"
                 "ldrd %[w0], %[w1], [%[w]], #8\n\t"
                 "ldrd %[xa], %[xb], [%[x]], #8\n\t"
                 "sxtb16 %[t], %[w0]\n\t"
                 "sxtb16 %[w0], %[w0], ror #8\n\t"
                 "smlad %[a0], %[t], %[xa], %[a0]\n\t"
                 "sxtb16 %[t], %[w1]\n\t"
                 "sxtb16 %[w1], %[w1], ror #8\n\t"
                 "smlad %[b0], %[t], %[xa], %[b0]\n\t"
                 "smlad %[a0], %[w0], %[xb], %[a0]\n\t"
                 "smlad %[b0], %[w1], %[xb], %[b0]\n\t"
                 ".endr\n\t"
                 "cmp %[x], %[end]\n\t"
                 "bne 1b" OFFRAMP_ASM_ROOM
                 : [a0] "+r"(a0), [b0] "+r"(b0), [x] "+r"(x), [w] "+r"(weights), [w0] "=&r"(w0), [w1] "=&r"(w1),
                   [xa] "=&r"(xa), [xb] "=&r"(xb), [t] "=&r"(t)
                 : [end] "r"(end), [together] "i"(Together)
                 : "cc", "memory");
    acc.first[0] = a0;
    acc.second[0] = b0;
  }
#else
  for (int i = 0; i < groups; ++i, x += 2 * P, weights += 2)
    for (int p = 0; p < P; ++p) {
      acc.first[p] = smlad(wide_bytes<false>(weights[0]), x[p], acc.first[p]);
      acc.first[p] = smlad(wide_bytes<true>(weights[0]), x[P + p], acc.first[p]);
      acc.second[p] = smlad(wide_bytes<false>(weights[1]), x[p], acc.second[p]);
      acc.second[p] = smlad(wide_bytes<true>(weights[1]), x[P + p], acc.second[p]);
    }
#endif
}

// Sums where the weight is a minus: of `words` words of 32 slots.
template <int P>
[[gnu::always_inline]] inline void add_where_set(sums<P>& acc, const std::uint32_t* x, const std::uint32_t* weights,
                                                 int words) {
#if OFFRAMP_DSP
  const std::uint32_t* end = x + words * 16 * P;
  const std::uint32_t ones = 0x00010001u;
  std::uint32_t w0, w1, xa, t;
  if constexpr (P == 2) {
    std::uint32_t xb;
    std::int32_t a0 = acc.first[0], a1 = acc.first[1], b0 = acc.second[0], b1 = acc.second[1];
    asm volatile("1:\n\t"
                 "ldrd %[w0], %[w1], [%[w]], #8\n\t"
                 "ldrd %[xa], %[xb], [%[x]], #8\n\t"
                 "and %[t], %[m], %[w0]\n\t"
                 "smlad %[a0], %[t], %[xa], %[a0]\n\t"
                 "smlad %[a1], %[t], %[xb], %[a1]\n\t"
                 "and %[t], %[m], %[w1]\n\t"
                 "smlad %[b0], %[t], %[xa], %[b0]\n\t"
                 "smlad %[b1], %[t], %[xb], %[b1]\n\t"
                 ".irp i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
                 "ldrd %[xa], %[xb], [%[x]], #8\n\t"
                 "and %[t], %[m], %[w0], lsr #\\i\n\t"
                 "smlad %[a0], %[t], %[xa], %[a0]\n\t"
                 "smlad %[a1], %[t], %[xb], %[a1]\n\t"
                 "and %[t], %[m], %[w1], lsr #\\i\n\t"
                 "smlad %[b0], %[t], %[xa], %[b0]\n\t"
                 "smlad %[b1], %[t], %[xb], %[b1]\n\t"
                 ".endr\n\t"
                 "cmp %[x], %[end]\n\t"
                 "bne 1b" OFFRAMP_ASM_ROOM
                 : [a0] "+r"(a0), [a1] "+r"(a1), [b0] "+r"(b0), [b1] "+r"(b1), [x] "+r"(x), [w] "+r"(weights),
                   [w0] "=&r"(w0), [w1] "=&r"(w1), [xa] "=&r"(xa), [xb] "=&r"(xb), [t] "=&r"(t)
                 : [end] "r"(end), [m] "r"(ones)
                 : "cc", "memory");
    acc.first[0] = a0;
    acc.first[1] = a1;
    acc.second[0] = b0;
    acc.second[1] = b1;
  } else {
    std::int32_t a0 = acc.first[0], b0 = acc.second[0];
    asm volatile("1:\n\t"
                 "ldrd %[w0], %[w1], [%[w]], #8\n\t"
                 "ldr %[xa], [%[x]], #4\n\t"
                 "and %[t], %[m], %[w0]\n\t"
                 "smlad %[a0], %[t], %[xa], %[a0]\n\t"
                 "and %[t], %[m], %[w1]\n\t"
                 "smlad %[b0], %[t], %[xa], %[b0]\n\t"
                 ".irp i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
                 "ldr %[xa], [%[x]], #4\n\t"
                 "and %[t], %[m], %[w0], lsr #\\i\n\t"
                 "smlad %[a0], %[t], %[xa], %[a0]\n\t"
                 "and %[t], %[m], %[w1], lsr #\\i\n\t"
                 "smlad %[b0], %[t], %[xa], %[b0]\n\t"
                 ".endr\n\t"
                 "cmp %[x], %[end]\n\t"
                 "bne 1b" OFFRAMP_ASM_ROOM
                 : [a0] "+r"(a0), [b0] "+r"(b0), [x] "+r"(x), [w] "+r"(weights), [w0] "=&r"(w0), [w1] "=&r"(w1),
                   [xa] "=&r"(xa), [t] "=&r"(t)
                 : [end] "r"(end), [m] "r"(ones)
                 : "cc", "memory");
    acc.first[0] = a0;
    acc.second[0] = b0;
  }
#else
  for (int k = 0; k < words; ++k, weights += 2)
    for (int i = 0; i < 16; ++i, x += P)
      for (int p = 0; p < P; ++p) {
        acc.first[p] = smlad(weights[0] >> i & 0x00010001u, x[p], acc.first[p]);
        acc.second[p] = smlad(weights[1] >> i & 0x00010001u, x[p], acc.second[p]);
      }
#endif
}

// The same for the first `pairs` pairs of one word; Pairs: the same, if it is known.
template <int P, int Pairs>
[[gnu::always_inline]] inline void add_where_set_in(sums<P>& acc, const std::uint32_t* x, const std::uint32_t* weights,
                                                    int pairs) {
#if OFFRAMP_DSP
  if constexpr (Pairs > 0) {
    const std::uint32_t ones = 0x00010001u;
    std::uint32_t w0 = weights[0], w1 = weights[1], xa, t;
    if constexpr (P == 2) {
      std::uint32_t xb;
      std::int32_t a0 = acc.first[0], a1 = acc.first[1], b0 = acc.second[0], b1 = acc.second[1];
      asm volatile("ldrd %[xa], %[xb], [%[x]], #8\n\t"
                   "and %[t], %[m], %[w0]\n\t"
                   "smlad %[a0], %[t], %[xa], %[a0]\n\t"
                   "smlad %[a1], %[t], %[xb], %[a1]\n\t"
                   "and %[t], %[m], %[w1]\n\t"
                   "smlad %[b0], %[t], %[xa], %[b0]\n\t"
                   "smlad %[b1], %[t], %[xb], %[b1]\n\t"
                   ".irp i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
                   ".if \\i < %c[pairs]\n\t"
                   "ldrd %[xa], %[xb], [%[x]], #8\n\t"
                   "and %[t], %[m], %[w0], lsr #\\i\n\t"
                   "smlad %[a0], %[t], %[xa], %[a0]\n\t"
                   "smlad %[a1], %[t], %[xb], %[a1]\n\t"
                   "and %[t], %[m], %[w1], lsr #\\i\n\t"
                   "smlad %[b0], %[t], %[xa], %[b0]\n\t"
                   "smlad %[b1], %[t], %[xb], %[b1]\n\t"
                   ".endif\n\t"
                   ".endr" OFFRAMP_ASM_ROOM
                   : [a0] "+r"(a0), [a1] "+r"(a1), [b0] "+r"(b0), [b1] "+r"(b1), [x] "+r"(x), [xa] "=&r"(xa),
                     [xb] "=&r"(xb), [t] "=&r"(t)
                   : [w0] "r"(w0), [w1] "r"(w1), [m] "r"(ones), [pairs] "i"(Pairs)
                   : "memory");
      acc.first[0] = a0;
      acc.first[1] = a1;
      acc.second[0] = b0;
      acc.second[1] = b1;
    } else {
      std::int32_t a0 = acc.first[0], b0 = acc.second[0];
      asm volatile("ldr %[xa], [%[x]], #4\n\t"
                   "and %[t], %[m], %[w0]\n\t"
                   "smlad %[a0], %[t], %[xa], %[a0]\n\t"
                   "and %[t], %[m], %[w1]\n\t"
                   "smlad %[b0], %[t], %[xa], %[b0]\n\t"
                   ".irp i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
                   ".if \\i < %c[pairs]\n\t"
                   "ldr %[xa], [%[x]], #4\n\t"
                   "and %[t], %[m], %[w0], lsr #\\i\n\t"
                   "smlad %[a0], %[t], %[xa], %[a0]\n\t"
                   "and %[t], %[m], %[w1], lsr #\\i\n\t"
                   "smlad %[b0], %[t], %[xa], %[b0]\n\t"
                   ".endif\n\t"
                   ".endr" OFFRAMP_ASM_ROOM
                   : [a0] "+r"(a0), [b0] "+r"(b0), [x] "+r"(x), [xa] "=&r"(xa), [t] "=&r"(t)
                   : [w0] "r"(w0), [w1] "r"(w1), [m] "r"(ones), [pairs] "i"(Pairs)
                   : "memory");
      acc.first[0] = a0;
      acc.second[0] = b0;
    }
    return;
  }
#endif
  for (int i = 0; i < pairs; ++i)
    for (int p = 0; p < P; ++p) {
      acc.first[p] = smlad(weights[0] >> i & 0x00010001u, x[i * P + p], acc.first[p]);
      acc.second[p] = smlad(weights[1] >> i & 0x00010001u, x[i * P + p], acc.second[p]);
    }
}

// Adds up whole windows of `pairs` pairs, an even number.
template <int P, int Together>
[[gnu::always_inline]] inline void add_numbers(std::int32_t (&total)[P], const std::uint32_t* x, int pairs) {
  const std::uint32_t ones = 0x00010001u;
#if OFFRAMP_DSP
  const std::uint32_t* end = x + pairs * P;
  std::uint32_t xa, xb;
  std::int32_t second = 0;
  if constexpr (P == 2) second = total[P - 1];
  // Of one window, neighbouring words are added to two sums all the same.
  asm volatile("1:\n\t"
               ".rept %c[together]\n\t"
               "ldrd %[xa], %[xb], [%[x]], #8\n\t"
               "smlad %[a], %[xa], %[m], %[a]\n\t"
               "smlad %[b], %[xb], %[m], %[b]\n\t"
               ".endr\n\t"
               "cmp %[x], %[end]\n\t"
               "bne 1b" OFFRAMP_ASM_ROOM
               : [a] "+r"(total[0]), [b] "+r"(second), [x] "+r"(x), [xa] "=&r"(xa), [xb] "=&r"(xb)
               : [end] "r"(end), [m] "r"(ones), [together] "i"(Together)
               : "cc", "memory");
  if constexpr (P == 2)
    total[P - 1] = second;
  else
    total[0] += second;
#else
  for (int i = 0; i < pairs; ++i)
    for (int p = 0; p < P; ++p) total[p] = smlad(x[i * P + p], ones, total[p]);
#endif
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m_dsp

#undef OFFRAMP_ASM_ROOM
#undef OFFRAMP_ASM_ROOM_64
#undef OFFRAMP_ASM_ROOM_16

#endif
