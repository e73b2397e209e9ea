// Pooling: a maximum (of bits, 1 = negative, the AND) over windows, 64 bytes of a position at a time; where positions
// are shorter, windows of 2x2 take whole vectors of neighbouring positions and then meet even ones with odd ones. Means
// sum 16 channels at a time.
#ifndef OFFRAMP_KERNELS_AVX512_POOL_HPP
#define OFFRAMP_KERNELS_AVX512_POOL_HPP

#include <offramp/kernels/avx2/pool.hpp>
#include <offramp/kernels/avx512/numbers.hpp>
#include <offramp/kernels/avx512/output.hpp>
#include <offramp/kernels/avx512/output_block.hpp>
#include <offramp/kernels/avx512/pool_traits.hpp>
#include <offramp/kernels/portable/pool.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx512 {

// The first n bytes at `from`, others 0; all 64 of them if n is larger.
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i load_bytes64(const unsigned char* from, int n) {
  if (n >= 64) return _mm512_loadu_si512(from);
  return _mm512_maskz_loadu_epi8(n <= 0 ? 0 : ~std::uint64_t{0} >> (64 - n), from);
}
OFFRAMP_INLINE OFFRAMP_AVX512 void store_bytes64(unsigned char* to, int n, __m512i v) {
  if (n >= 64)
    _mm512_storeu_si512(to, v);
  else
    _mm512_mask_storeu_epi8(to, ~std::uint64_t{0} >> (64 - n), v);
}

// v where it is larger, else best.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i larger_of(__m512i v, __m512i best) {
  if constexpr (K == kind::bits)
    return _mm512_and_si512(v, best);
  else if constexpr (K == kind::u8)
    return _mm512_max_epu8(v, best);
  else if constexpr (K == kind::i8)
    return _mm512_max_epi8(v, best);
  else if constexpr (K == kind::i16)
    return _mm512_max_epi16(v, best);
  else
    return _mm512_castps_si512(_mm512_max_ps(_mm512_castsi512_ps(v), _mm512_castsi512_ps(best)));
}

template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void max_of_pairs(const window& w, const arguments& a) {
  const int bytes = avx2::position_bytes(S, w);
  const int in_row = w.in.w * bytes;
  const int out_row = w.out.w * bytes;
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i inside = _mm512_and_si512(lane, _mm512_set1_epi32(bytes / 4 - 1));
  const __m512i even = _mm512_sub_epi32(_mm512_slli_epi32(lane, 1), inside);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(bytes / 4));
  auto* out = static_cast<unsigned char*>(a.out);
  for (int oy = 0; oy < w.out.h; ++oy, out += out_row) {
    const auto* upper = static_cast<const unsigned char*>(a.in) + oy * w.stride_h * in_row;
    const unsigned char* lower = upper + in_row;
    for (int i = 0; i < out_row; i += 64) {
      const int n = 2 * (out_row - i);
      const __m512i left = larger_of<S.in>(load_bytes64(lower + 2 * i, n), load_bytes64(upper + 2 * i, n));
      __m512i right = _mm512_setzero_si512();
      if (n > 64)
        right = larger_of<S.in>(load_bytes64(lower + 2 * i + 64, n - 64), load_bytes64(upper + 2 * i + 64, n - 64));
      const __m512i best =
          larger_of<S.in>(_mm512_permutex2var_epi32(left, odd, right), _mm512_permutex2var_epi32(left, even, right));
      store_bytes64(out + i, out_row - i, best);
    }
  }
}

template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void max_of_windows(const window& w, const arguments& a) {
  const int bytes = avx2::position_bytes(S, w);
  auto* out = static_cast<unsigned char*>(a.out);
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox, out += bytes) {
      const auto* corner =
          static_cast<const unsigned char*>(a.in) + (oy * w.stride_h * w.in.w + ox * w.stride_w) * bytes;
      for (int i = 0; i < bytes; i += 64) {
        __m512i best = load_bytes64(corner + i, bytes - i);
        for (int ky = 0; ky < w.kernel_h; ++ky)
          for (int kx = 0; kx < w.kernel_w; ++kx)
            best = larger_of<S.in>(load_bytes64(corner + (ky * w.in.w + kx) * bytes + i, bytes - i), best);
        store_bytes64(out + i, bytes - i, best);
      }
    }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX512 inline void max_pool(Geometry g, const arguments& a) {
  const window w = g();
  if (avx2::pools_pairs(S, w, 64))
    max_of_pairs<S>(w, a);
  else if (avx2::position_bytes(S, w) <= 32)
    avx2::max_of_windows<S>(w, a);
  else
    max_of_windows<S>(w, a);
}

// Channels [c, c + n), n <= 16 and c a multiple of it, of position p.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i load_position16(const void* in, const window& w, int p, int c, int n) {
  if constexpr (K == kind::bits) {
    const std::uint32_t word = static_cast<const std::uint32_t*>(in)[p * ceil_div(w.in.c, 32) + c / 32];
    const auto negative = static_cast<__mmask16>(word >> (c % 32));
    return _mm512_mask_blend_epi32(negative, _mm512_set1_epi32(1), _mm512_set1_epi32(-1));
  } else {
    return load_numbers16<K>(static_cast<const storage_t<K>*>(in) + p * w.in.c + c, n);
  }
}

template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i sum_of(__m512i a, __m512i b) {
  if constexpr (K == kind::f32)
    return _mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
  else
    return _mm512_add_epi32(a, b);
}

// Sums of V vectors of channels from c on, the last one n channels wide; then the outputs that repeat them. Four sums
// are under way at a time: where V is 1, of every fourth column.
template <op_signature S, int V>
OFFRAMP_INLINE OFFRAMP_AVX512 void mean_of_channels(const window& w, const arguments& a, const output_lanes16& lanes,
                                                    int zero, int oy, int ox, int c, int n) {
  constexpr int columns = 4 / V;
  const int together = w.kernel_w / columns * columns;
  const int corner = oy * w.stride_h * w.in.w + ox * w.stride_w;
  __m512i sum[4];
  for (int i = 0; i < 4; ++i)
    sum[i] = i >= V || S.in == kind::f32 ? _mm512_setzero_si512() : _mm512_set1_epi32(-w.taps() * zero);
  const auto add = [&](int position, int v, __m512i& to) OFFRAMP_AVX512 {
    to = sum_of<S.in>(to, load_position16<S.in>(a.in, w, position, c + 16 * v, v + 1 < V ? 16 : n));
  };
  for (int ky = 0; ky < w.kernel_h; ++ky) {
    const int row = corner + ky * w.in.w;
    for (int kx = 0; kx < together; kx += columns)
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) add(row + kx + i / V, i % V, sum[i]);
    if constexpr (V == 1)
      for (int kx = together; kx < w.kernel_w; ++kx) add(row + kx, 0, sum[0]);
  }
  if (V == 1 && together > 0) sum[0] = sum_of<S.in>(sum_of<S.in>(sum[0], sum[1]), sum_of<S.in>(sum[2], sum[3]));
  for (int first = c; first < w.out.c; first += w.in.c)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const int left = w.out.c - first - 16 * v;
      const int some = v + 1 < V ? 16 : n;
      if (left > 0)
        store_lanes16<S>(lanes, w, a.out, oy * w.out.w + ox, first + 16 * v, left < some ? left : some, sum[v]);
    }
}

// The same of 16-bit streams, 32 channels: two positions at a time, whose numbers lie in pairs. Outputs that repeat
// them are scaled once.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void mean_of_shorts(const window& w, const arguments& a, const output_lanes16& lanes,
                                                  int oy, int ox, int c) {
  const __m512i ones = _mm512_set1_epi16(1);
  const auto* x = static_cast<const std::int16_t*>(a.in) + (oy * w.stride_h * w.in.w + ox * w.stride_w) * w.in.c + c;
  __m512i low = _mm512_setzero_si512(), high = low;
  for (int ky = 0; ky < w.kernel_h; ++ky, x += w.in.w * w.in.c)
    for (int kx = 0; kx < w.kernel_w; kx += 2) {
      const __m512i even = _mm512_loadu_si512(x + kx * w.in.c);
      const __m512i odd = kx + 1 < w.kernel_w ? _mm512_loadu_si512(x + (kx + 1) * w.in.c) : _mm512_setzero_si512();
      low = _mm512_add_epi32(low, _mm512_madd_epi16(_mm512_unpacklo_epi16(even, odd), ones));
      high = _mm512_add_epi32(high, _mm512_madd_epi16(_mm512_unpackhi_epi16(even, odd), ones));
    }
  const __m512i q =
      clamp_shorts(lanes, _mm512_packs_epi32(scaled_lanes16<S>(lanes, low), scaled_lanes16<S>(lanes, high)));
  auto* to = static_cast<std::int16_t*>(a.out) + (oy * w.out.w + ox) * w.out.c;
  for (int first = c; first < w.out.c; first += w.in.c) {
    const int n = w.out.c - first;
    if (n >= 32) {
      store_shorts32<S>(to + first, q);
    } else {
      const __mmask32 there = low_bits(n);
      const __m512i before = S.add ? _mm512_maskz_loadu_epi16(there, to + first) : _mm512_setzero_si512();
      _mm512_mask_storeu_epi16(to + first, there, _mm512_adds_epi16(q, before));
    }
  }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX512 inline void avg_pool(Geometry g, const arguments& a) {
  const window w = g();
  const parameters<S> params{a.weights, w};
  const output_lanes16 lanes = load_output_lanes16(params, 0, 16);
  const int zero = S.in == kind::f32 ? 0 : params.in_zero();
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      int c = 0;
      if constexpr (S.in == kind::i16 && S.out == kind::i16)
        if (stores_shorts<S>(lanes) && zero == 0)
          for (; c + 32 <= w.in.c; c += 32) mean_of_shorts<S>(w, a, lanes, oy, ox, c);
      for (; c + 64 <= w.in.c; c += 64) mean_of_channels<S, 4>(w, a, lanes, zero, oy, ox, c, 16);
      for (; c < w.in.c; c += 16)
        mean_of_channels<S, 1>(w, a, lanes, zero, oy, ox, c, w.in.c - c < 16 ? w.in.c - c : 16);
    }
}

}  // namespace avx512

template <>
struct code<avx512::pool> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (S.what == op_kind::max_pool) {
      avx512::max_pool<S>(g, a);
    } else if constexpr (S.out == kind::bits) {
      portable::avg_pool<S>(g, a);
    } else {
      avx512::avg_pool<S>(g, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
