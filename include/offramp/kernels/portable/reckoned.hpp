// What the portable loops take on a core of 32 bits without vectors, in
// instructions, by counting loops: what stands in each of them was read off
// counted ops of a Cortex-M4 (benchmarks/board_profile.sh, gcc 12, -O2) and
// rounded. The latency model fits the rest; on vector machines only its shape
// is right.
#ifndef OFFRAMP_KERNELS_PORTABLE_RECKONED_HPP
#define OFFRAMP_KERNELS_PORTABLE_RECKONED_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/op.hpp>
#include <offramp/kernels/portable/packing.hpp>
#include <offramp/kernels/portable/patch.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

// Which loops run: equal numbers run the same.
constexpr int loops_of(const kernel_op& op) {
  const op_signature& s = op.signature;
  switch (s.what) {
    case op_kind::conv:
      if (s.grouped) return by_channel(op) ? 1 : 2;
      if (s.weights == kind::f32) return 15;
      if (s.in == kind::bits && s.weights == kind::bits) return contiguous(op.geometry) ? 3 : 4;
      if (form_of(op) == form::sign_rows) return 5;
      return reads_in_place(op) ? 6 : 7;
    case op_kind::max_pool: return 8;
    case op_kind::avg_pool: return op.geometry.out.c <= op.geometry.in.c ? 9 : 10;
    case op_kind::pointwise: return 11;
    case op_kind::copy: return 12 + (s.in == kind::bits ? 2 : 0) + (op.geometry.out_first > 0 ? 1 : 0);
    case op_kind::mixed_pool: return 16;
    default: return 0;
  }
}

// Taps that lie inside the input along one side, over all positions of the
// output.
constexpr std::int64_t taps_inside(int in, int out, int kernel, int stride, int pad) {
  std::int64_t sum = 0;
  for (int o = 0; o < out; ++o) {
    const int first = o * stride - pad;
    const int from = first < 0 ? 0 : first, to = first + kernel < in ? first + kernel : in;
    sum += to > from ? to - from : 0;
  }
  return sum;
}

// Of the output stage, for one number.
constexpr std::int64_t reckoned_output(const op_signature& s) {
  const int kinds = s.out == kind::bits  ? 15
                    : s.out == kind::i8  ? 48
                    : s.out == kind::i16 ? 50
                    : s.out == kind::i32 ? 5
                                         : 10;
  return kinds + (s.add ? 10 : 0) + (s.two_slopes ? 12 : 0) + (s.rectified ? 2 : 0);
}

constexpr std::int64_t reckoned_conv(const kernel_op& op) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  const std::int64_t positions = w.out.positions();
  const std::int64_t outputs = positions * w.out.c;
  const std::int64_t rows = taps_inside(w.in.h, w.out.h, w.kernel_h, w.stride_h, w.pad_top) * w.out.w;
  const std::int64_t inside = taps_inside(w.in.h, w.out.h, w.kernel_h, w.stride_h, w.pad_top) *
                              taps_inside(w.in.w, w.out.w, w.kernel_w, w.stride_w, w.pad_left);
  const std::int64_t taps = positions * w.taps(), outside = taps - inside;
  const std::int64_t output = outputs * reckoned_output(s);
  const int words = ceil_div(w.group_in_c(), 32);
  const int depth = w.taps() * words;
  const int in_c = w.group_in_c();
  switch (loops_of(op)) {
    case 1: return output + ceil_div(w.out.c, 4) * (14 * inside + 10 * rows + 12 * positions);
    case 2: {
      const bool words_only = s.in == kind::bits && s.weights == kind::bits;
      const int each = words_only ? 15 + 46 * (depth / 4) + 16 * (depth % 4) : 15 + 4 * w.depth();
      return output + outputs * each + taps * w.groups * (25 + (words_only ? 12 * words : 7 * in_c));
    }
    case 3:
    case 4: {
      const int each = 8 + 46 * (depth / 4) + 15 * (depth % 4) + (depth >= 4 ? 20 : 0) + (depth % 4 != 0 ? 10 : 0);
      const std::int64_t gathered = 20 * positions * w.kernel_h + (6 * inside + 8 * outside) * words;
      return output + outputs * each + (contiguous(w) ? 0 : gathered);
    }
    case 5:
      return output + outputs * (20 + 330 * depth) + positions * 96 * depth + 30 * taps + 7 * inside * in_c +
             4 * outside * in_c + 4 * taps * (32 * words - in_c);
    default: {
      const int fours = w.out.c / 32 * 8 + w.out.c % 32 / 4,
                single = w.out.c % 4;  // output channels
      const std::int64_t products = std::int64_t{w.taps()} * in_c;
      const std::int64_t sums = positions * (fours * (132 * products / 10 + 30) + single * (6 * products + 10));
      const std::int64_t gathered = 30 * taps + inside * in_c * (s.in == kind::bits ? 9 : 7) + 4 * outside * in_c;
      return output + sums + (reads_in_place(op) ? 0 : gathered);
    }
  }
}

constexpr std::int64_t reckoned(const kernel_op& op) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  const std::int64_t positions = w.out.positions();
  const std::int64_t outputs = positions * w.out.c;
  const std::int64_t run = s.in == kind::bits ? ceil_div(w.in.c, 32) : w.in.c;
  const std::int64_t loops = 30 + positions * (25 + 45 * ceil_div(w.out.c, 32));
  switch (s.what) {
    case op_kind::conv: return loops + reckoned_conv(op);
    case op_kind::max_pool:
      return loops + positions * (w.taps() * (9 * run + 10 * ceil_div(static_cast<int>(run), 32)) + 10 * run);
    case op_kind::mixed_pool:
    case op_kind::avg_pool: {
      const int each =
          (s.in == kind::bits ? 8 : 6) * (w.out.c > w.in.c ? 2 : 1) * (s.what == op_kind::avg_pool ? 1 : 2);
      return loops + outputs * (reckoned_output(s) + 6 + each * w.taps()) +
             20 * positions * w.taps() * ceil_div(w.out.c, 32);
    }
    case op_kind::pointwise: return loops + outputs * (reckoned_output(s) + 8);
    case op_kind::copy: return 30 + w.in.positions() * (12 + run * (s.in == kind::bits && w.out_first > 0 ? 14 : 6));
    default: return 0;
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
