// Signs times signs: dot = n - 2 * popcount(a xor b) (Courbariaux et al. 2016, arXiv:1602.02830), 32 products a word,
// all output channels of a tile side by side.
#ifndef OFFRAMP_KERNELS_PORTABLE_CONV_BITS_HPP
#define OFFRAMP_KERNELS_PORTABLE_CONV_BITS_HPP

#include <cstdint>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/lanes.hpp>
#include <offramp/kernels/portable/output_tile.hpp>
#include <offramp/kernels/portable/packing.hpp>
#include <offramp/kernels/portable/patch.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

// counts[j] = differing bits between x[0..words) and column j of a tile of n channels that holds `width` columns.
[[gnu::always_inline]] inline void count_tile(const std::uint32_t* x, const std::uint32_t* tile, int width, int words,
                                              int n, std::int32_t* counts) {
  const int whole = n / lanes * lanes;
  for (int j = 0; j < whole; j += lanes)
    store_lanes(counts + j, count_differences<word_lanes>(x, tile + j, width, words));
  for (int j = whole; j < n; ++j)
    counts[j] = static_cast<std::int32_t>(count_differences<std::uint32_t>(x, tile + j, width, words));
}

// The same where the weights are stored for more input channels than are active: tap by tap, and the weights of
// inactive channels that share the last active word meet zeros in x, so their bits are counted apart and taken away.
inline void count_narrow_tile(const std::uint32_t* x, const std::uint32_t* tile, int width, const window& w, int n,
                              std::int32_t* counts) {
  const int words = ceil_div(w.in.c, 32);
  const int stored_words = ceil_div(w.stored_in_c, 32);
  const std::uint32_t spare = ~low_bits(w.in.c - 32 * (words - 1));
  for (int j = 0; j < n; ++j) {
    std::int32_t count = 0;
    for (int t = 0; t < w.taps(); ++t) {
      const std::uint32_t* column = tile + t * stored_words * width + j;
      count += static_cast<std::int32_t>(count_differences<std::uint32_t>(x + t * words, column, width, words));
      count -= popcount(column[(words - 1) * width] & spare);
    }
    counts[j] = count;
  }
}

template <op_signature S, class Geometry>
inline void conv_bits(Geometry g, const arguments& a) {
  const window w = g();
  const kernel_op op{S, w};
  const parameters<S> params{a.weights, w};
  const std::uint32_t* kernel = a.weights + canonical_layout(op).kernel();
  const auto* in = static_cast<const std::uint32_t*>(a.in);
  auto* gathered = static_cast<std::uint32_t*>(a.scratch);
  const int words = ceil_div(w.in.c, 32);
  const int depth = stored_depth(op);
  const bool in_place = reads_in_place(op);
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      const std::uint32_t* patch = in + (oy * w.stride_h * w.in.w + ox * w.stride_w) * words;
      if (!in_place) {
        gather_words(in, w, oy, ox, gathered);
        patch = gathered;
      }
      for (int first = 0; first < w.out.c; first += tile_channels) {
        std::int32_t acc[tile_channels];
        const std::uint32_t* tile = kernel + first * depth;
        const int width = tile_width(w.stored_out_c, first);
        const int n = tile_width(w.out.c, first);
        if (w.stored_in_c == w.in.c)
          count_tile(patch, tile, width, depth, n, acc);
        else
          count_narrow_tile(patch, tile, width, w, n, acc);
        for (int j = 0; j < n; ++j) acc[j] = w.depth() - 2 * acc[j];
        store_tile(params, w, a.out, oy * w.out.w + ox, first, n, acc);
      }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
