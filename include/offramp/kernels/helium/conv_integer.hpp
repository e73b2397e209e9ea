// Convolutions and dense layers by VMLADAVA, which adds sixteen products to a general register: four output channels
// times two positions fill the eight registers that it can add to.
#ifndef OFFRAMP_KERNELS_HELIUM_CONV_INTEGER_HPP
#define OFFRAMP_KERNELS_HELIUM_CONV_INTEGER_HPP

#include <cstdint>

#include <offramp/kernels/cortex_m/target.hpp>
#include <offramp/kernels/helium/byte_windows.hpp>
#include <offramp/kernels/helium/conv_integer_traits.hpp>
#include <offramp/kernels/helium/output.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/stored_bytes.hpp>

// Compilers take the length of an asm statement from its lines; these make up for what .rept writes.
#define OFFRAMP_ASM_ROOM "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"

// Two positions fill the even registers and four more: none may be a frame pointer.
#if defined(__GNUC__) && !defined(__clang__)
#define OFFRAMP_ALL_REGISTERS \
  __attribute__((noinline, optimize("O2", "no-schedule-insns", "no-tree-ter", "omit-frame-pointer"))) inline
#else
#define OFFRAMP_ALL_REGISTERS __attribute__((noinline)) inline
#endif

// Nor does it go without optimization: there positions are taken one by one.
#ifdef __OPTIMIZE__
#define OFFRAMP_PAIRS true
#else
#define OFFRAMP_PAIRS false
#endif

// clang has no name for the predicate; nothing is kept there across these functions.
#ifdef __clang__
#define OFFRAMP_CLOBBERS_P0
#else
#define OFFRAMP_CLOBBERS_P0 , "p0"
#endif

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace helium {

// Steps written out in a loop over `steps` of them.
[[gnu::always_inline]] constexpr int steps_together(int steps) {
  return steps % 4 == 0 ? 4 : steps % 3 == 0 ? 3 : steps % 2 == 0 ? 2 : 1;
}

// Sums of four channels at P positions, whose windows lie `distance` bytes apart.
template <int P>
struct quad_sums {
  ints4 of[P];
};

// Adds to sums that begin with `first`; Unit divides steps. A function of its own: two positions take all even
// registers, those that are open to VMLADAVA, and four more.
template <int P, int Unit>
OFFRAMP_ALL_REGISTERS quad_sums<P> multiply(const std::int8_t* x, int distance, const std::uint32_t* weights, int steps,
                                            ints4 first) {
  quad_sums<P> sums;
#if OFFRAMP_MVE
  if constexpr (P == 2 && !OFFRAMP_PAIRS) {
    sums.of[0] = multiply<1, Unit>(x, distance, weights, steps, first).of[0];
    sums.of[1] = multiply<1, Unit>(x + distance, distance, weights, steps, first).of[0];
    return sums;
  }
  std::int32_t a0, a1, a2, a3;
  int loops = steps / Unit;
  int8x16_t w0, w1;
  if constexpr (P == 2 && OFFRAMP_PAIRS) {
    std::int32_t b0, b1, b2, b3;
    const std::int8_t* y = x + distance;
    ints4 second;
    asm volatile("vmov %[a0], %[a2], %q[a][2], %q[a][0]\n\t"
                 "vmov %[a1], %[a3], %q[a][3], %q[a][1]\n\t"
                 "vmov %[b0], %[b2], %q[a][2], %q[a][0]\n\t"
                 "vmov %[b1], %[b3], %q[a][3], %q[a][1]\n"
                 "1:\n\t"
                 ".rept %c[unit]\n\t"
                 "vldrb.8 %q[a], [%[x]], #16\n\t"
                 "vldrb.8 %q[b], [%[y]], #16\n\t"
                 "vldrb.8 %q[w0], [%[w], #16]\n\t"
                 "vldrb.8 %q[w1], [%[w], #32]\n\t"
                 "vmladava.s8 %[a1], %q[a], %q[w0]\n\t"
                 "vmladava.s8 %[b1], %q[b], %q[w0]\n\t"
                 "vldrb.8 %q[w0], [%[w], #48]\n\t"
                 "vmladava.s8 %[a2], %q[a], %q[w1]\n\t"
                 "vmladava.s8 %[b2], %q[b], %q[w1]\n\t"
                 "vldrb.8 %q[w1], [%[w]], #64\n\t"
                 "vmladava.s8 %[a3], %q[a], %q[w0]\n\t"
                 "vmladava.s8 %[b3], %q[b], %q[w0]\n\t"
                 "vmladava.s8 %[a0], %q[a], %q[w1]\n\t"
                 "vmladava.s8 %[b0], %q[b], %q[w1]\n\t"
                 ".endr\n\t"
                 "subs %[n], %[n], #1\n\t"
                 "bne 1b\n\t"
                 "vmov %q[a][2], %q[a][0], %[a0], %[a2]\n\t"
                 "vmov %q[a][3], %q[a][1], %[a1], %[a3]\n\t"
                 "vmov %q[b][2], %q[b][0], %[b0], %[b2]\n\t"
                 "vmov %q[b][3], %q[b][1], %[b1], %[b3]" OFFRAMP_ASM_ROOM
                 : [a0] "=&Te"(a0), [a1] "=&Te"(a1), [a2] "=&Te"(a2), [a3] "=&Te"(a3), [b0] "=&Te"(b0), [b1] "=&Te"(b1),
                   [b2] "=&Te"(b2), [b3] "=&Te"(b3), [x] "+r"(x), [y] "+r"(y), [w] "+r"(weights), [n] "+r"(loops),
                   [a] "+w"(first), [b] "=&w"(second), [w0] "=&w"(w0), [w1] "=&w"(w1)
                 : [unit] "i"(Unit)
                 : "cc", "memory");
    sums.of[1] = second;
  } else {
    int8x16_t v;
    asm volatile("vmov %[a0], %[a2], %q[a][2], %q[a][0]\n\t"
                 "vmov %[a1], %[a3], %q[a][3], %q[a][1]\n"
                 "1:\n\t"
                 ".rept %c[unit]\n\t"
                 "vldrb.8 %q[a], [%[x]], #16\n\t"
                 "vldrb.8 %q[w0], [%[w], #16]\n\t"
                 "vldrb.8 %q[w1], [%[w], #32]\n\t"
                 "vldrb.8 %q[v], [%[w], #48]\n\t"
                 "vmladava.s8 %[a1], %q[a], %q[w0]\n\t"
                 "vldrb.8 %q[w0], [%[w]], #64\n\t"
                 "vmladava.s8 %[a2], %q[a], %q[w1]\n\t"
                 "vmladava.s8 %[a3], %q[a], %q[v]\n\t"
                 "vmladava.s8 %[a0], %q[a], %q[w0]\n\t"
                 ".endr\n\t"
                 "subs %[n], %[n], #1\n\t"
                 "bne 1b\n\t"
                 "vmov %q[a][2], %q[a][0], %[a0], %[a2]\n\t"
                 "vmov %q[a][3], %q[a][1], %[a1], %[a3]" OFFRAMP_ASM_ROOM
                 : [a0] "=&Te"(a0), [a1] "=&Te"(a1), [a2] "=&Te"(a2), [a3] "=&Te"(a3), [x] "+r"(x), [w] "+r"(weights),
                   [n] "+r"(loops), [a] "+w"(first), [w0] "=&w"(w0), [w1] "=&w"(w1), [v] "=&w"(v)
                 : [unit] "i"(Unit)
                 : "cc", "memory");
  }
  sums.of[0] = first;
#else
  const stored_bytes bytes = bytes_in(weights);
  for (int p = 0; p < P; ++p) {
    std::int32_t sum[4] = {};
    for (int k = 0; k < 16 * steps; ++k)
      for (int c = 0; c < 4; ++c) sum[c] += x[p * distance + k] * bytes[(k / 16 * 4 + c) * 16 + k % 16];
    sums.of[p] = add(first, load_ints(sum));
  }
#endif
  return sums;
}

// Of bits: to sums that begin with `first` the numbers of windows less twice those that meet a bit.
template <int P, int Unit>
OFFRAMP_ALL_REGISTERS quad_sums<P> add_signed(const std::int8_t* x, int distance, const std::uint32_t* weights,
                                              int steps, quad_sums<P> first) {
#if OFFRAMP_MVE
  if constexpr (P == 2 && !OFFRAMP_PAIRS) {
    first.of[0] = add_signed<1, Unit>(x, distance, weights, steps, {{first.of[0]}}).of[0];
    first.of[1] = add_signed<1, Unit>(x + distance, distance, weights, steps, {{first.of[1]}}).of[0];
    return first;
  }
  std::int32_t a0, a1, a2, a3;
  int loops = steps / Unit;
  std::uint32_t t;
  ints4 a;
  // A predicate of sixteen bits chooses what is added. Bits of two channels come by one word.
  if constexpr (P == 2 && OFFRAMP_PAIRS) {
    std::int32_t b0, b1, b2, b3;
    const std::int8_t* y = x + distance;
    ints4 b;
    asm volatile("movs %[a0], #0\n\tmov %[a1], %[a0]\n\tmov %[a2], %[a0]\n\tmov %[a3], %[a0]\n\t"
                 "mov %[b0], %[a0]\n\tmov %[b1], %[a0]\n\tmov %[b2], %[a0]\n\tmov %[b3], %[a0]\n"
                 "1:\n\t"
                 ".rept %c[unit]\n\t"
                 "vldrb.8 %q[a], [%[x]], #16\n\t"
                 "vldrb.8 %q[b], [%[y]], #16\n\t"
                 "ldr %[t], [%[w]], #8\n\t"
                 "vmsr p0, %[t]\n\t"
                 "vpstt\n\tvaddvat.s8 %[a0], %q[a]\n\tvaddvat.s8 %[b0], %q[b]\n\t"
                 "lsrs %[t], %[t], #16\n\t"
                 "vmsr p0, %[t]\n\t"
                 "vpstt\n\tvaddvat.s8 %[a1], %q[a]\n\tvaddvat.s8 %[b1], %q[b]\n\t"
                 "ldr %[t], [%[w], #-4]\n\t"
                 "vmsr p0, %[t]\n\t"
                 "vpstt\n\tvaddvat.s8 %[a2], %q[a]\n\tvaddvat.s8 %[b2], %q[b]\n\t"
                 "lsrs %[t], %[t], #16\n\t"
                 "vmsr p0, %[t]\n\t"
                 "vpstt\n\tvaddvat.s8 %[a3], %q[a]\n\tvaddvat.s8 %[b3], %q[b]\n\t"
                 ".endr\n\t"
                 "subs %[n], %[n], #1\n\t"
                 "bne 1b\n\t"
                 "vmov %q[a][2], %q[a][0], %[a0], %[a2]\n\t"
                 "vmov %q[a][3], %q[a][1], %[a1], %[a3]\n\t"
                 "vmov %q[b][2], %q[b][0], %[b0], %[b2]\n\t"
                 "vmov %q[b][3], %q[b][1], %[b1], %[b3]" OFFRAMP_ASM_ROOM
                 : [a0] "=&Te"(a0), [a1] "=&Te"(a1), [a2] "=&Te"(a2), [a3] "=&Te"(a3), [b0] "=&Te"(b0), [b1] "=&Te"(b1),
                   [b2] "=&Te"(b2), [b3] "=&Te"(b3), [x] "+r"(x), [y] "+r"(y), [w] "+r"(weights), [n] "+r"(loops),
                   [t] "=&r"(t), [a] "=&w"(a), [b] "=&w"(b)
                 : [unit] "i"(Unit)
                 : "cc", "memory" OFFRAMP_CLOBBERS_P0);
    first.of[1] = add_products(first.of[1], b, -2);
  } else {
    asm volatile("movs %[a0], #0\n\tmov %[a1], %[a0]\n\tmov %[a2], %[a0]\n\tmov %[a3], %[a0]\n"
                 "1:\n\t"
                 ".rept %c[unit]\n\t"
                 "vldrb.8 %q[a], [%[x]], #16\n\t"
                 "ldr %[t], [%[w]], #8\n\t"
                 "vmsr p0, %[t]\n\t"
                 "vpst\n\tvaddvat.s8 %[a0], %q[a]\n\t"
                 "lsrs %[t], %[t], #16\n\t"
                 "vmsr p0, %[t]\n\t"
                 "vpst\n\tvaddvat.s8 %[a1], %q[a]\n\t"
                 "ldr %[t], [%[w], #-4]\n\t"
                 "vmsr p0, %[t]\n\t"
                 "vpst\n\tvaddvat.s8 %[a2], %q[a]\n\t"
                 "lsrs %[t], %[t], #16\n\t"
                 "vmsr p0, %[t]\n\t"
                 "vpst\n\tvaddvat.s8 %[a3], %q[a]\n\t"
                 ".endr\n\t"
                 "subs %[n], %[n], #1\n\t"
                 "bne 1b\n\t"
                 "vmov %q[a][2], %q[a][0], %[a0], %[a2]\n\t"
                 "vmov %q[a][3], %q[a][1], %[a1], %[a3]" OFFRAMP_ASM_ROOM
                 : [a0] "=&Te"(a0), [a1] "=&Te"(a1), [a2] "=&Te"(a2), [a3] "=&Te"(a3), [x] "+r"(x), [w] "+r"(weights),
                   [n] "+r"(loops), [t] "=&r"(t), [a] "=&w"(a)
                 : [unit] "i"(Unit)
                 : "cc", "memory" OFFRAMP_CLOBBERS_P0);
  }
  first.of[0] = add_products(first.of[0], a, -2);
#else
  for (int p = 0; p < P; ++p) {
    std::int32_t sum[4] = {};
    for (int c = 0; c < 4; ++c)
      for (int k = 0; k < 16 * steps; ++k) {
        const int place = k / 16 * 4 + c;
        if ((weights[place / 2] >> (16 * (place % 2) + k % 16) & 1u) != 0) sum[c] += x[p * distance + k];
      }
    first.of[p] = add_products(first.of[p], load_ints(sum), -2);
  }
#endif
  return first;
}

// The sum of a window.
[[gnu::always_inline]] inline std::int32_t add_up(const std::int8_t* x, int steps) {
  std::int32_t sum = 0;
#if OFFRAMP_MVE
  for (; steps > 0; --steps, x += 16) sum = vaddvaq_s8(sum, vldrbq_s8(x));
#else
  for (int k = 0; k < 16 * steps; ++k) sum += x[k];
#endif
  return sum;
}

// What all positions share.
struct conv_task {
  const std::uint32_t* weights;
  void* out;
  std::int32_t minus_zero;
};

// All output channels at the P positions from number `position` on.
template <op_signature S, int P, int Unit>
[[gnu::always_inline]] inline void convolve_positions(const kernel_op& op, conv_task task,
                                                      const output_limits<S>& limits, const std::int8_t* x,
                                                      int distance, int position) {
  const window& w = op.geometry;
  const int steps = steps_of(w);
  const auto* sums_of_weights = reinterpret_cast<const std::int32_t*>(task.weights + canonical_layout(op).kernel());
  const std::uint32_t* kernel = task.weights + canonical_layout(op).kernel() + filled_channels(w);
  const words4 first_places = make_words(1, 2, 4, 8);
  words4 places = first_places;
  std::uint32_t bits[P] = {};
  std::int32_t totals[P] = {};
  if constexpr (S.weights == kind::bits)
    for (int p = 0; p < P; ++p) totals[p] = add_up(x + p * distance, steps);
  for (int c = 0; c < w.out.c; c += 4) {
    ints4 first = all_ints(0);
    if constexpr (S.in != kind::bits) first = multiply(load_ints(sums_of_weights + c), task.minus_zero);
    quad_sums<P> sums;
    if constexpr (S.weights == kind::bits) {
#pragma GCC unroll 2
      for (int p = 0; p < P; ++p) sums.of[p] = add(first, totals[p]);
      sums = add_signed<P, Unit>(x, distance, kernel, steps, sums);
    } else {
      sums = multiply<P, Unit>(x, distance, kernel, steps, first);
    }
    kernel += words_of_four(op);
    const quad_stage<S> stage{task.weights, w.stored_out_c, c};
    if constexpr (S.out == kind::bits) {
      const int words = ceil_div(w.out.c, 32);
      const bool last = c % 32 == 28 || c + 4 >= w.out.c;
#pragma GCC unroll 2
      for (int p = 0; p < P; ++p) {
        bits[p] = stage.add_signs(bits[p], sums.of[p], places);
        if (!last) continue;
        static_cast<std::uint32_t*>(task.out)[(position + p) * words + c / 32] =
            sign_word(task.weights, w, c / 32, bits[p]);
        bits[p] = 0;
      }
      places = last ? first_places : shift_left<4>(places);
    } else {
      auto* to = static_cast<storage_t<S.out>*>(task.out) + position * w.out.c + c;
      const int n = w.out.c % 4 == 0 ? 4 : w.out.c - c;
#pragma GCC unroll 2
      for (int p = 0; p < P; ++p) stage.store(limits, sums.of[p], to + p * w.out.c, n);
    }
  }
}

template <op_signature S, class Geometry>
OFFRAMP_CORTEX_M void convolve(Geometry g, const arguments& a) {
  const window w = g();
  const kernel_op op{S, w};
  const byte_windows<S.in, Geometry> windows{g, a.in, static_cast<std::int32_t>(a.weights[0])};
  const output_limits<S> limits{a.weights};
  const conv_task task{a.weights, a.out, -windows.zero()};
  constexpr int unit = [] {
    if constexpr (Geometry::is_static)
      return steps_together(steps_of(Geometry{}()));
    else
      return 1;
  }();
  const int positions = w.out.positions();
  if (reads_in_place(op)) {
    const auto* x = static_cast<const std::int8_t*>(a.in);
    const int distance = w.in.c;
    if (w.stride_h == 1 && w.stride_w == 1) {
      int p = 0;
      for (; p + 2 <= positions; p += 2, x += 2 * distance)
        convolve_positions<S, 2, unit>(op, task, limits, x, distance, p);
      if (p < positions) convolve_positions<S, 1, unit>(op, task, limits, x, distance, p);
    } else {
      for (int p = 0; p < positions; ++p) {
        const int at = (p / w.out.w * w.stride_h * w.in.w + p % w.out.w * w.stride_w) * w.in.c;
        convolve_positions<S, 1, unit>(op, task, limits, x + at, 0, p);
      }
    }
    return;
  }
  auto* x = static_cast<std::int8_t*>(a.scratch);
  const int distance = 16 * steps_of(w);
  const int paired = positions / 2 * 2;
  int column = 0;
  int at_y = -w.pad_top;
  int at_x = -w.pad_left;
  for (int p = 0; p < positions; ++p) {
    const bool second = p % 2 != 0;
    windows.copy(at_y, at_x, x + (second ? distance : 0));
    at_x += w.stride_w;
    if (++column == w.out.w) {
      column = 0;
      at_x = -w.pad_left;
      at_y += w.stride_h;
    }
    if (second) convolve_positions<S, 2, unit>(op, task, limits, x, distance, p - 1);
  }
  if (paired < positions) convolve_positions<S, 1, unit>(op, task, limits, x, 0, paired);
}

}  // namespace helium

template <>
struct code<helium::conv_integer> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    helium::convolve<S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#undef OFFRAMP_ASM_ROOM
#undef OFFRAMP_CLOBBERS_P0
#undef OFFRAMP_ALL_REGISTERS
#undef OFFRAMP_PAIRS

#endif
