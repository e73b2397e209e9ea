// The loops of conv_bits_words_traits.hpp: a patch of one position is gathered, then met with all output channels.
#ifndef OFFRAMP_KERNELS_AVX2_CONV_BITS_WORDS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_BITS_WORDS_HPP

#include <cstdint>

#include <offramp/kernels/avx2/bit_vectors.hpp>
#include <offramp/kernels/avx2/conv_bits_words_traits.hpp>
#include <offramp/kernels/avx2/output.hpp>
#include <offramp/kernels/avx2/short_output.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/patch.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

namespace detail {

// Counters of bits in place: of 1, 2, 4 and 8 each.
struct bit_counters {
  __m256i ones, twos, fours, eights;
};

OFFRAMP_INLINE OFFRAMP_AVX2 __m256i differing_bits(const std::uint32_t* x, const std::uint32_t* weights) {
  return _mm256_xor_si256(_mm256_set1_epi32(static_cast<int>(*x)), load_bits256(weights));
}

// Two, four and eight words go in, what overflows comes out.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i take_two(bit_counters& c, const std::uint32_t* x, const std::uint32_t* weights) {
  return add_bits256(c.ones, differing_bits(x, weights), differing_bits(x + 1, weights + 8));
}
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i take_four(bit_counters& c, const std::uint32_t* x, const std::uint32_t* weights) {
  const __m256i a = take_two(c, x, weights);
  return add_three256(c.twos, a, take_two(c, x + 2, weights + 16));
}
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i take_eight(bit_counters& c, const std::uint32_t* x, const std::uint32_t* weights) {
  const __m256i a = take_four(c, x, weights);
  return add_three256(c.fours, a, take_four(c, x + 4, weights + 32));
}

}  // namespace detail

// For each of 8 lanes: bits that differ between a patch of `words` (even) and its weights, both in pairs.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i count_differences256(const std::uint32_t* x, const std::uint32_t* weights,
                                                         int words) {
  const __m256i zero = _mm256_setzero_si256();
  detail::bit_counters c{zero, zero, zero, zero};
  __m256i total = zero;
  __m256i sixteens = zero;  // counted, in bytes
  int left = words;
  while (left >= 16) {
    // A byte grows by at most 8 a step: 30 steps, and one below, fit.
    const int end = left > 16 * 30 ? left - 16 * 30 : 0;
    for (; left - 16 >= end; left -= 16, x += 16, weights += 128) {
      const __m256i a = detail::take_eight(c, x, weights);
      const __m256i carry = add_three256(c.eights, a, detail::take_eight(c, x + 8, weights + 64));
      sixteens = _mm256_add_epi8(sixteens, count_bytes256<1>(carry));
    }
    if (left >= 16) {
      total = _mm256_add_epi32(total, add_bytes256(sixteens));
      sixteens = zero;
    }
  }
  if ((left & 8) != 0) {
    const __m256i carry = add_two256(c.eights, detail::take_eight(c, x, weights));
    sixteens = _mm256_add_epi8(sixteens, count_bytes256<1>(carry));
    x += 8, weights += 64;
  }
  __m256i few = zero;  // of the rest, bits in bytes
  if ((left & 4) != 0) {
    const __m256i carry = add_two256(c.fours, detail::take_four(c, x, weights));
    few = _mm256_add_epi8(few, count_bytes256<8>(carry));
    x += 4, weights += 32;
  }
  if ((left & 2) != 0)
    few = _mm256_add_epi8(few, count_bytes256<4>(add_two256(c.twos, detail::take_two(c, x, weights))));
  // At most 64 + 32 in `few` so far, and 8 + 16 + 32 + 64 here.
  few = _mm256_add_epi8(few, _mm256_add_epi8(count_bytes256<1>(c.ones), count_bytes256<2>(c.twos)));
  few = _mm256_add_epi8(few, _mm256_add_epi8(count_bytes256<4>(c.fours), count_bytes256<8>(c.eights)));
  total = _mm256_add_epi32(total, add_bytes256(sixteens));
  return _mm256_add_epi32(_mm256_slli_epi32(total, 4), add_bytes256(few));
}

// Counts of channels [first, first + 32) of one position to a 16-bit stream, if they have scales.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 bool store_short_counts(const parameters<S>& p, const window& w,
                                                    const std::uint32_t* scales, void* out, int position, int first,
                                                    const std::int32_t* counts) {
  const std::uint32_t* block = scales + short_scales::block_words * static_cast<std::size_t>(first / 32);
  if (!all_short(block, 32)) return false;
  const int s = short_scales::spare_bits({S, w});
  const __m128i left = _mm_cvtsi32_si128(s);
  const short_lanes lanes[2] = {load_short_lanes(block, 0), load_short_lanes(block, 8)};
  __m256i of[2];
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    const __m256i both = _mm256_packs_epi32(load_bits256(counts + 8 * i), load_bits256(counts + 8 * i + 16));
    of[i] = _mm256_sll_epi16(_mm256_permute4x64_epi64(both, 0xd8), left);
  }
  store_scaled<S>(static_cast<std::int16_t*>(out) + position * w.out.c + first, 32, 32, lanes,
                  load_short_limits(short_scales::middle({S, w}, s), p.low(), p.high()), of[0], of[1]);
  return true;
}

template <op_signature S, class Geometry>
OFFRAMP_AVX2 inline void convolve_by_words(Geometry g, const arguments& a, const std::uint32_t* kernel) {
  using layout_of = conv_bits_words;
  const window w = g();
  const parameters<S> params{a.weights, w};
  const auto* in = static_cast<const std::uint32_t*>(a.in);
  auto* patch = static_cast<std::uint32_t*>(a.scratch);
  const int words = layout_of::paired_words(w);
  const int together = layout_of::group_out_c(w);
  const int group_words = layout_of::blocks(w) * words * layout_of::block_channels;
  const std::uint32_t* const scales = short_scales::present({S, w}) ? kernel + layout_of::kernel_words(w) : nullptr;
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox)
      for (int group = 0; group < w.groups; ++group) {
        if (words != layout_of::patch_words(w)) patch[words - 1] = 0;
        if (w.groups == 1)
          portable::gather_words(in, w, oy, ox, patch);
        else
          portable::gather_group_words(in, w, group * w.group_in_c(), w.group_in_c(), oy, ox, patch);
        for (int k = 0; k < words; k += 2) patch[k + 1] ^= patch[k];
        const std::uint32_t* weights = kernel + group * group_words;
        // Those that may go to a stream 32 channels at a time, others at once.
        constexpr int block = short_scales::takes(S) ? 32 : 8;
        for (int o = 0; o < together; o += block) {
          const int n = together - o < block ? together - o : block;
          std::int32_t counts[block];
          for (int c = 0; c < (block == 8 ? 8 : n); c += 8, weights += words * layout_of::block_channels)
            store_bits256(counts + c, count_differences256(patch, weights, words));
          if constexpr (short_scales::takes(S))
            if (scales != nullptr && n == 32 &&
                store_short_counts(params, w, scales, a.out, oy * w.out.w + ox, o, counts))
              continue;
          for (int c = 0; c < (block == 8 ? 8 : n); c += 8) {
            const __m256i count = load_bits256(counts + c);
            const __m256i acc = _mm256_sub_epi32(_mm256_set1_epi32(w.depth()), _mm256_slli_epi32(count, 1));
            store_lanes8<S>(params, w, a.out, oy * w.out.w + ox, group * together + o + c, n - c < 8 ? n - c : 8, acc);
          }
        }
      }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif

#endif
