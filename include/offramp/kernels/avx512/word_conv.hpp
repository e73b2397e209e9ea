// A convolution of bits a word at a time (word_plan.hpp), from its input to its output, around any loop that counts.
#ifndef OFFRAMP_KERNELS_AVX512_WORD_CONV_HPP
#define OFFRAMP_KERNELS_AVX512_WORD_CONV_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx512/conv_bits_traits.hpp>
#include <offramp/kernels/avx512/output.hpp>
#include <offramp/kernels/avx512/short_output.hpp>
#include <offramp/kernels/avx512/word_patches.hpp>
#include <offramp/kernels/avx512/word_plan.hpp>
#include <offramp/kernels/path.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

// What a tile does with its counts: channels [first, first + n).
template <op_signature S>
struct count_output {
  output_lanes16 lanes;
  __m512i most;  // bits: the largest count that does not set them
  int depth, first, n;
  short_lanes shorts;  // 16-bit streams, if `left` is not negative: counts move so far to the left
  int left = -1;
};

// acc < t where depth - 2 * count < t, that is count > (depth - t) / 2; t is limited to where acc can lie, lest this
// overflow.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 count_output<S> make_output(const parameters<S>& params, int depth, int first, int n) {
  count_output<S> o;
  o.depth = depth;
  o.first = first;
  o.n = n;
  if constexpr (S.out == kind::bits) {
    __m512i t = load_words16(parameter_words(params, 0, first), n);
    t = _mm512_max_epi32(_mm512_min_epi32(t, _mm512_set1_epi32(depth + 1)), _mm512_set1_epi32(-depth));
    o.most = _mm512_srai_epi32(_mm512_sub_epi32(_mm512_set1_epi32(depth), t), 1);
    o.lanes.flips = params.flips(first / 32) >> (first % 32);
    if (first % 32 != 0 && first % 32 + n > 32) o.lanes.flips |= params.flips(first / 32 + 1) << (32 - first % 32);
  } else {
    o.lanes = load_output_lanes16(params, first, n);
  }
  return o;
}
// With scales for whole tiles of 16-bit streams, if there are some.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 count_output<S> make_output(const parameters<S>& params, const window& w, int first,
                                                          int n, const std::uint32_t* scales) {
  if constexpr (short_scales::takes(S))
    if (scales != nullptr && n == 16) {
      count_output<S> o;
      o.depth = w.depth();
      o.first = first;
      o.n = n;
      o.left = short_scales::spare_bits({S, w});
      const std::uint32_t* const block = scales + short_scales::block_words * static_cast<std::size_t>(first / 32);
      if (load_short_pairs(block, first / 16 % 2, short_scales::middle({S, w}, o.left), params.low(), params.high(),
                           o.shorts))
        return o;
    }
  return make_output(params, w.depth(), first, n);
}

template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i accumulated(const count_output<S>& o, const std::int32_t* counts) {
  const __m512i count = _mm512_loadu_si512(counts);
  return _mm512_sub_epi32(_mm512_set1_epi32(o.depth), _mm512_add_epi32(count, count));
}

template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_counts(const count_output<S>& o, const window& w, void* out, int position,
                                                const std::int32_t* counts) {
  if constexpr (S.out == kind::bits) {
    const __m512i count = _mm512_loadu_si512(counts);
    const std::uint32_t bits =
        (static_cast<std::uint32_t>(_mm512_cmpgt_epi32_mask(count, o.most)) ^ o.lanes.flips) & (0xffffu >> (16 - o.n));
    auto* to =
        static_cast<std::uint32_t*>(out) + static_cast<std::ptrdiff_t>(position) * ceil_div(w.out.c, 32) + o.first / 32;
    const int at = o.first % 32;
    // A tile that begins a word owns it, as far as no other follows.
    if (at == 0 && (o.n < 16 || o.first + 16 == w.out.c)) {
      *to = bits;
    } else if (at % 16 == 0) {
      const auto half = static_cast<std::uint16_t>(bits);
      __builtin_memcpy(reinterpret_cast<std::uint8_t*>(to) + at / 8, &half, 2);
    } else {  // odd groups: what stands before it is there already
      *to = (*to & low_bits(at)) | bits << at;
      if (at + o.n > 32) to[1] = bits >> (32 - at);
    }
  } else {
    store_lanes16<S>(o.lanes, w, out, position, o.first, o.n, accumulated(o, counts));
  }
}

// The same for n neighbouring positions. Bits of whole tiles are halves of words.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_run(const count_output<S>& o, const window& w, void* out, int position, int n,
                                             const std::int32_t* counts) {
  if constexpr (S.out == kind::bits) {
    if (o.first % 16 == 0 && o.n == 16 && (o.first % 32 == 16 || o.first + 16 < w.out.c)) {
      const std::ptrdiff_t step = 2 * ceil_div(w.out.c, 32);
      std::uint16_t* to = static_cast<std::uint16_t*>(out) + position * step + o.first / 16;
      for (int i = 0; i < n; ++i, to += step, counts += 16) {
        const auto most = static_cast<std::uint32_t>(_mm512_cmpgt_epi32_mask(_mm512_loadu_si512(counts), o.most));
        *to = static_cast<std::uint16_t>(most ^ o.lanes.flips);
      }
      return;
    }
  }
  if constexpr (short_scales::takes(S))
    if (o.left >= 0) return store_short_run<S>(o.shorts, o.left, w, out, position, o.first, n, counts);
  if constexpr (S.add) {
    // Streams are read some positions ahead of what is stored (load_stream16).
    constexpr int ahead = 4;
    for (int left = n; left > 0; left -= ahead, position += ahead, counts += 16 * ahead) {
      const int some = left < ahead ? left : ahead;
      __m512i added[ahead];
#pragma GCC unroll 4
      for (int i = 0; i < ahead; ++i)
        if (i < some) added[i] = load_added16<S>(w, out, position + i, o.first, o.n);
#pragma GCC unroll 4
      for (int i = 0; i < ahead; ++i)
        if (i < some)
          store_added16<S>(o.lanes, w, out, position + i, o.first, o.n, accumulated(o, counts + 16 * i), added[i]);
    }
  } else {
    for (int i = 0; i < n; ++i) store_counts(o, w, out, position + i, counts + 16 * i);
  }
}

// Bits of one position, whole words: those of two tiles each, of the n from `tile` on (even). Returns how many tiles
// are done.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 int store_dense(const parameters<S>& params, const window& w, void* out, int tile, int n,
                                              const std::int32_t* counts) {
  const __m512i depth = _mm512_set1_epi32(w.depth());
  auto* to = static_cast<std::uint32_t*>(out);
  int i = 0;
  for (; i + 2 <= n && 16 * (tile + i + 2) <= w.out.c; i += 2) {
    const int c = 16 * (tile + i);
    const __m512i low = _mm512_slli_epi32(_mm512_loadu_si512(counts + 16 * i), 1);
    const __m512i high = _mm512_slli_epi32(_mm512_loadu_si512(counts + 16 * i + 16), 1);
    const __mmask16 a =
        _mm512_cmplt_epi32_mask(_mm512_sub_epi32(depth, low), _mm512_loadu_si512(parameter_words(params, 0, c)));
    const __mmask16 b =
        _mm512_cmplt_epi32_mask(_mm512_sub_epi32(depth, high), _mm512_loadu_si512(parameter_words(params, 0, c + 16)));
    to[c / 32] = static_cast<std::uint32_t>(_mm512_kunpackw(b, a)) ^ params.flips(c / 32);
  }
  return i;
}

// The same as soon as four tiles are counted.
template <op_signature S>
struct dense_bits {
  parameters<S> params;
  __m512i depth;
  std::uint32_t* out;

  OFFRAMP_INLINE OFFRAMP_AVX512 __mmask16 below(__m512i count, int c) const {
    const __m512i acc = _mm512_sub_epi32(depth, _mm512_add_epi32(count, count));
    return _mm512_cmplt_epi32_mask(acc, _mm512_loadu_si512(parameter_words(params, 0, c)));
  }
  OFFRAMP_INLINE OFFRAMP_AVX512 void four(int tile, const __m512i* count) const {
#pragma GCC unroll 2
    for (int i = 0; i < 4; i += 2) {
      const int c = 16 * (tile + i);
      const __mmask32 bits = _mm512_kunpackw(below(count[i + 1], c + 16), below(count[i], c));
      out[c / 32] = static_cast<std::uint32_t>(bits) ^ params.flips(c / 32);
    }
  }
};

// One position: tiles side by side, of channels [first, first + channels).
template <op_signature S, class Loop>
OFFRAMP_INLINE OFFRAMP_AVX512 void convolve_dense(const word_plan& p, const window& w, const parameters<S>& params,
                                                  const std::uint32_t* x, const std::uint32_t* kernel, int first,
                                                  int channels, std::int32_t* counts, void* out) {
  int tile = 0;
  if constexpr (S.out == kind::bits && !S.grouped && requires { &Loop::template count_fours<dense_bits<S>>; })
    if (channels >= 64)
      tile = Loop::count_fours(x, kernel, 16 * p.words, p.words, channels / 16,
                               dense_bits<S>{params, _mm512_set1_epi32(w.depth()), static_cast<std::uint32_t*>(out)});
  for (; tile < ceil_div(channels, 16); tile += count_run) {
    const int left = ceil_div(channels, 16) - tile;
    const int n = left < count_run ? left : count_run;
    Loop::template count<false>(x, 0, kernel + 16 * tile * p.words, 16 * p.words, p.words, n, counts);
    int i = 0;
    if constexpr (S.out == kind::bits && !S.grouped) i = store_dense(params, w, out, tile, n, counts);
    for (; i < n; ++i) {
      const int c = 16 * (tile + i);
      const int lanes = channels - c < 16 ? channels - c : 16;
      store_counts(make_output(params, w.depth(), first + c, lanes), w, out, 0, counts + 16 * i);
    }
  }
}

// `Loop` is `carry_save` or its like; `Cases`: those that occur.
template <op_signature S, class Loop, word_cases Cases>
OFFRAMP_INLINE OFFRAMP_AVX512 void convolve_words(const word_plan& p, const word_scratch& at, const window& w,
                                                  const arguments& a) {
  const parameters<S> params{a.weights, w};
  const std::uint32_t* kernel = a.weights + packed_begin({S, w});
  auto* scratch = static_cast<std::uint8_t*>(a.scratch);
  auto* counts = reinterpret_cast<std::int32_t*>(scratch + at.counts);
  auto* masks = reinterpret_cast<std::uint32_t*>(scratch + at.masks);
  const auto* in = static_cast<const std::uint32_t*>(a.in);
  const int positions = w.out.positions();
  const int groups = S.grouped ? w.groups : 1;
  const int channels = w.out.c / groups;
  const kernel_op op{S, w};
  const std::uint32_t* const scales = short_scales::present(op) ? a.weights + word_scales_begin(p, op) : nullptr;
  if constexpr (Cases.narrow && Cases.tight)
    if (p.narrow && p.tight) make_masks(p, masks);
  for (int group = 0; group < groups; ++group, kernel += 16 * p.tiles() * p.stored_words) {
    if constexpr (Cases.tight)
      if (p.tight) make_tight_rows(p, w, in, group, scratch + at.rows);
    for (int first = 0; first < positions; first += p.block) {
      const int end = first + p.block < positions ? first + p.block : positions;
      const std::uint32_t* patches = in + static_cast<std::ptrdiff_t>(first) * p.words;
      if constexpr (Cases.gathered)
        if (!p.in_place) {
          auto* to = reinterpret_cast<std::uint32_t*>(scratch + at.patches);
          make_patches<Cases.tight>(p, w, in, scratch + at.rows, group, first, end, to);
          patches = to;
        }
      if constexpr (Cases.dense)
        if (positions == 1 && !p.narrow) {
          convolve_dense<S, Loop>(p, w, params, patches, kernel, group * channels, channels, counts, a.out);
          continue;
        }
      if constexpr (Cases.tiled) {
        const std::uint32_t* tile = kernel;
        for (int c = 0; c < channels; c += 16, tile += 16 * p.stored_words) {
          const std::uint32_t* weights = tile;
          if constexpr (Cases.narrow)
            if (p.narrow) {
              auto* to = reinterpret_cast<std::uint32_t*>(scratch + at.tile);
              narrow_tile(p, tile, masks, to);
              weights = to;
            }
          const int lanes = channels - c < 16 ? channels - c : 16;
          const count_output<S> output = make_output(params, w, group * channels + c, lanes, scales);
          for (int position = first; position < end; position += count_run) {
            const int n = end - position < count_run ? end - position : count_run;
            Loop::template count<true>(patches + (position - first) * p.words, p.words, weights, 0, p.words, n, counts);
            store_run(output, w, a.out, position, n, counts);
          }
        }
      }
    }
  }
}

// Plans of constant shapes are constants, also in what is inlined above.
template <op_signature S, class Loop, class Geometry>
OFFRAMP_AVX512 inline void convolve_words(Geometry g, const arguments& a) {
  if constexpr (Geometry::is_static) {
    static constexpr window w = Geometry{}();
    static constexpr word_plan plan = plan_words({S, w});
    static constexpr word_scratch scratch = scratch_words(plan, w);
    convolve_words<S, Loop, cases_of(plan, w)>(plan, scratch, w, a);
  } else {
    const window w = g();
    const word_plan plan = plan_words({S, w});
    convolve_words<S, Loop, word_cases{}>(plan, scratch_words(plan, w), w, a);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512
#endif

#endif
