// Float convolution, ungrouped: numbers of any kind times floats. Weights in blocks of two vectors of output channels,
// minimal filtering for windows of 3x3 (float_packing.hpp says when), copied rows where there is padding
// (float_window.hpp).
#ifndef OFFRAMP_KERNELS_AVX2_CONV_FLOAT_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_FLOAT_TRAITS_HPP

#include <offramp/kernels/avx2/float_packing.hpp>
#include <offramp/kernels/avx2/float_window.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// What an op should take, in half cycles, about: multiply-adds, of which two begin in a cycle, or loads of weights and
// numbers where those are more, and what a tile costs beside them. For the latency model; nothing is chosen by it.
template <int Lanes>
struct float_reckoning {
  // A step of a tile of positions times v vectors; and what the tile costs beside its steps.
  static constexpr int step(int positions, int v) {
    const int sums = positions * v;
    const int sets = sums >= 8 ? 1 : sums >= 4 ? 2 : sums >= 2 ? 4 : 8;
    const int by_loads = sums > positions + v ? sums : positions + v;
    return by_loads < 8 / sets ? 8 / sets : by_loads;
  }
  static constexpr int turn(int positions, int v) { return 30 + 4 * positions * v; }
  // Tiles that make up n positions: `each(positions, tiles)`.
  template <class Each>
  static constexpr void over(int n, int most, Each each) {
    const int tiles = ceil_div(n, most);
    const int larger = n % tiles;
    if (larger > 0) each(n / tiles + 1, larger);
    each(n / tiles, tiles - larger);
  }
  static constexpr int most(int v) { return Lanes == 16 ? (v == 2 ? 14 : 16) : 6 * (3 - v); }

  static constexpr reckoning direct(const kernel_op& op) {
    const window w = with_long_rows(op.geometry);
    std::int64_t rows = 0;  // of taps, over all rows of outputs
    for (int y = 0; y < w.out.h; ++y) {
      const int top = y * w.stride_h - w.pad_top;
      const int begin = top < 0 ? -top : 0, end = w.in.h - top < w.kernel_h ? w.in.h - top : w.kernel_h;
      rows += end > begin ? end - begin : 0;
    }
    reckoning r;
    for (int c = 0; c < w.out.c; c += 2 * Lanes) {
      const int v = w.out.c - c > Lanes ? 2 : 1;
      over(w.out.w, most(v), [&](int p, int tiles) {
        r.loops += rows * tiles * w.kernel_w * w.in.c * step(p, v);
        r.turns += rows * tiles * turn(p, v);
      });
      r.stored += std::int64_t{w.out.h} * w.out.w * v * Lanes;
    }
    if (copies_rows(op)) r.moved = static_cast<std::int64_t>(row_copy_bytes(op)) / 16 + 20 * w.in.h;
    return r;
  }
  static constexpr reckoning minimal(const kernel_op& op) {
    const window& w = op.geometry;
    const int all = filter_tiles(w);
    reckoning r;
    r.moved = std::int64_t{all} * (20 + 64 * ceil_div(w.in.c, Lanes));
    for (int c = 0; c < w.out.c; c += 2 * Lanes) {
      const int v = w.out.c - c > Lanes ? 2 : 1;
      over(all, filter_work<Lanes>::most_positions, [&](int p, int tiles) {
        r.loops += std::int64_t{filter_places} * tiles * w.in.c * step(p, v);
        r.turns += std::int64_t{filter_places} * tiles * turn(p, v);
      });
      r.stored += std::int64_t{filter_places} * all * v * Lanes;  // transformed back
    }
    return r;
  }
};

// For vectors of `Lanes` floats.
template <int Lanes>
struct conv_float_in_lanes {
  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && !s.grouped && s.weights == kind::f32 &&
           (s.in == kind::f32 || s.in == kind::u8 || s.in == kind::i8 || s.in == kind::i16) &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) { return filters_minimally(op) ? 1 : 0; }
  static constexpr reckoning reckoned(const kernel_op& op) {
    return filters_minimally(op) ? float_reckoning<Lanes>::minimal(op) : float_reckoning<Lanes>::direct(op);
  }
  static constexpr std::size_t weight_words(const kernel_op& op) { return packed_float_words<Lanes>(op); }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    const std::size_t bytes = filters_minimally(op) ? 4 * filter_work<Lanes>{op}.floats() : row_copy_bytes(op);
    return bytes == 0 ? 0 : bytes + 64;  // begins at a cache line
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    pack_floats<Lanes>(op, canonical, packed);
  }
};

struct conv_float : conv_float_in_lanes<8> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
