// Float convolution, ungrouped: numbers of any kind times floats. Weights in blocks of two vectors of output channels,
// minimal filtering for windows of 3x3 (float_packing.hpp says when), copied rows where there is padding
// (float_window.hpp).
#ifndef OFFRAMP_KERNELS_AVX2_CONV_FLOAT_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_FLOAT_TRAITS_HPP

#include <offramp/kernels/avx2/float_packing.hpp>
#include <offramp/kernels/avx2/float_window.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// What an op should take, in half cycles, about: multiply-adds, of which two begin in a cycle, or loads of weights and
// numbers where those are more, and what a tile costs beside them. For the latency model; nothing is chosen by it.
template <int Lanes>
struct float_reckoning {
  // A tile of positions times v vectors, for so many numbers.
  static constexpr std::int64_t tile(int positions, int v, std::int64_t numbers) {
    const int sums = positions * v;
    const int sets = sums >= 8 ? 1 : sums >= 4 ? 2 : sums >= 2 ? 4 : 8;
    int step = sums > positions + v ? sums : positions + v;
    if (step < 8 / sets) step = 8 / sets;
    return numbers * step + 30 + 4 * sums;
  }
  // Tiles that make up n positions, each as `each(positions)` says.
  template <class Each>
  static constexpr std::int64_t over(int n, int most, Each each) {
    const int tiles = ceil_div(n, most);
    const int larger = n % tiles;
    return (larger > 0 ? larger * each(n / tiles + 1) : 0) + (tiles - larger) * each(n / tiles);
  }
  static constexpr int most(int v) { return Lanes == 16 ? (v == 2 ? 14 : 16) : 6 * (3 - v); }

  static constexpr std::int64_t direct(const kernel_op& op) {
    const window w = with_long_rows(op.geometry);
    std::int64_t rows = 0;  // of taps, over all rows of outputs
    for (int y = 0; y < w.out.h; ++y) {
      const int top = y * w.stride_h - w.pad_top;
      const int begin = top < 0 ? -top : 0, end = w.in.h - top < w.kernel_h ? w.in.h - top : w.kernel_h;
      rows += end > begin ? end - begin : 0;
    }
    std::int64_t sum = 0;
    for (int c = 0; c < w.out.c; c += 2 * Lanes) {
      const int v = w.out.c - c > Lanes ? 2 : 1;
      sum += over(w.out.w, most(v), [&](int p) {
        return rows * tile(p, v, std::int64_t{w.kernel_w} * w.in.c) + std::int64_t{w.out.h} * (20 + 6 * p * v);
      });
    }
    return copies_rows(op) ? sum + static_cast<std::int64_t>(row_copy_bytes(op)) / 16 + 20 * w.in.h : sum;
  }
  static constexpr std::int64_t minimal(const kernel_op& op) {
    const window& w = op.geometry;
    const int tiles = filter_tiles(w);
    std::int64_t sum = std::int64_t{tiles} * (20 + 64 * ceil_div(w.in.c, Lanes));
    for (int c = 0; c < w.out.c; c += 2 * Lanes) {
      const int v = w.out.c - c > Lanes ? 2 : 1;
      sum += filter_places * over(tiles, filter_work<Lanes>::most_positions, [&](int p) { return tile(p, v, w.in.c); });
      sum += std::int64_t{tiles} * v * 100;
    }
    return sum;
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
  static constexpr std::int64_t reckoned(const kernel_op& op) {
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
