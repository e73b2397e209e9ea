// Signs times signs word by word, 8 output channels in the lanes of a vector: what differs goes through adders of bits
// (bit_vectors.hpp), so that only one vector of 16 is counted. The first adder wants b, its first word of signs that
// differ, and u, the parity of both: weights are packed, and the patch is prepared, as first words and parities.
//
// Packed weights: blocks of 8 output channels; for every two words of a patch 8 lanes of the first one, then 8 of the
// parity of both. A patch of an odd number of words ends in a word of zeros.
#ifndef OFFRAMP_KERNELS_AVX2_CONV_BITS_WORDS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_BITS_WORDS_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

struct conv_bits_words {
  static constexpr int block_channels = 8;

  static constexpr int group_out_c(const window& w) { return w.out.c / w.groups; }
  static constexpr int stored_group_out_c(const window& w) { return w.groups == 1 ? w.stored_out_c : group_out_c(w); }
  static constexpr int stored_groups(const window& w) {
    return w.groups == 1 ? 1 : w.stored_out_c / stored_group_out_c(w);
  }
  static constexpr int blocks(const window& w) { return ceil_div(stored_group_out_c(w), block_channels); }

  // Words of a patch, and of one in pairs.
  static constexpr int patch_words(const window& w) { return w.taps() * ceil_div(w.group_in_c(), 32); }
  static constexpr int paired_words(const window& w) { return ceil_div(patch_words(w), 2) * 2; }

  static constexpr std::size_t kernel_words(const window& w) {
    return static_cast<std::size_t>(stored_groups(w) * blocks(w)) *
           static_cast<std::size_t>(paired_words(w) * block_channels);
  }
  static constexpr std::size_t scratch_bytes(const window& w) { return 4 * static_cast<std::size_t>(paired_words(w)); }

  static constexpr void pack(const window& w, const std::uint32_t* kernel, std::uint32_t* packed) {
    for (std::size_t i = 0; i < kernel_words(w); ++i) packed[i] = 0;
    const int together = stored_group_out_c(w);
    const int words = patch_words(w);
    for (int o = 0; o < w.stored_out_c; ++o) {
      const int block = o / together * blocks(w) + o % together / block_channels;
      std::uint32_t* lane = packed + block * paired_words(w) * block_channels + o % together % block_channels;
      for (int k = 0; k < words; ++k) {
        lane[k * block_channels] ^= kernel[o * words + k];
        if (k % 2 == 0) lane[(k + 1) * block_channels] = kernel[o * words + k];
      }
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
