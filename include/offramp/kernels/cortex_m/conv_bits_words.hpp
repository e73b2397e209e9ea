// Signs times signs, an output position at a time: the words of its patch, gathered and made into pairs, against those
// of one output channel after the other (word_counts.hpp).
#ifndef OFFRAMP_KERNELS_CORTEX_M_CONV_BITS_WORDS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_CONV_BITS_WORDS_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/cortex_m/word_counts.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/output_tile.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

// Where weights are stored for more input channels than are active: word by word, without pairs.
OFFRAMP_CORTEX_M int count_narrow(const std::uint32_t* patch, const std::uint32_t* weights, int taps, int channels,
                                  int stored_words) {
  int count = 0;
  int k = 0;  // word of the row
  for (int t = 0; t < taps; ++t) {
    for (int c = channels; c > 0; c -= 32, ++k) {
      const std::uint32_t own = weights[k] ^ (k % 2 != 0 ? weights[k - 1] : 0u);
      count += popcount((*patch++ ^ own) & low_bits(c));
    }
    k = (t + 1) * stored_words;
  }
  return count;
}

// The patch at (oy, ox), tap by tap; always inlined, so that a static window folds.
[[gnu::always_inline]] inline void gather_patch(const std::uint32_t* in, const window& w, int oy, int ox,
                                                std::uint32_t* patch) {
  const int words = ceil_div(w.in.c, 32);
  for (int ky = 0; ky < w.kernel_h; ++ky) {
    const int y = oy * w.stride_h - w.pad_top + ky;
    for (int kx = 0; kx < w.kernel_w; ++kx, patch += words) {
      const int x = ox * w.stride_w - w.pad_left + kx;
      if (y < 0 || y >= w.in.h || x < 0 || x >= w.in.w)
        fill_run(patch, std::uint32_t{0}, words);
      else
        copy_run(patch, in + (y * w.in.w + x) * words, words);
    }
  }
}

// Words of a patch where they are known at compile time, else 0.
template <class Geometry>
constexpr int static_patch_words() {
  if constexpr (Geometry::is_static)
    return Geometry{}().taps() * ceil_div(Geometry{}().in.c, 32);
  else
    return 0;
}

template <op_signature S, class Geometry>
OFFRAMP_CORTEX_M void conv_bits_words(Geometry g, const arguments& a) {
  const window w = g();
  const parameters<S> params{a.weights, w};
  const std::uint32_t* kernel = a.weights + canonical_layout(kernel_op{S, w}).kernel();
  const auto* in = static_cast<const std::uint32_t*>(a.in);
  auto* patch = static_cast<std::uint32_t*>(a.scratch);
  const int words = w.taps() * ceil_div(w.in.c, 32);
  constexpr int static_words = static_patch_words<Geometry>();
  const int stored_words = ceil_div(w.stored_in_c, 32);
  const int row = w.taps() * stored_words;
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      gather_patch(in, w, oy, ox, patch);
      if (w.stored_in_c == w.in.c)
        for (int k = 0; k + 1 < words; k += 2) {
          const std::uint32_t first = patch[k];
          *reinterpret_cast<word_pair*>(patch + k) = first | static_cast<word_pair>(first ^ patch[k + 1]) << 32;
        }
      for (int first = 0; first < w.out.c; first += portable::tile_channels) {
        const int n = portable::tile_width(w.out.c, first);
        const std::uint32_t* weights = kernel + first * row;
        const auto next = [&]() __attribute__((always_inline)) {
          const std::uint32_t* x = patch;
          asm("" : "+r"(x));  // its words are loaded for every channel, not kept on the stack
          const int count = w.stored_in_c == w.in.c ? count_words<static_words>(x, weights, words)
                                                    : count_narrow(x, weights, w.taps(), w.in.c, stored_words);
          weights += row;
          return w.depth() - 2 * count;
        };
        const int p = oy * w.out.w + ox;
        if constexpr (S.out == kind::bits) {
          // Bits enter at the top, so that no shift depends on the channel.
          std::uint32_t below = 0;
          for (int j = 0; j < n; ++j)
            below = below >> 1 | (below_threshold(params, first + j, next()) ? std::uint32_t{1} << 31 : 0u);
          const int word = first / portable::tile_channels;
          below = (below >> (32 - n)) ^ params.flips(word);
          static_cast<std::uint32_t*>(a.out)[p * ceil_div(w.out.c, 32) + word] = below & low_bits(n);
        } else {
          std::int32_t acc[portable::tile_channels];
          for (int j = 0; j < n; ++j) acc[j] = next();
          portable::store_tile(params, w, a.out, p, first, n, acc);
        }
      }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
