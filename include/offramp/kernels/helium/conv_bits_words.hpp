// Signs times signs, one output position at a time: the words of its patch stand in scratch four times each, to meet
// those of four output channels side by side (word_sums.hpp).
#ifndef OFFRAMP_KERNELS_HELIUM_CONV_BITS_WORDS_HPP
#define OFFRAMP_KERNELS_HELIUM_CONV_BITS_WORDS_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/cortex_m/target.hpp>
#include <offramp/kernels/helium/conv_bits_traits.hpp>
#include <offramp/kernels/helium/output.hpp>
#include <offramp/kernels/helium/word_sums.hpp>
#include <offramp/kernels/path.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::helium {

// Words of inactive inputs, and of the padding, are 0.
[[gnu::always_inline]] inline void spread_patch(const std::uint32_t* in, const window& w, int oy, int ox,
                                                std::uint32_t* patch) {
  const int words = ceil_div(w.in.c, 32);
  const int stored = ceil_div(w.stored_in_c, 32);
  std::uint32_t before = 0;
  int k = 0;
  for (int ky = 0; ky < w.kernel_h; ++ky) {
    const int y = oy * w.stride_h - w.pad_top + ky;
    for (int kx = 0; kx < w.kernel_w; ++kx) {
      const int x = ox * w.stride_w - w.pad_left + kx;
      const bool inside = y >= 0 && y < w.in.h && x >= 0 && x < w.in.w;
      const std::uint32_t* from = in + (inside ? (y * w.in.w + x) * words : 0);
      for (int i = 0; i < stored; ++i, ++k, patch += 4) {
        const std::uint32_t word = inside && i < words ? from[i] : 0u;
        store_words(patch, all_words(k % 2 != 0 ? word ^ before : word));
        before = word;
      }
    }
  }
}

// Bits of weights of four output channels that meet inactive inputs.
inline ints4 count_spare_words(const std::uint32_t* weights, const window& w) {
  std::int32_t n[4] = {};
  const int stored = ceil_div(w.stored_in_c, 32);
  const int words = patch_words(w);
  for (int k = 0; k < words; ++k)
    for (int o = 0; o < 4; ++o) {
      const std::uint32_t own = weights[4 * k + o] ^ (k % 2 != 0 ? weights[4 * k - 4 + o] : 0u);
      n[o] += popcount(own & ~low_bits(w.in.c - 32 * (k % stored) > 0 ? w.in.c - 32 * (k % stored) : 0));
    }
  return load_ints(n);
}

template <op_signature S, class Geometry>
OFFRAMP_CORTEX_M void conv_bits_words(Geometry g, const arguments& a) {
  const window w = g();
  const std::uint32_t* kernel = a.weights + canonical_layout(kernel_op{S, w}).kernel();
  const auto* in = static_cast<const std::uint32_t*>(a.in);
  auto* patch = static_cast<std::uint32_t*>(a.scratch);
  const int words = patch_words(w);
  const output_limits<S> limits{a.weights};
  const words4 first_places = make_words(1, 2, 4, 8);
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      const int p = oy * w.out.w + ox;
      spread_patch(in, w, oy, ox, patch);
      const std::uint32_t* weights = kernel;
      std::uint32_t bits = 0;
      words4 places = first_places;
      for (int c = 0; c < w.out.c; c += 4, weights += 4 * words) {
        ints4 count = as_ints(count_differing(patch, weights, words));
        if (w.in.c != w.stored_in_c) count = add_products(count, count_spare_words(weights, w), -1);
        const ints4 acc = add_products(all_ints(w.depth()), count, -2);
        const quad_stage<S> stage{a.weights, w.stored_out_c, c};
        if constexpr (S.out == kind::bits) {
          bits = stage.add_signs(bits, acc, places);
          places = shift_left<4>(places);
          if (c % 32 != 28 && c + 4 < w.out.c) continue;
          static_cast<std::uint32_t*>(a.out)[p * ceil_div(w.out.c, 32) + c / 32] =
              sign_word(a.weights, w, c / 32, bits);
          bits = 0;
          places = first_places;
        } else {
          stage.store(limits, acc, static_cast<storage_t<S.out>*>(a.out) + p * w.out.c + c, w.out.c - c);
        }
      }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::helium

#endif
