// Convolutions and dense layers of integers: two positions of the output at a time. Their windows are widened to pairs
// once and met by all output channels, two by two (products.hpp).
#ifndef OFFRAMP_KERNELS_CORTEX_M_DSP_CONV_INTEGER_HPP
#define OFFRAMP_KERNELS_CORTEX_M_DSP_CONV_INTEGER_HPP

#include <cstdint>

#include <offramp/kernels/cortex_m_dsp/conv_integer_traits.hpp>
#include <offramp/kernels/cortex_m_dsp/output.hpp>
#include <offramp/kernels/cortex_m_dsp/products.hpp>
#include <offramp/kernels/cortex_m_dsp/window_pairs.hpp>
#include <offramp/kernels/path.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace cortex_m_dsp {

// begin + total - 2 * part, mod 2^32.
[[gnu::always_inline]] constexpr std::int32_t less_twice(std::int32_t total, std::int32_t part, std::int32_t begin) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(begin) + static_cast<std::uint32_t>(total) -
                                   2u * static_cast<std::uint32_t>(part));
}

// A dense layer whose sizes are known at run time: `Unit` numbers, again and again.
template <int Unit>
struct dense_geometry {
  static constexpr bool is_static = false;
  static constexpr int unit = Unit;
  std::uint16_t units_less_one;
  std::uint16_t out_c;

  [[gnu::always_inline]] constexpr window operator()() const {
    window w;
    w.in = {1, 1, Unit * (units_less_one + 1)};
    w.out = {1, 1, out_c};
    w.stored_in_c = w.in.c;
    w.stored_out_c = w.out.c;
    return w;
  }
};

// Slots of a window, or what they are a multiple of; 0 where nothing is known.
template <op_signature S, class Geometry>
constexpr int known_slots() {
  if constexpr (Geometry::is_static)
    return slots({S, Geometry{}()});
  else if constexpr (requires { Geometry::unit; })
    return Geometry::unit;
  else
    return 0;
}

// Sums of two rows of weights, of channels c and c + 1, with P windows, whose own sums are `total` (signs).
template <op_signature S, int P, class Geometry>
[[gnu::always_inline]] inline sums<P> multiply(const kernel_op& op, const output_stage<S, Geometry>& stage, int c,
                                               const std::uint32_t* x, const std::uint32_t* weights,
                                               const std::int32_t (&total)[P]) {
  constexpr int known = known_slots<S, Geometry>();
  const int all = slots(op);
  sums<P> acc;
  const std::int32_t bias0 = stage.bias(c);
  const std::int32_t bias1 = stage.bias(c + 1);
  if constexpr (S.weights == kind::bits) {
    for_positions<P>([&](auto p) __attribute__((always_inline)) { acc.first[p] = acc.second[p] = 0; });
    const int words = all / 32;
    if (words > 0) add_where_set<P>(acc, x, weights, words);
    if (all % 32 != 0) add_where_set_in<P, known % 32 / 2>(acc, x + words * 16 * P, weights + words * 2, all % 32 / 2);
    for_positions<P>([&](auto p) __attribute__((always_inline)) {
      acc.first[p] = less_twice(total[p], acc.first[p], bias0);
      acc.second[p] = less_twice(total[p], acc.second[p], bias1);
    });
  } else {
    for_positions<P>([&](auto p) __attribute__((always_inline)) {
      acc.first[p] = begin_of_signs<S> + bias0;
      acc.second[p] = begin_of_signs<S> + bias1;
    });
    add_byte_products<P, steps_together(known / 4)>(acc, x, weights, all / 4);
  }
  return acc;
}

// All output channels at the P positions from number `position` on, whose windows are `x`.
template <op_signature S, int P, class Geometry>
[[gnu::always_inline]] inline void convolve_positions(const kernel_op& op, const output_stage<S, Geometry>& stage,
                                                      const std::uint32_t* kernel, const std::uint32_t* x, void* out,
                                                      int position) {
  const window& w = op.geometry;
  const int pair_words = 2 * row_words(op);
  std::int32_t total[P];
  for_positions<P>([&](auto p) __attribute__((always_inline)) { total[p] = begin_of_signs<S>; });
  if constexpr (S.weights == kind::bits) {
    constexpr int known = known_slots<S, Geometry>() / 2;
    add_numbers<P, P == 2 ? steps_together(known) : steps_together(known / 2)>(total, x, slots(op) / 2);
  }

  if constexpr (S.out == kind::bits) {
    const int words = ceil_div(w.out.c, 32);
    auto* to = static_cast<std::uint32_t*>(out) + position * words;
    for (int word = 0; word < words; ++word) {
      const int first = 32 * word;
      const int n = w.out.c - first < 32 ? w.out.c - first : 32;
      std::uint32_t not_below[P];
      for_positions<P>([&](auto p) __attribute__((always_inline)) { not_below[p] = 0; });
      for (int c = first; c < first + n; c += 2, kernel += pair_words) {
        const sums<P> acc = multiply<S, P, Geometry>(op, stage, c, x, kernel, total);
        shift_in_signs<S, P>(stage, c, acc.first, not_below);
        if (w.out.c % 2 == 0 || c + 1 < w.out.c) shift_in_signs<S, P>(stage, c + 1, acc.second, not_below);
      }
      for_positions<P>([&](auto p) __attribute__((always_inline)) {
        to[p * words + word] = sign_word(stage, word, n, not_below[p]);
      });
    }
  } else {
    auto* to = static_cast<storage_t<S.out>*>(out) + position * w.out.c;
    for (int c = 0; c < w.out.c; c += 2, kernel += pair_words) {
      const sums<P> acc = multiply<S, P, Geometry>(op, stage, c, x, kernel, total);
      store_numbers<S, P>(stage, c, acc.first, to + c, w.out.c);
      if (w.out.c % 2 == 0 || c + 1 < w.out.c) store_numbers<S, P>(stage, c + 1, acc.second, to + c + 1, w.out.c);
    }
  }
}

template <op_signature S, class Geometry>
inline void convolve(Geometry g, const arguments& a) {
  const window w = g();
  const kernel_op op{S, w};
  const output_stage<S, Geometry> stage{a.weights, w};
  const std::uint32_t* kernel = a.weights + canonical_layout(op).kernel();
  auto* x = static_cast<std::uint32_t*>(a.scratch);
  const int together = positions_together(w);
  auto* bytes = reinterpret_cast<unsigned char*>(x + slots(op) / 2 * together);
  const void* in = a.in;
  void* out = a.out;
  const int zero = S.in == kind::u8 || S.in == kind::i8 ? static_cast<std::int32_t>(a.weights[0]) : 0;
  const int positions = w.out.positions();
  int column = 0;
  place at{-w.pad_top, -w.pad_left};
  const auto advance = [&]() __attribute__((always_inline)) {
    at.x += w.stride_w;
    if (++column == w.out.w) {
      column = 0;
      at.x = -w.pad_left;
      at.y += w.stride_h;
    }
  };
  // A window at a time, so that the code for it stands here once; every second one completes a pair.
  const int paired = positions / 2 * 2;
  for (int position = 0; position < paired; ++position) {
    widen<S, 2>(op, in, zero, at, bytes, x + position % 2);
    advance();
    if (position % 2 != 0) convolve_positions<S, 2, Geometry>(op, stage, kernel, x, out, position - 1);
  }
  if (positions % 2 != 0) {
    widen<S, 1>(op, in, zero, at, bytes, x);
    convolve_positions<S, 1, Geometry>(op, stage, kernel, x, out, paired);
  }
}

// Dense layers share their code: the window is the whole input, whose numbers lie side by side whatever its shape.
template <op_signature S, int Unit>
[[gnu::noinline]] inline void convolve_dense(dense_geometry<Unit> g, const arguments& a) {
  using geometry = dense_geometry<Unit>;
  const kernel_op op{S, g()};
  const output_stage<S, geometry> stage{a.weights, op.geometry};
  const std::uint32_t* kernel = a.weights + canonical_layout(op).kernel();
  auto* x = static_cast<std::uint32_t*>(a.scratch);
  widen<S, 1>(op, a.in, static_cast<std::int32_t>(a.weights[0]), place{0, 0}, nullptr, x);
  convolve_positions<S, 1, geometry>(op, stage, kernel, x, a.out, 0);
}

// Not of nested widths, nor where numbers have to be filled up to a group of four.
constexpr bool shares_dense_code(const kernel_op& op) {
  const window& w = op.geometry;
  const bool bytes = op.signature.in == kind::u8 || op.signature.in == kind::i8;
  const bool whole = w.in.h == w.kernel_h && w.in.w == w.kernel_w && w.pad_top == 0 && w.pad_left == 0;
  const bool one_width = w.stored_in_c == w.in.c && w.stored_out_c == w.out.c && w.out_first == 0;
  return bytes && op.signature.weights == kind::i8 && whole && w.out.positions() == 1 && one_width && w.groups == 1 &&
         w.in.size() % 4 == 0 && w.in.size() <= 4 * 65536 && w.out.c <= 65535;
}
// As many steps as are written out in a loop over a long row (steps_together).
constexpr int unit_of(int slots) { return slots % 16 == 0 ? 16 : slots % 12 == 0 ? 12 : slots % 8 == 0 ? 8 : 4; }

}  // namespace cortex_m_dsp

template <>
struct code<cortex_m_dsp::conv_integer> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      constexpr window w = Geometry{}();
      if constexpr (cortex_m_dsp::shares_dense_code({S, w})) {
        constexpr int unit = cortex_m_dsp::unit_of(w.in.size());
        constexpr auto units_less_one = static_cast<std::uint16_t>(w.in.size() / unit - 1);
        constexpr auto out_c = static_cast<std::uint16_t>(w.out.c);
        return cortex_m_dsp::convolve_dense<S>(cortex_m_dsp::dense_geometry<unit>{units_less_one, out_c}, a);
      }
    }
    cortex_m_dsp::convolve<S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
