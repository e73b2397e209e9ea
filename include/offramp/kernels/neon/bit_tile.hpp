// Bits that differ, of P positions and 4 * V output channels: bytes of counts in registers, four to a channel. A byte
// grows by at most 8 a word, so that 31 words fit; then it is added to counts of 16 bits.
#ifndef OFFRAMP_KERNELS_NEON_BIT_TILE_HPP
#define OFFRAMP_KERNELS_NEON_BIT_TILE_HPP

#include <cstdint>

#include <offramp/kernels/neon/vectors.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels::neon {

template <int P, int V>
struct bit_tile {
  static constexpr int most_words = 31;
  static constexpr int together = 2;  // vectors of weights loaded at a time

  uint8x16_t count[P][V];

  [[gnu::always_inline]] void clear() {
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) count[p][v] = vdupq_n_u8(0);
  }

  // A word of every position, in all lanes, times those of all channels. Masked: of all differences, those in `mask`.
  template <bool Masked = false>
  [[gnu::always_inline]] void add_word(const uint32x4_t (&x)[P], const std::uint32_t* weights,
                                       uint32x4_t mask = uint32x4_t{}) {
#pragma GCC unroll 4
    for (int begin = 0; begin < V; begin += together) {
      uint8x16_t some[together];
#pragma GCC unroll 4
      for (int v = 0; v < together; ++v) some[v] = load_bytes(weights + 4 * (begin + v));
#pragma GCC unroll 4
      for (int v = 0; v < together; ++v)
#pragma GCC unroll 4
        for (int p = 0; p < P; ++p) {
          uint8x16_t differ = veorq_u8(vreinterpretq_u8_u32(x[p]), some[v]);
          if constexpr (Masked) differ = vandq_u8(differ, vreinterpretq_u8_u32(mask));
          add_in_place(count[p][begin + v], vcntq_u8(differ));
        }
    }
  }

  // Word `I` of four of every position.
  template <int I>
  [[gnu::always_inline]] void add_lane(const uint32x4_t (&four)[P], const std::uint32_t* weights) {
    uint32x4_t x[P];
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) x[p] = repeat_lane<I>(four[p]);
    add_word(x, weights);
  }

  // `words` neighbouring words of every position (`step` bytes apart) times words of weights `width` apart. `beyond`:
  // may one read up to three words more?
  [[gnu::always_inline]] const std::uint32_t* add_run(const unsigned char* x, int step, const std::uint32_t* weights,
                                                      int width, int words, bool beyond) {
    int k = 0;
    uint32x4_t four[P];
#pragma GCC unroll 1
    for (; k + 4 <= words; k += 4, x += 16, weights += 4 * width) {
      load_positions(x, step, four);
      add_lane<0>(four, weights);
      add_lane<1>(four, weights + width);
      add_lane<2>(four, weights + 2 * width);
      add_lane<3>(four, weights + 3 * width);
    }
    const int left = words - k;
    if (left > 0 && beyond) {
      load_positions(x, step, four);
      add_lane<0>(four, weights);
      if (left > 1) add_lane<1>(four, weights + width);
      if (left > 2) add_lane<2>(four, weights + 2 * width);
      weights += left * width;
    } else {
#pragma GCC unroll 1
      for (; k < words; ++k, x += 4, weights += width) {
        load_word(x, step, four);
        add_word(four, weights);
      }
    }
    return weights;
  }
  // One word, of which only `mask` counts.
  [[gnu::always_inline]] void add_masked(const unsigned char* x, int step, const std::uint32_t* weights,
                                         std::uint32_t mask) {
    uint32x4_t word[P];
    load_word(x, step, word);
    add_word<true>(word, weights, vdupq_n_u32(mask));
  }

  // Adds to counts of 16 bits in memory, 4 * V a position.
  [[gnu::always_inline]] void add_to(std::uint16_t* sums) const {
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 4
      for (int v = 0; v < V / 2; ++v) {
        std::uint16_t* at = sums + 4 * V * p + 8 * v;
        vst1q_u16(at, vaddq_u16(vld1q_u16(at), counts(p, v)));
      }
  }
  // 8 channels of them.
  [[gnu::always_inline]] uint16x8_t counts(int p, int v) const {
    return add_neighbours(vpaddlq_u8(count[p][2 * v]), vpaddlq_u8(count[p][2 * v + 1]));
  }

 private:
  [[gnu::always_inline]] static void load_positions(const unsigned char* x, int step, uint32x4_t (&four)[P]) {
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) four[p] = vreinterpretq_u32_u8(load_bytes(x + p * step));
  }
  [[gnu::always_inline]] static void load_word(const unsigned char* x, int step, uint32x4_t (&word)[P]) {
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) word[p] = vld1q_dup_u32(reinterpret_cast<const std::uint32_t*>(x + p * step));
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon
#endif

#endif
