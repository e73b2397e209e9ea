// How kernels for floats lay out their weights and their work, for vectors of `Lanes` channels; any machine may pack.
//
// Weights stand in blocks of two vectors of output channels (the last block may be one vector; spare lanes are 0). In a
// block, number k of all its channels stands side by side, then number k+1: a register tile of positions x two vectors
// reads them as one stream. Windows of 3x3 with stride 1 may be computed by minimal filtering instead, F(2x2, 3x3) of
// Lavin and Gray (2016, "Fast algorithms for convolutional neural networks", section 4.1): 16 products for four outputs
// where the direct way takes 36. Its transforms have the coefficients 0, 1/2 and 1 only, so it is exact wherever sums
// of neighbours are. Layout depends on stored channels, not on active ones, so that nested widths share packed weights.
#ifndef OFFRAMP_KERNELS_AVX2_FLOAT_PACKING_HPP
#define OFFRAMP_KERNELS_AVX2_FLOAT_PACKING_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/op.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// Tiles of 2x2 outputs, and their places in the transformed domain.
constexpr int filter_tiles(const window& w) { return ceil_div(w.out.h, 2) * ceil_div(w.out.w, 2); }
inline constexpr int filter_places = 16;

// Minimal filtering pays where its products and transforms (some 20 products' worth per tile and channel) are fewer
// than the direct ones, and where there are channels to do it for. Its weights are 16/9 of the direct ones: where they
// come from beyond L2 (some 11 bytes a cycle), fewer than 24 positions cannot pay for them.
constexpr bool filters_minimally(const kernel_op& op) {
  const window& w = op.geometry;
  const bool resident = w.stored_in_c * w.stored_out_c <= (1 << 20) / (4 * filter_places);
  return op.signature.in == kind::f32 && w.kernel_h == 3 && w.kernel_w == 3 && w.stride_h == 1 && w.stride_w == 1 &&
         w.stored_in_c >= 8 && filter_tiles(w) * 20 <= w.out.positions() * 9 && (resident || w.out.positions() >= 24);
}

// Columns (lanes) of the block that begins at output channel `first`.
template <int Lanes>
constexpr int block_width(int stored_out_c, int first) {
  return stored_out_c - first > Lanes ? 2 * Lanes : Lanes;
}

// Numbers of one output channel.
constexpr int packed_depth(const kernel_op& op) {
  return (filters_minimally(op) ? filter_places : op.geometry.taps()) * op.geometry.stored_in_c;
}

// All packed words: whole cache lines.
template <int Lanes>
constexpr std::size_t packed_float_words(const kernel_op& op) {
  const auto channels = round_up(static_cast<std::size_t>(op.geometry.stored_out_c), Lanes);
  return round_up(packed_begin(op) + channels * static_cast<std::size_t>(packed_depth(op)), 16);
}

// Where tile b begins if n positions are cut into as few tiles of at most `most` as can be, all of one size or one
// more.
constexpr int tile_begin(int n, int most, int b) {
  const int tiles = ceil_div(n, most);
  return b * (n / tiles) + (b < n % tiles ? b : n % tiles);
}

// Minimal filtering works on some tiles at a time (a whole number of register tiles): their transformed input, 16
// places of `tiles` rows of `row` floats, waits in the cache while all weights pass by. Weights that stay in L2 may
// pass often, so that input and products stay in L1; others had better be read once. Then come the products of a
// register tile. Rows and places are not whole multiples of 1 KiB apart, so that they do not fall into few sets of the
// cache.
template <int Lanes>
struct filter_work {
  static constexpr int most_positions = Lanes == 16 ? 14 : 6;

  explicit constexpr filter_work(const kernel_op& op)
      : row{static_cast<int>(round_up(static_cast<std::size_t>(op.geometry.in.c), Lanes))},
        blocks{ceil_div(filter_tiles(op.geometry), most_positions)} {
    if (row % 128 == 0) row += 16;
    streams = 4 * packed_float_words<Lanes>(op) > (std::size_t{5} << 18);
    const int block = ceil_div(filter_tiles(op.geometry), blocks);
    const int products = op.geometry.out.c > Lanes ? 2 * Lanes : Lanes;
    const int most = (streams ? 3 << 18 : 1 << 15) / (4 * filter_places * (row + (streams ? 0 : products)) * block);
    const int rounds = ceil_div(blocks, most > 1 ? most : 1);
    blocks_together = ceil_div(blocks, rounds);
    tiles = blocks_together * block;
    place = tiles * row;
    if (place % 128 < 16) place += 16;
  }
  [[nodiscard]] constexpr std::size_t floats() const {
    return static_cast<std::size_t>(filter_places) *
           (static_cast<std::size_t>(place) + static_cast<std::size_t>(tiles) * 2 * Lanes);
  }

  int row;
  int blocks;
  int blocks_together = 0;
  int tiles = 0;
  int place = 0;
  bool streams = false;  // weights come from beyond L2
};

// A constant where geometry is one.
template <op_signature S, int Lanes, class Geometry>
[[gnu::always_inline]] inline filter_work<Lanes> filter_work_of(Geometry g) {
  if constexpr (Geometry::is_static) {
    constexpr filter_work<Lanes> work{{S, Geometry{}()}};
    return work;
  } else {
    return filter_work<Lanes>{{S, g()}};
  }
}

namespace detail {

// Three numbers of a window, `step` apart, to four: (g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2).
constexpr void expand_filter(const float* g, int step, float* to, int to_step) {
  const float outer = g[0] + g[2 * step];
  to[0] = g[0];
  to[to_step] = (outer + g[step]) * 0.5f;
  to[2 * to_step] = (outer - g[step]) * 0.5f;
  to[3 * to_step] = g[2 * step];
}

}  // namespace detail

template <int Lanes>
constexpr void pack_floats(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
  const weight_layout l = canonical_layout(op);
  const window& w = op.geometry;
  const std::size_t begin = packed_begin(op);
  for (std::size_t i = 0; i < l.kernel(); ++i) packed[i] = canonical[i];
  for (std::size_t i = l.kernel(); i < packed_float_words<Lanes>(op); ++i) packed[i] = 0;
  const std::uint32_t* from = canonical + l.kernel();
  const int depth = packed_depth(op);
  const int taps = w.taps();
  const int in_c = w.stored_in_c;
  const bool minimal = filters_minimally(op);
  for (int o = 0; o < w.stored_out_c; ++o) {
    const int first = o / (2 * Lanes) * (2 * Lanes);
    const int width = block_width<Lanes>(w.stored_out_c, first);
    std::uint32_t* column = packed + begin + first * depth + (o - first);
    const std::uint32_t* channel = from + o * taps * in_c;
    for (int c = 0; c < in_c; ++c) {
      if (!minimal) {
        for (int t = 0; t < taps; ++t) column[(t * in_c + c) * width] = channel[t * in_c + c];
        continue;
      }
      float window[9] = {};
      float rows[12] = {};
      float places[filter_places] = {};
      for (int t = 0; t < 9; ++t) window[t] = __builtin_bit_cast(float, channel[t * in_c + c]);
      for (int x = 0; x < 3; ++x) detail::expand_filter(window + x, 3, rows + x, 3);
      for (int y = 0; y < 4; ++y) detail::expand_filter(rows + 3 * y, 1, places + 4 * y, 1);
      for (int t = 0; t < filter_places; ++t)
        column[(t * in_c + c) * width] = __builtin_bit_cast(std::uint32_t, places[t]);
    }
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
