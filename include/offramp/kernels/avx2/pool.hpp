// Pooling, as on AVX-512 (kernels/avx512/pool.hpp), 32 bytes at a time.
#ifndef OFFRAMP_KERNELS_AVX2_POOL_HPP
#define OFFRAMP_KERNELS_AVX2_POOL_HPP

#include <offramp/kernels/avx2/numbers.hpp>
#include <offramp/kernels/avx2/output.hpp>
#include <offramp/kernels/avx2/pool_traits.hpp>
#include <offramp/kernels/portable/pool.hpp>
#include <offramp/kernels/runs.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx2 {

// The first n bytes at `from`, others 0; all 32 of them if n is larger.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i load_bytes32(const unsigned char* from, int n) {
  if (n >= 32) return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  unsigned char bytes[32] = {};
  copy_run(bytes, from, n);
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
}
OFFRAMP_INLINE OFFRAMP_AVX2 void store_bytes32(unsigned char* to, int n, __m256i v) {
  if (n >= 32) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v);
  unsigned char bytes[32];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(bytes), v);
  copy_run(to, bytes, n);
}

// v where it is larger, else best.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i larger_of(__m256i v, __m256i best) {
  if constexpr (K == kind::bits)
    return _mm256_and_si256(v, best);
  else if constexpr (K == kind::u8)
    return _mm256_max_epu8(v, best);
  else if constexpr (K == kind::i8)
    return _mm256_max_epi8(v, best);
  else if constexpr (K == kind::i16)
    return _mm256_max_epi16(v, best);
  else
    return _mm256_castps_si256(_mm256_max_ps(_mm256_castsi256_ps(v), _mm256_castsi256_ps(best)));
}

// Of the positions of `bytes` bytes in two vectors: the larger of each even one and the odd one behind it.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i larger_of_neighbours(__m256i left, __m256i right, int bytes) {
  if (bytes == 16)
    return larger_of<K>(_mm256_permute2x128_si256(left, right, 0x31), _mm256_permute2x128_si256(left, right, 0x20));
  __m256i best;
  if (bytes == 8) {
    best = larger_of<K>(_mm256_unpackhi_epi64(left, right), _mm256_unpacklo_epi64(left, right));
  } else {
    const __m256 l = _mm256_castsi256_ps(left);
    const __m256 r = _mm256_castsi256_ps(right);
    best = larger_of<K>(_mm256_castps_si256(_mm256_shuffle_ps(l, r, 0xdd)),
                        _mm256_castps_si256(_mm256_shuffle_ps(l, r, 0x88)));
  }
  return _mm256_permute4x64_epi64(best, 0xd8);  // shuffles work in halves of a vector
}

template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void max_of_pairs(const window& w, const arguments& a) {
  const int bytes = position_bytes(S, w);
  const int in_row = w.in.w * bytes;
  const int out_row = w.out.w * bytes;
  auto* out = static_cast<unsigned char*>(a.out);
  for (int oy = 0; oy < w.out.h; ++oy, out += out_row) {
    const auto* upper = static_cast<const unsigned char*>(a.in) + oy * w.stride_h * in_row;
    const unsigned char* lower = upper + in_row;
    for (int i = 0; i < out_row; i += 32) {
      const int n = 2 * (out_row - i);
      const __m256i left = larger_of<S.in>(load_bytes32(lower + 2 * i, n), load_bytes32(upper + 2 * i, n));
      __m256i right = _mm256_setzero_si256();
      if (n > 32)
        right = larger_of<S.in>(load_bytes32(lower + 2 * i + 32, n - 32), load_bytes32(upper + 2 * i + 32, n - 32));
      store_bytes32(out + i, out_row - i, larger_of_neighbours<S.in>(left, right, bytes));
    }
  }
}

// Vectors may reach into the positions behind, as long as they lie within the tensor: what is written there is
// overwritten by those positions, which come later.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void max_of_windows(const window& w, const arguments& a) {
  const int bytes = position_bytes(S, w);
  const auto* in = static_cast<const unsigned char*>(a.in);
  auto* out = static_cast<unsigned char*>(a.out);
  const int all_in = w.in.positions() * bytes;
  const int all_out = w.out.positions() * bytes;
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      const int corner = (oy * w.stride_h * w.in.w + ox * w.stride_w) * bytes;
      const int last = corner + ((w.kernel_h - 1) * w.in.w + w.kernel_w - 1) * bytes;
      const int at = (oy * w.out.w + ox) * bytes;
      for (int i = 0; i < bytes; i += 32) {
        const bool spacious = last + i + 32 <= all_in && at + i + 32 <= all_out;
        const int n = spacious ? 32 : bytes - i;
        __m256i best = load_bytes32(in + corner + i, n);
        for (int ky = 0; ky < w.kernel_h; ++ky)
          for (int kx = 0; kx < w.kernel_w; ++kx)
            best = larger_of<S.in>(load_bytes32(in + corner + (ky * w.in.w + kx) * bytes + i, n), best);
        store_bytes32(out + at + i, n, best);
      }
    }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX2 inline void max_pool(Geometry g, const arguments& a) {
  const window w = g();
  if (pools_pairs(S, w, 32))
    max_of_pairs<S>(w, a);
  else
    max_of_windows<S>(w, a);
}

// Channels [c, c + n), n <= 8 and c a multiple of it, of position p.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i load_position8(const void* in, const window& w, int p, int c, int n) {
  if constexpr (K == kind::bits) {
    const std::uint32_t word = static_cast<const std::uint32_t*>(in)[p * ceil_div(w.in.c, 32) + c / 32];
    const __m256i place = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i bits = _mm256_and_si256(_mm256_set1_epi32(static_cast<int>(word >> (c % 32))), place);
    return _mm256_or_si256(_mm256_cmpeq_epi32(bits, place), _mm256_set1_epi32(1));  // -1 or 1
  } else {
    return load_numbers8<K>(static_cast<const storage_t<K>*>(in) + p * w.in.c + c, n);
  }
}

template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i sum_of(__m256i a, __m256i b) {
  if constexpr (K == kind::f32)
    return _mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b)));
  else
    return _mm256_add_epi32(a, b);
}

// Sums of V vectors of channels from c on, the last one n channels wide; then the outputs that repeat them. Four sums
// are under way at a time: where V is 1, of every fourth column.
template <op_signature S, int V>
OFFRAMP_INLINE OFFRAMP_AVX2 void mean_of_channels(const window& w, const arguments& a, const output_lanes8& lanes,
                                                  int zero, int oy, int ox, int c, int n) {
  constexpr int columns = 4 / V;
  const int together = w.kernel_w / columns * columns;
  const int corner = oy * w.stride_h * w.in.w + ox * w.stride_w;
  __m256i sum[4];
  for (int i = 0; i < 4; ++i)
    sum[i] = i >= V || S.in == kind::f32 ? _mm256_setzero_si256() : _mm256_set1_epi32(-w.taps() * zero);
  const auto add = [&](int position, int v, __m256i& to) OFFRAMP_AVX2 {
    to = sum_of<S.in>(to, load_position8<S.in>(a.in, w, position, c + 8 * v, v + 1 < V ? 8 : n));
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
      const int left = w.out.c - first - 8 * v;
      const int some = v + 1 < V ? 8 : n;
      if (left > 0)
        store_lanes8<S>(lanes, w, a.out, oy * w.out.w + ox, first + 8 * v, left < some ? left : some, sum[v]);
    }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX2 inline void avg_pool(Geometry g, const arguments& a) {
  const window w = g();
  const parameters<S> params{a.weights, w};
  const output_lanes8 lanes = load_output_lanes8(params, 0, 8);
  const int zero = S.in == kind::f32 ? 0 : params.in_zero();
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      int c = 0;
      for (; c + 32 <= w.in.c; c += 32) mean_of_channels<S, 4>(w, a, lanes, zero, oy, ox, c, 8);
      for (; c < w.in.c; c += 8) mean_of_channels<S, 1>(w, a, lanes, zero, oy, ox, c, w.in.c - c < 8 ? w.in.c - c : 8);
    }
}

}  // namespace avx2

template <>
struct code<avx2::pool> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (S.what == op_kind::max_pool) {
      avx2::max_pool<S>(g, a);
    } else if constexpr (S.out == kind::bits) {
      portable::avg_pool<S>(g, a);
    } else {
      avx2::avg_pool<S>(g, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
