// Signs between channels innermost and planes in rows, 32 positions at a time: their words become four vectors of bytes
// (one for eight channels), whose bits movemask takes out, a plane at a time. Back: bytes of eight planes, transposed
// as 8x8 bits by three exchanges of ever larger blocks (Warren, "Hacker's Delight", 7-3).
#ifndef OFFRAMP_KERNELS_AVX2_CONVERT_BITS_HPP
#define OFFRAMP_KERNELS_AVX2_CONVERT_BITS_HPP

#include <offramp/kernels/avx2/convert_bits_traits.hpp>
#include <offramp/kernels/avx2/row_planes.hpp>
#include <offramp/kernels/path.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx2::planes {

// The positions behind one word of a plane: four groups of eight bits, each within one row.
struct word_positions {
  int position[4];  // the first of each group
  int count[4];     // of those inside the tensor, 0 to 8
};

// Walks along the words of a plane.
class plane_walk {
 public:
  OFFRAMP_INLINE explicit plane_walk(shape s) : shape_{s}, pitch_{row_bits(s.w)} {}
  OFFRAMP_INLINE word_positions next() {
    word_positions at;
#pragma GCC unroll 4
    for (int g = 0; g < 4; ++g) {
      const int left = y_ < shape_.h ? shape_.w - x_ : 0;
      at.position[g] = y_ * shape_.w + x_;
      at.count[g] = left < 0 ? 0 : left < 8 ? left : 8;
      x_ += 8;
      if (x_ == pitch_) {
        x_ = 0;
        ++y_;
      }
    }
    return at;
  }

 private:
  shape shape_;
  int pitch_;
  int x_ = 0, y_ = 0;
};

// 4x4 words in every half: word i of vector j and word j of vector i change places.
OFFRAMP_INLINE OFFRAMP_AVX2 void transpose_words(__m256i (&v)[4]) {
  const __m256i a = _mm256_unpacklo_epi32(v[0], v[1]), b = _mm256_unpackhi_epi32(v[0], v[1]);
  const __m256i c = _mm256_unpacklo_epi32(v[2], v[3]), d = _mm256_unpackhi_epi32(v[2], v[3]);
  v[0] = _mm256_unpacklo_epi64(a, c);
  v[1] = _mm256_unpackhi_epi64(a, c);
  v[2] = _mm256_unpacklo_epi64(b, d);
  v[3] = _mm256_unpackhi_epi64(b, d);
}

// `n` of the words of up to eight positions, `step` words apart; v[k] holds word k of all.
OFFRAMP_INLINE OFFRAMP_AVX2 void load_positions(const std::uint32_t* from, int step, int count, int n,
                                                __m256i (&v)[4]) {
  const __m128i some = _mm256_castsi256_si128(first_words(n));
  const auto words = [&](int position) OFFRAMP_AVX2 {
    const auto* p = reinterpret_cast<const int*>(from + position * step);
    if (position >= count) return _mm_setzero_si128();
    return n == 4 ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)) : _mm_maskload_epi32(p, some);
  };
  for (int j = 0; j < 4; ++j) v[j] = _mm256_inserti128_si256(_mm256_castsi128_si256(words(j)), words(4 + j), 1);
  transpose_words(v);
}
OFFRAMP_INLINE OFFRAMP_AVX2 void store_positions(std::uint32_t* to, int step, int count, int n, __m256i (&v)[4]) {
  const __m128i some = _mm256_castsi256_si128(first_words(n));
  transpose_words(v);
  for (int j = 0; j < count; ++j) {
    const __m128i x = j < 4 ? _mm256_castsi256_si128(v[j]) : _mm256_extracti128_si256(v[j - 4], 1);
    auto* p = reinterpret_cast<int*>(to + j * step);
    if (n == 4)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(p), x);
    else
      _mm_maskstore_epi32(p, some, x);
  }
}

// Words of 32 positions as bytes: v[i] takes byte i of all.
OFFRAMP_INLINE OFFRAMP_AVX2 void split_bytes(__m256i (&v)[4]) {
  const __m256i by_byte = _mm256_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 0, 4, 8, 12, 1, 5, 9,
                                           13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m256i halves = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (auto& x : v) x = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(x, by_byte), halves);
  const __m256i a = _mm256_unpacklo_epi64(v[0], v[1]), b = _mm256_unpackhi_epi64(v[0], v[1]);
  const __m256i c = _mm256_unpacklo_epi64(v[2], v[3]), d = _mm256_unpackhi_epi64(v[2], v[3]);
  v[0] = _mm256_permute2x128_si256(a, c, 0x20);
  v[1] = _mm256_permute2x128_si256(b, d, 0x20);
  v[2] = _mm256_permute2x128_si256(a, c, 0x31);
  v[3] = _mm256_permute2x128_si256(b, d, 0x31);
}
OFFRAMP_INLINE OFFRAMP_AVX2 void join_bytes(__m256i (&v)[4]) {
  const __m256i a = _mm256_unpacklo_epi8(v[0], v[1]), b = _mm256_unpackhi_epi8(v[0], v[1]);
  const __m256i c = _mm256_unpacklo_epi8(v[2], v[3]), d = _mm256_unpackhi_epi8(v[2], v[3]);
  const __m256i e = _mm256_unpacklo_epi16(a, c), f = _mm256_unpackhi_epi16(a, c);
  const __m256i g = _mm256_unpacklo_epi16(b, d), h = _mm256_unpackhi_epi16(b, d);
  v[0] = _mm256_permute2x128_si256(e, f, 0x20);
  v[1] = _mm256_permute2x128_si256(g, h, 0x20);
  v[2] = _mm256_permute2x128_si256(e, f, 0x31);
  v[3] = _mm256_permute2x128_si256(g, h, 0x31);
}

// 8x8 bits in every 64: bit i of byte j and bit j of byte i change places.
template <int Shift>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i exchange(__m256i x, std::uint64_t mask) {
  const __m256i moved = _mm256_and_si256(_mm256_xor_si256(x, _mm256_srli_epi64(x, Shift)),
                                         _mm256_set1_epi64x(static_cast<long long>(mask)));
  return _mm256_xor_si256(_mm256_xor_si256(x, moved), _mm256_slli_epi64(moved, Shift));
}
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i transpose_bits(__m256i x) {
  x = exchange<7>(x, 0x00aa00aa00aa00aau);
  x = exchange<14>(x, 0x0000cccc0000ccccu);
  return exchange<28>(x, 0x00000000f0f0f0f0u);
}

// Bytes of 32 positions into one word of up to eight planes, `step` words apart, and back.
OFFRAMP_INLINE OFFRAMP_AVX2 void store_planes(std::uint32_t* to, int step, int channels, __m256i bytes) {
  if (channels >= 8) {
#pragma GCC unroll 8
    for (int c = 7; c >= 0; --c, bytes = _mm256_add_epi8(bytes, bytes))
      to[c * step] = static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
    return;
  }
  bytes = _mm256_sll_epi64(bytes, _mm_cvtsi32_si128(8 - channels));  // the top bit is the last one's
  for (int c = channels - 1; c >= 0; --c, bytes = _mm256_add_epi8(bytes, bytes))
    to[c * step] = static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
}
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i bytes_of_planes(__m256i planes) {
  const __m256i by_byte = _mm256_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 0, 4, 8, 12, 1, 5, 9,
                                           13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m256i halves = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  return transpose_bits(_mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(planes, by_byte), halves));
}
OFFRAMP_INLINE OFFRAMP_AVX2 __m128i four_words(const std::uint32_t* p, int step) {
  const __m128i one = _mm_cvtsi32_si128(static_cast<int>(p[0]));
  const __m128i two = _mm_insert_epi32(one, static_cast<int>(p[step]), 1);
  return _mm_insert_epi32(_mm_insert_epi32(two, static_cast<int>(p[2 * step]), 2), static_cast<int>(p[3 * step]), 3);
}
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i load_planes(const std::uint32_t* from, int step, int channels) {
  if (channels >= 8) {
    const __m128i low = four_words(from, step), high = four_words(from + 4 * step, step);
    return bytes_of_planes(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1));
  }
  std::uint32_t words[8] = {};
  for (int c = 0; c < channels; ++c) words[c] = from[c * step];
  return bytes_of_planes(load(reinterpret_cast<const char*>(words)));
}

// A word of 32 planes or fewer, `channels`, from words of 32 positions, and back.
OFFRAMP_INLINE OFFRAMP_AVX2 void store_channels(std::uint32_t* to, int step, int channels, __m256i (&words)[4]) {
  split_bytes(words);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
    if (8 * i < channels) store_planes(to + 8 * i * step, step, channels - 8 * i, words[i]);
}
OFFRAMP_INLINE OFFRAMP_AVX2 void load_channels(const std::uint32_t* from, int step, int channels, __m256i (&words)[4]) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    words[i] = _mm256_setzero_si256();
    if (8 * i < channels) words[i] = load_planes(from + 8 * i * step, step, channels - 8 * i);
  }
  join_bytes(words);
}

// One word of all planes; of a position `n` words from `first` on, one of them if One (n and first known, then).
template <bool One>
OFFRAMP_INLINE OFFRAMP_AVX2 void word_from_channels(shape s, const word_positions& at, int word, int first, int n,
                                                    const std::uint32_t* in, std::uint32_t* out) {
  constexpr int most = One ? 1 : 4;
  const int step = position_words(s.c, layout::nhwc), plane = row_plane_words(s);
  __m256i words[most][4];  // word by word, group by group
#pragma GCC unroll 4
  for (int g = 0; g < 4; ++g) {
    const std::uint32_t* from = in + at.position[g] * step + first;
    if constexpr (One) {
      words[0][g] = _mm256_maskload_epi32(reinterpret_cast<const int*>(from), first_words(at.count[g]));
    } else {
      __m256i v[4];
      load_positions(from, step, at.count[g], n, v);
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) words[k][g] = v[k];
    }
  }
#pragma GCC unroll 4
  for (int k = 0; k < most; ++k) {
    const int c = 32 * (first + k);
    if (k < n) store_channels(out + c * plane + word, plane, s.c - c, words[k]);
  }
}
template <bool One>
OFFRAMP_INLINE OFFRAMP_AVX2 void word_to_channels(shape s, const word_positions& at, int word, int first, int n,
                                                  const std::uint32_t* in, std::uint32_t* out) {
  constexpr int most = One ? 1 : 4;
  const int step = position_words(s.c, layout::nhwc), plane = row_plane_words(s);
  __m256i words[most][4];
#pragma GCC unroll 4
  for (int k = 0; k < most; ++k) {
    const int c = 32 * (first + k);
    if (k < n)
      load_channels(in + c * plane + word, plane, s.c - c, words[k]);
    else
      words[k][0] = words[k][1] = words[k][2] = words[k][3] = _mm256_setzero_si256();
  }
#pragma GCC unroll 4
  for (int g = 0; g < 4; ++g) {
    std::uint32_t* to = out + at.position[g] * step + first;
    if constexpr (One) {
      _mm256_maskstore_epi32(reinterpret_cast<int*>(to), first_words(at.count[g]), words[0][g]);
    } else {
      __m256i v[4] = {words[0][g], words[1][g], words[2][g], words[3][g]};
      store_positions(to, step, at.count[g], n, v);
    }
  }
}

template <bool ToPlanes, class Geometry>
OFFRAMP_AVX2 inline void convert(Geometry g, const std::uint32_t* in, std::uint32_t* out) {
  const shape s = g().in;
  const int step = position_words(s.c, layout::nhwc), plane = row_plane_words(s);
  plane_walk walk{s};
  for (int word = 0; word < plane; ++word) {
    const word_positions at = walk.next();
    if (step == 1) {
      if constexpr (ToPlanes)
        word_from_channels<true>(s, at, word, 0, 1, in, out);
      else
        word_to_channels<true>(s, at, word, 0, 1, in, out);
      continue;
    }
    for (int first = 0; first < step; first += 4) {
      const int n = step - first < 4 ? step - first : 4;
      if constexpr (ToPlanes)
        word_from_channels<false>(s, at, word, first, n, in, out);
      else
        word_to_channels<false>(s, at, word, first, n, in, out);
    }
  }
}

}  // namespace avx2::planes

template <>
struct code<avx2::convert_bits> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    avx2::planes::convert<S.in_layout == layout::nhwc>(g, static_cast<const std::uint32_t*>(a.in),
                                                       static_cast<std::uint32_t*>(a.out));
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
