// Which ops are measured: drawn at compile time from a fixed seed, so that every one is compiled with its shape as
// constants, as in a network. Stratified twice: within a class the work of op i of n is aimed at the i-th of n equal
// steps of its logarithm, and channels and widths are drawn from lists that stand close around words (32), tiles (8,
// 16) and vectors (64 channels; 256, 512 positions). Device headers alone: a board compiles the part that fits it.
#ifndef BENCHMARKS_PROFILE_CPU_GEOMETRIES_HPP
#define BENCHMARKS_PROFILE_CPU_GEOMETRIES_HPP

#include <cstdint>

#include <offramp/latency/features.hpp>
#include <offramp/net/plan.hpp>

namespace profile_cpu {

using offramp::kernel_op;
using offramp::kind;
using offramp::layout;
using offramp::op_class;
using offramp::op_kind;
using offramp::op_signature;
using offramp::shape;
using offramp::window;

// splitmix64 (Steele, Lea, Flood 2014).
class draws {
 public:
  constexpr explicit draws(std::uint64_t seed) : state_{seed * 0xd1342543de82ef95u + 20261u} {}
  constexpr std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // 0 <= result < n
  constexpr int below(int n) { return static_cast<int>(next() >> 33) % n; }
  constexpr bool percent(int p) { return below(100) < p; }
  template <int N>
  constexpr int of(const int (&list)[N]) {
    return list[below(N)];
  }

 private:
  std::uint64_t state_;
};

inline constexpr int even_channels[] = {8,  12, 16, 16, 20, 24, 24, 32, 32,  32, 40,
                                        48, 48, 56, 64, 64, 72, 80, 96, 112, 128};
inline constexpr int odd_channels[] = {3, 5, 10, 15, 17, 31, 33, 36, 47, 49, 63, 65, 95, 97, 100, 127};
inline constexpr int widths[] = {3,  4,  5,  6,  7,  7,  8,  8,  9,  10, 11, 12, 12, 13, 14, 14, 15, 16, 16, 17,
                                 18, 20, 21, 22, 24, 25, 26, 28, 28, 30, 31, 32, 32, 33, 36, 40, 44, 48, 56};
inline constexpr int depths[] = {16, 32, 48, 64, 64, 96, 128, 128, 192, 256, 384, 512, 784, 1024};  // of dense layers

constexpr int channels(draws& d) { return d.percent(75) ? d.of(even_channels) : d.of(odd_channels); }

constexpr shape image(draws& d, int c) {
  const int w = d.of(widths);
  if (d.percent(88)) return {w, w, c};
  const int h = d.of(widths);
  return {d.percent(40) ? 1 : h, w, c};
}

// The order in which arguments are evaluated is not defined, and may differ between the compiler's evaluation and the
// program's: what is drawn is drawn in a statement of its own, or in braces.

// A convolution as layers have it: odd windows with "same" padding, now and then without.
constexpr window conv_window(draws& d, int in_c, int out_c) {
  const shape in = image(d, in_c);
  const int pick = d.below(20);
  const int k = pick < 12 ? 3 : pick < 16 ? 1 : pick < 18 ? 5 : pick < 19 ? 7 : 2;
  const int stride = d.percent(k > 1 ? 22 : 10) ? 2 : 1;
  const int pad = d.percent(90) ? (k - 1) / 2 : 0;
  const int k_h = in.h == 1 ? 1 : k;
  return offramp::make_window(in, out_c, k_h, k, in.h == 1 ? 1 : stride, k_h == 1 ? 0 : pad, pad, stride);
}
constexpr window conv_window(draws& d, int in_c) { return conv_window(d, in_c, channels(d)); }
constexpr window conv_window(draws& d) { return conv_window(d, channels(d)); }
// A window that is the whole input.
constexpr window dense_window(draws& d, int out_c) {
  const int side = d.of({1, 1, 1, 1, 2, 3, 4, 7});
  const int c = d.of(depths) / (side > 2 ? 8 : side);
  return offramp::make_window({side, side, c}, out_c, side, side, 1, 0, 0);
}
constexpr window whole(shape s) { return offramp::make_window(s, s.c, 1, 1, 1, 0, 0); }

constexpr op_signature conv_of(kind in, kind weights, kind out, bool add = false) {
  return {op_kind::conv, in, weights, out, add};
}
// An output stage with a rectifier before the affine map, in some of a hundred ops; not of bits, whose threshold it
// is a part of.
constexpr void bend(draws& d, op_signature& s, int percent) {
  if (s.out == kind::bits || s.out == kind::i32 || !d.percent(percent)) return;
  (d.percent(30) ? s.two_slopes : s.rectified) = true;
}

constexpr kernel_op draw_binary_conv(draws& d) {
  const int pick = d.below(20);
  const kind out = pick < 10 ? kind::bits : pick < 16 ? kind::i16 : pick < 18 ? kind::i8 : kind::f32;
  kernel_op op;
  op.signature = conv_of(kind::bits, kind::bits, out, (pick >= 10 && pick < 15) || pick == 19);
  bend(d, op.signature, 25);
  const bool dense = !op.signature.add && d.percent(12);
  const int outputs = d.of({10, 32, 64, 84, 100, 128, 256});
  op.geometry = dense ? dense_window(d, outputs) : conv_window(d);
  return op;
}
constexpr kernel_op draw_mixed_conv(draws& d) {
  const int pick = d.below(10);
  const kind in = d.percent(80) ? kind::i8 : kind::u8;
  kernel_op op;
  op.signature = conv_of(in, kind::bits, pick < 3 ? kind::bits : pick < 8 ? kind::i8 : kind::i16, pick == 9);
  bend(d, op.signature, 10);
  const int in_c = in == kind::u8 ? d.of({1, 3}) : channels(d);
  op.geometry = conv_window(d, in_c);
  return op;
}
constexpr kernel_op draw_integer_conv(draws& d) {
  const int pick = d.below(100);
  kernel_op op;
  if (pick < 17) {  // heads
    op.signature = conv_of(d.percent(75) ? kind::i8 : kind::bits, kind::i8, kind::i32);
    const int classes = d.of({2, 4, 10, 10, 10, 10, 12, 20, 100});
    op.geometry = dense_window(d, classes);
  } else if (pick < 25) {  // hidden dense layers
    const kind in = d.percent(80) ? kind::i8 : kind::bits;
    op.signature = conv_of(in, kind::i8, d.percent(75) ? kind::i8 : kind::bits);
    const int outputs = d.of({16, 32, 48, 64, 84, 100, 128});
    op.geometry = dense_window(d, outputs);
  } else if (pick < 45) {  // first layers
    const int out = d.below(10);
    op.signature = conv_of(kind::u8, kind::i8, out < 5 ? kind::i8 : out < 8 ? kind::bits : kind::i16);
    const int in_c = d.of({1, 1, 3, 3, 3, 2, 6});
    const int out_c = d.of(even_channels);
    op.geometry = conv_window(d, in_c, out_c);
  } else {
    const int out = d.below(20);
    op.signature = conv_of(out == 19 || out == 14 ? kind::bits : kind::i8, kind::i8,
                           out < 12 || out == 19 ? kind::i8
                           : out < 15            ? kind::bits
                                                 : kind::i16,
                           out > 15 && out < 19);
    op.geometry = conv_window(d);
  }
  bend(d, op.signature, 8);
  return op;
}
constexpr kernel_op draw_float_conv(draws& d) {
  const int pick = d.below(20);
  const kind in = pick < 15 ? kind::f32 : pick < 18 ? kind::u8 : kind::bits;
  const int out = d.below(20);
  kernel_op op;
  op.signature = conv_of(in, kind::f32, out < 18 ? kind::f32 : kind::bits, in == kind::f32 && out < 4);
  bend(d, op.signature, 8);
  if (!op.signature.add && in != kind::u8 && d.percent(25)) {
    const int outputs = d.of({2, 10, 10, 10, 12, 32, 64, 100, 128});
    op.geometry = dense_window(d, outputs);
  } else {
    const int in_c = in == kind::u8 ? d.of({1, 3, 3}) : channels(d);
    op.geometry = conv_window(d, in_c);
  }
  return op;
}
constexpr kernel_op draw_grouped_conv(draws& d) {
  const int pick = d.below(20);
  kernel_op op;
  if (pick < 9)
    op.signature = conv_of(kind::i8, kind::i8, pick < 8 ? kind::i8 : kind::bits);
  else if (pick < 16)
    op.signature = conv_of(kind::f32, kind::f32, kind::f32);
  else if (pick < 18)  // blur_pool in a stream
    op.signature = conv_of(kind::i16, kind::i8, pick < 17 ? kind::i8 : kind::i16);
  else
    op.signature = conv_of(kind::bits, kind::bits, kind::bits);
  op.signature.grouped = true;
  const int c = d.of({8, 16, 24, 32, 32, 40, 48, 64, 64, 96, 128});
  const int stride = d.percent(40) || pick == 16 || pick == 17 ? 2 : 1;
  op.geometry = offramp::make_window(image(d, c), c, 3, 3, stride, 1, 1, stride, pick < 18 ? c : 2);
  return op;
}
constexpr kernel_op draw_pool(draws& d) {
  const int pick = d.below(20);
  kernel_op op;
  op_signature& s = op.signature;
  if (pick < 9) {
    const kind k = pick < 3 ? kind::bits : pick < 5 ? kind::i8 : pick < 6 ? kind::i16 : kind::f32;
    s = {op_kind::max_pool, k, kind::none, k};
  } else {
    const kind from[] = {kind::bits, kind::bits, kind::i8,  kind::i8,  kind::i8, kind::i16,
                         kind::i16,  kind::i16,  kind::i16, kind::f32, kind::f32};
    const kind to[] = {kind::i8,  kind::i8,  kind::i8,  kind::i8,  kind::i8, kind::i8,
                       kind::i16, kind::i16, kind::i16, kind::f32, kind::f32};
    s = {op_kind::avg_pool, from[pick - 9], kind::none, to[pick - 9]};
  }
  const bool shortcut = s.what == op_kind::avg_pool && s.out == kind::i16;  // of a residual that shrinks
  const bool mean = s.what == op_kind::avg_pool && !shortcut;
  const int c = shortcut ? d.of({8, 16, 16, 24, 32, 32, 48, 64, 64, 96, 128}) : channels(d);
  const shape in = image(d, c);
  if (mean && d.percent(45)) {
    op.geometry = offramp::make_window(in, c, in.h, in.w, 1, 0, 0);
    return op;
  }
  // Means of heads have windows of any size, which may overlap.
  constexpr int of_heads[] = {2, 3, 4, 4, 5, 6, 7, 8};
  int size = mean ? d.of(of_heads) : d.percent(shortcut ? 60 : 80) ? 2 : shortcut ? 1 : 3;
  if (size > in.w) size = in.w;
  if (in.h > 1 && size > in.h) size = in.h;
  const bool moves_by_one = shortcut ? size == 1 && d.percent(60) : s.what == op_kind::max_pool && d.percent(10);
  const int step = mean ? size - d.below(size / 2 + 1) : moves_by_one ? 1 : 2;
  const int times = shortcut && (size == 1 || d.percent(80)) ? (d.percent(60) ? 2 : 4) : 1;
  op.geometry = offramp::make_window(in, c * times, in.h == 1 ? 1 : size, size, in.h == 1 ? 1 : step, 0, 0, step);
  return op;
}
constexpr kernel_op draw_pointwise(draws& d) {
  const kind from[] = {kind::i16, kind::i16, kind::i16, kind::i16, kind::i16,  kind::i16, kind::i16,
                       kind::i16, kind::i16, kind::i16, kind::i8,  kind::i8,   kind::i8,  kind::i8,
                       kind::i8,  kind::f32, kind::f32, kind::f32, kind::bits, kind::bits};
  const kind to[] = {kind::bits, kind::bits, kind::bits, kind::bits, kind::bits, kind::bits, kind::i8,
                     kind::i8,   kind::i8,   kind::i16,  kind::i16,  kind::i16,  kind::i16,  kind::bits,
                     kind::i8,   kind::f32,  kind::f32,  kind::bits, kind::i8,   kind::i16};
  const int pick = d.below(20);
  kernel_op op;
  op.signature = {op_kind::pointwise, from[pick], kind::none, to[pick]};
  if (to[pick] != kind::bits && from[pick] != kind::bits && d.percent(15)) op.signature.two_slopes = true;
  const int c = channels(d);
  op.geometry = whole(image(d, c));
  return op;
}
constexpr kernel_op draw_rearrange(draws& d) {
  const int c = channels(d);
  kernel_op op;
  op.geometry = whole(image(d, c));
  op_signature& s = op.signature;
  if (d.percent(60)) {
    s = {op_kind::convert, kind::bits, kind::none, kind::bits};
    (d.percent(60) ? s.out_layout : s.in_layout) = layout::bit_rows;
    return op;
  }
  const int k = d.below(10);
  const kind of = k < 4 ? kind::i8 : k < 6 ? kind::bits : k < 8 ? kind::i16 : kind::f32;
  s = {op_kind::copy, of, kind::none, of};
  const int other = channels(d);
  op.geometry.out.c = op.geometry.stored_out_c = c + other;
  if (d.percent(50)) op.geometry.out_first = other;
  return op;
}

// One op of the class, layouts not settled.
constexpr kernel_op draw_op(op_class what, draws& d) {
  switch (what) {
    case op_class::binary_conv: return draw_binary_conv(d);
    case op_class::mixed_conv: return draw_mixed_conv(d);
    case op_class::integer_conv: return draw_integer_conv(d);
    case op_class::float_conv: return draw_float_conv(d);
    case op_class::grouped_conv: return draw_grouped_conv(d);
    case op_class::pool: return draw_pool(d);
    case op_class::pointwise: return draw_pointwise(d);
    default: return draw_rearrange(d);
  }
}

// Inputs of bits in the layout that the path asks for where it is given channels innermost, or given rows; outputs in
// the one that a 3x3 convolution behind them would read. `against_rule`: convolutions of signs in the other layout that
// the path has kernels for, if it has one.
template <class Path>
constexpr void settle(kernel_op& op, bool given_rows, bool against_rule = false) {
  op_signature& s = op.signature;
  if (s.what == op_kind::convert) return;
  if (s.in == kind::bits) {
    if (s.what == op_kind::max_pool && given_rows) s.in_layout = layout::bit_rows;
    s.in_layout = offramp::kernels::reads<Path>(op);
  }
  if (against_rule && offramp::class_of(s) == op_class::binary_conv && s.out == kind::bits) {
    kernel_op other = op;
    other.signature.in_layout = other.signature.out_layout =
        s.in_layout == layout::nhwc ? layout::bit_rows : layout::nhwc;
    if (offramp::kernels::reckoned<Path>(other).loops > 0) s.in_layout = other.signature.in_layout;
  }
  if (s.out != kind::bits) return;
  const kernel_op next{{op_kind::conv, kind::bits, kind::bits, kind::bits},
                       offramp::make_window(op.geometry.out, op.geometry.out.c, 3, 3, 1, 1, 1)};
  s.out_layout = offramp::detail::agree<Path>(op, offramp::kernels::reads<Path>(next));
}

constexpr double work_of(const kernel_op& op) {
  const auto c = offramp::kernels::cost(op, 0);
  return static_cast<double>(c.macs + c.simple) + static_cast<double>(c.binary_macs) / 64;
}

// Sizes of networks of up to some 10 million MACs. Products of bits count 1/64.
struct work_range {
  double least, most;
};
constexpr work_range range_of(op_class c) {
  switch (c) {
    case op_class::binary_conv: return {1000, 600e3};
    case op_class::mixed_conv: return {10e3, 3e6};
    case op_class::integer_conv: return {1000, 5e6};
    case op_class::float_conv: return {1000, 5e6};
    case op_class::grouped_conv: return {3e3, 600e3};
    case op_class::pool: return {1000, 200e3};
    case op_class::pointwise: return {1000, 100e3};
    default: return {1000, 60e3};
  }
}

// Op `index` of `count`. Of sixteen draws the one whose work is nearest to the aim.
template <class Path>
constexpr kernel_op sample_op(op_class what, int index, int count) {
  const work_range range = range_of(what);
  double step = 1;  // range.most / range.least = step ^ count, by bisection: no logarithm in constant expressions
  {
    double low = 1, high = 4096;
    for (int i = 0; i < 60; ++i) {
      step = (low + high) / 2;
      double power = 1;
      for (int k = 0; k < count && power < 1e12; ++k) power *= step;
      (power > range.most / range.least ? high : low) = step;
    }
  }
  double aim = range.least;
  for (int i = 0; i < index; ++i) aim *= step;
  draws d{static_cast<std::uint64_t>(what) * 4096 + static_cast<std::uint64_t>(index) + 1};
  kernel_op best;
  double nearest = 0;
  for (int i = 0; i < 16; ++i) {
    const kernel_op op = draw_op(what, d);
    const window& w = op.geometry;
    if (w.out.h <= 0 || w.out.w <= 0 || w.in.c <= 0) continue;
    const double work = work_of(op);
    const double off = work > aim ? work / aim : aim / work;
    if (nearest != 0 && off >= nearest) continue;
    nearest = off;
    best = op;
  }
  const bool given_rows = d.percent(50);
  settle<Path>(best, given_rows, d.percent(50));  // a path tuned by the profile (paths/tuned.hpp) asks about both
  return best;
}

// How many of each class.
constexpr int count_of(op_class c) {
  switch (c) {
    case op_class::binary_conv: return 120;
    case op_class::mixed_conv: return 60;
    case op_class::integer_conv: return 160;
    case op_class::float_conv: return 120;
    case op_class::grouped_conv: return 80;
    case op_class::pool: return 200;
    case op_class::pointwise: return 120;
    case op_class::rearrange: return 80;
    case op_class::user: break;
  }
  return 0;
}

}  // namespace profile_cpu

#endif
