// The loops of conv_bits_columns_traits.hpp. For a band of output rows the inputs become numbers of table entries; for
// every block of output channels and every few words of a tap's channels, tables are built and looked up by all
// positions. Carries go through a tree of adders (Harley and Seal) into five or six planes, of 2, 4, ... each, out of
// which comes one vector of carries for each chunk. At last these, the planes and the taps' parities are added up.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BITS_COLUMNS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BITS_COLUMNS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx512/conv_bits_columns_traits.hpp>
#include <offramp/kernels/avx512/output.hpp>
#include <offramp/kernels/avx512/output_block.hpp>
#include <offramp/kernels/avx512/short_output.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx512 {

namespace columns {

// Vectors of 512 and of 256 channels.
struct wide {
  using vector = __m512i;
  static constexpr int bytes = 64;
  static constexpr int chunk_words = conv_bits_columns::chunk_words(64);
  static constexpr int planes = 5;  // that carries of a chunk fill, of 2 and up
  OFFRAMP_INLINE OFFRAMP_AVX512 static vector zero() { return _mm512_setzero_si512(); }
  OFFRAMP_INLINE OFFRAMP_AVX512 static vector load(const void* from) { return _mm512_loadu_si512(from); }
  OFFRAMP_INLINE OFFRAMP_AVX512 static void store(void* to, vector v) { _mm512_storeu_si512(to, v); }
  OFFRAMP_INLINE OFFRAMP_AVX512 static void store_words(void* to, int n, vector v) {
    _mm512_mask_storeu_epi32(to, static_cast<__mmask16>((1u << n) - 1), v);
  }
  template <int Function>
  OFFRAMP_INLINE OFFRAMP_AVX512 static vector of_three(vector a, vector b, vector c) {
    return _mm512_ternarylogic_epi64(a, b, c, Function);
  }
};
struct half {
  using vector = __m256i;
  static constexpr int bytes = 32;
  static constexpr int chunk_words = conv_bits_columns::chunk_words(32);
  static constexpr int planes = 6;
  OFFRAMP_INLINE OFFRAMP_AVX512 static vector zero() { return _mm256_setzero_si256(); }
  OFFRAMP_INLINE OFFRAMP_AVX512 static vector load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }
  OFFRAMP_INLINE OFFRAMP_AVX512 static void store(void* to, vector v) {
    _mm256_storeu_si256(static_cast<__m256i*>(to), v);
  }
  OFFRAMP_INLINE OFFRAMP_AVX512 static void store_words(void* to, int n, vector v) {
    _mm256_mask_storeu_epi32(to, static_cast<__mmask8>((1u << n) - 1), v);
  }
  template <int Function>
  OFFRAMP_INLINE OFFRAMP_AVX512 static vector of_three(vector a, vector b, vector c) {
    return _mm256_ternarylogic_epi64(a, b, c, Function);
  }
};

// Functions of three bits as the instruction wants them: bit 4 a + 2 b + c of the number is f(a, b, c).
inline constexpr int parity = 0x96, majority = 0xe8, both = 0xc0, either = 0x3c;  // the last two of a and b alone
inline constexpr int greater = 0xb2;                                              // a > b, or equal and c

// The majority of (a or its complement, if bit 2 of `signs` is set; b, bit 0; c, bit 1).
constexpr int majority_of(int signs) {
  int function = 0;
  for (int i = 0; i < 8; ++i) {
    const int set = ((i >> 2 ^ signs >> 2) & 1) + ((i >> 1 ^ signs) & 1) + ((i ^ signs >> 1) & 1);
    function |= (set >= 2 ? 1 : 0) << i;
  }
  return function;
}

// a becomes the low bits of the sum, the high bits come back: b where b and c agree, else the old a, which is not the
// new one. (The instruction overwrites an operand; this way none has to be copied before.)
template <class V>
OFFRAMP_INLINE OFFRAMP_AVX512 typename V::vector add_three(typename V::vector& a, typename V::vector b,
                                                           typename V::vector c) {
  a = V::template of_three<parity>(a, b, c);
  return V::template of_three<0xd4>(b, c, a);
}
template <class V>
OFFRAMP_INLINE OFFRAMP_AVX512 typename V::vector add_two(typename V::vector& a, typename V::vector b) {
  const auto high = V::template of_three<both>(a, b, b);
  a = V::template of_three<either>(a, b, b);
  return high;
}

// A band of output positions.
struct job {
  int rows, columns;
  int step_y, step_x;     // bytes of the index between neighbouring outputs
  int planes, sum_bytes;  // of a position's counts
  unsigned char *tables, *sums;
  const std::uint32_t* scales;  // of 16-bit streams, if there are some
};

// Numbers of table entries of one input position, 16 a word, times 8. Bit 0: the first channel, bit 1: the second, bit
// 2: the parity of all before. At last the parity of all.
OFFRAMP_AVX512 inline void write_index(const std::uint32_t* in, int words, unsigned char* to) {
  constexpr std::uint64_t ones = 0x0101010101010101u;
  std::uint32_t before = 0;  // all bits: is the parity odd?
  for (int i = 0; i < words; ++i, to += 16) {
    const std::uint32_t x = in[i];
    std::uint32_t p = x ^ (x << 1);
    p ^= p << 2, p ^= p << 4, p ^= p << 8, p ^= p << 16;
    const std::uint32_t odd = _pext_u32(p << 1 ^ before, 0x55555555u);
    const std::uint64_t low = _pdep_u64(x, 3 * 8 * ones) | _pdep_u64(odd, 4 * 8 * ones);
    const std::uint64_t high = _pdep_u64(x >> 16, 3 * 8 * ones) | _pdep_u64(odd >> 8, 4 * 8 * ones);
    __builtin_memcpy(to, &low, 8);
    __builtin_memcpy(to + 8, &high, 8);
    before ^= 0u - (p >> 31);
  }
  *to = static_cast<unsigned char>(before & 1u);
}

OFFRAMP_AVX512 inline void write_band(const std::uint32_t* in, const window& w, int first_row, int rows,
                                      unsigned char* to) {
  const int words = conv_bits_columns::input_words(w);
  const int bytes = conv_bits_columns::index_bytes(w);
  for (int i = 0; i < (rows - 1) * w.stride_h + w.kernel_h; ++i) {
    const int y = first_row * w.stride_h - w.pad_top + i;
    for (int j = 0; j < conv_bits_columns::index_columns(w); ++j, to += bytes) {
      const int x = j - w.pad_left;
      if (y < 0 || y >= w.in.h || x < 0 || x >= w.in.w)
        for (int k = 0; k < bytes; k += 16) _mm_storeu_si128(reinterpret_cast<__m128i*>(to + k), _mm_setzero_si128());
      else
        write_index(in + (y * w.in.w + x) * words, words, to);
    }
  }
}

// Tables of `pairs` pairs of input channels, whose weights begin at `weights`; only the first `channels` count. `p`:
// the parity of the weights before them.
template <class V>
[[gnu::noinline]] OFFRAMP_AVX512 inline void build_tables(const unsigned char* weights, int channels, int pairs,
                                                          unsigned char* parity_of_weights, unsigned char* tables) {
  auto p = V::load(parity_of_weights);
  for (int i = 0; i < pairs; ++i, weights += 2 * V::bytes, tables += 8 * V::bytes) {
    const auto a = 2 * i < channels ? V::load(weights) : V::zero();
    const auto b = 2 * i + 1 < channels ? V::load(weights + V::bytes) : V::zero();
    V::store(tables, V::template of_three<majority_of(0)>(p, a, b));
    V::store(tables + V::bytes, V::template of_three<majority_of(1)>(p, a, b));
    V::store(tables + 2 * V::bytes, V::template of_three<majority_of(2)>(p, a, b));
    V::store(tables + 3 * V::bytes, V::template of_three<majority_of(3)>(p, a, b));
    V::store(tables + 4 * V::bytes, V::template of_three<majority_of(4)>(p, a, b));
    V::store(tables + 5 * V::bytes, V::template of_three<majority_of(5)>(p, a, b));
    V::store(tables + 6 * V::bytes, V::template of_three<majority_of(6)>(p, a, b));
    V::store(tables + 7 * V::bytes, V::template of_three<majority_of(7)>(p, a, b));
    p = V::template of_three<parity>(p, a, b);
  }
  V::store(parity_of_weights, p);
}

// Carries of one pair, of 2, 4, 8 and 16 pairs: each enters the planes, what overflows them comes back.
template <class V>
OFFRAMP_INLINE OFFRAMP_AVX512 typename V::vector look_up(const unsigned char* tables, const unsigned char* index,
                                                         int pair) {
  return V::load(tables + pair * 8 * V::bytes + std::size_t{index[pair]} * (V::bytes / 8));
}
template <class V>
OFFRAMP_INLINE OFFRAMP_AVX512 typename V::vector take_two(typename V::vector* planes, const unsigned char* tables,
                                                          const unsigned char* index, int pair) {
  const auto a = look_up<V>(tables, index, pair);
  return add_three<V>(planes[0], a, look_up<V>(tables, index, pair + 1));
}
template <class V>
OFFRAMP_INLINE OFFRAMP_AVX512 typename V::vector take_four(typename V::vector* planes, const unsigned char* tables,
                                                           const unsigned char* index, int pair) {
  const auto a = take_two<V>(planes, tables, index, pair);
  return add_three<V>(planes[1], a, take_two<V>(planes, tables, index, pair + 2));
}
template <class V>
OFFRAMP_INLINE OFFRAMP_AVX512 typename V::vector take_eight(typename V::vector* planes, const unsigned char* tables,
                                                            const unsigned char* index, int pair) {
  const auto a = take_four<V>(planes, tables, index, pair);
  return add_three<V>(planes[2], a, take_four<V>(planes, tables, index, pair + 4));
}
template <class V>
OFFRAMP_INLINE OFFRAMP_AVX512 typename V::vector take_word(typename V::vector* planes, const unsigned char* tables,
                                                           const unsigned char* index, int word) {
  const auto a = take_eight<V>(planes, tables, index, 16 * word);
  return add_three<V>(planes[3], a, take_eight<V>(planes, tables, index, 16 * word + 8));
}

// One pass over the positions of a band: carries of `Words` words of input channels, whose tables are built, enter the
// planes of each position; `carries` gets what is worth twice the last one.
template <class V, int Words>
[[gnu::noinline]] OFFRAMP_AVX512 inline void add_words(const job& j, const unsigned char* index, bool first,
                                                       unsigned char* carries) {
  const unsigned char* tables = j.tables;
  unsigned char* sums = j.sums;
  const int step_x = j.step_x;
  for (int y = 0; y < j.rows; ++y, index += j.step_y) {
    const unsigned char* x = index;
    for (int left = j.columns; left > 0; --left, x += step_x, sums += j.sum_bytes, carries += V::bytes) {
      typename V::vector planes[V::planes];
#pragma GCC unroll 6
      for (int i = 0; i < V::planes; ++i) planes[i] = first ? V::zero() : V::load(sums + i * V::bytes);
      auto carry = take_word<V>(planes, tables, x, 0);  // worth 32, then more
      if constexpr (Words == 1)
        carry = add_two<V>(planes[4], carry);
      else
        carry = add_three<V>(planes[4], carry, take_word<V>(planes, tables, x, 1));
      if constexpr (V::planes == 6) {
        if constexpr (Words <= 2) {
          carry = add_two<V>(planes[5], carry);
        } else {
          auto more = take_word<V>(planes, tables, x, 2);
          if constexpr (Words == 3)
            more = add_two<V>(planes[4], more);
          else
            more = add_three<V>(planes[4], more, take_word<V>(planes, tables, x, 3));
          carry = add_three<V>(planes[5], carry, more);
        }
      }
#pragma GCC unroll 6
      for (int i = 0; i < V::planes; ++i) V::store(sums + i * V::bytes, planes[i]);
      V::store(carries, carry);
    }
  }
}

// Adds a vector worth 2^From to a number in `count` planes.
template <class V, int From>
OFFRAMP_INLINE OFFRAMP_AVX512 void add_carry(typename V::vector* planes, int count, typename V::vector carry) {
#pragma GCC unroll 16
  for (int i = From; i < conv_bits_columns::most_planes; ++i)
    if (i < count) carry = add_two<V>(planes[i], carry);
}

// How often the parity of a tap is odd, in planes: of all taps of the position whose first input's parity stands at
// `odd`. Two vectors a tap say what an even and an odd parity mean to the channels.
template <class V, int Planes>
OFFRAMP_INLINE OFFRAMP_AVX512 void count_parities(const window& w, const unsigned char* odd,
                                                  const unsigned char* parities, typename V::vector* planes) {
  const int bytes = conv_bits_columns::index_bytes(w);
  const int row_bytes = conv_bits_columns::index_columns(w) * bytes;
  for (int ky = 0; ky < w.kernel_h; ++ky, odd += row_bytes) {
    const unsigned char* from = odd;
    for (int kx = 0; kx < w.kernel_w; ++kx, from += bytes, parities += 2 * V::bytes) {
      auto carry = V::load(parities + std::size_t{*from} * V::bytes);
#pragma GCC unroll 16
      for (int i = 0; i < Planes; ++i) carry = add_two<V>(planes[i], carry);
    }
  }
}

// Completes the counts of all positions of a band: what passes have left in `sums`, the carries of all chunks, and the
// parities of the taps, of which there are less than 2^Planes. They replace the sums.
template <class V, int Planes>
[[gnu::noinline]] OFFRAMP_AVX512 inline void complete_counts(const window& w, const job& j,
                                                             const unsigned char* parities, const unsigned char* index,
                                                             const unsigned char* carries) {
  using layout_of = conv_bits_columns;
  constexpr int above = V::planes + 1;  // the plane of the carries
  const int chunks = layout_of::chunks(w, V::bytes);
  const std::ptrdiff_t step = std::ptrdiff_t{j.rows} * j.columns * V::bytes;
  const unsigned char* parity_row = index + layout_of::index_bytes(w) - 16;
  unsigned char* sums = j.sums;
  for (int y = 0; y < j.rows; ++y, parity_row += j.step_y) {
    const unsigned char* odd = parity_row;
    for (int x = 0; x < j.columns; ++x, odd += j.step_x, carries += V::bytes, sums += j.sum_bytes) {
      typename V::vector planes[layout_of::most_planes];
      planes[0] = V::zero();
#pragma GCC unroll 16
      for (int i = 1; i < layout_of::most_planes; ++i)
        planes[i] = i < above ? V::load(sums + (i - 1) * V::bytes) : V::zero();
      const unsigned char* from = carries;
      int left = chunks;
      for (; left >= 4; left -= 4, from += 4 * step) {
        const auto a = add_three<V>(planes[above], V::load(from), V::load(from + step));
        const auto b = add_three<V>(planes[above], V::load(from + 2 * step), V::load(from + 3 * step));
        add_carry<V, above + 2>(planes, j.planes, add_three<V>(planes[above + 1], a, b));
      }
      for (; left > 0; --left, from += step) add_carry<V, above>(planes, j.planes, V::load(from));
      typename V::vector few[Planes];
#pragma GCC unroll 16
      for (int i = 0; i < Planes; ++i) few[i] = V::zero();
      count_parities<V, Planes>(w, odd, parities, few);
      auto carry = V::zero();
#pragma GCC unroll 16
      for (int i = 0; i < Planes; ++i) carry = add_three<V>(planes[i], few[i], carry);
      add_carry<V, Planes>(planes, j.planes, carry);
#pragma GCC unroll 16
      for (int i = 0; i < layout_of::most_planes; ++i)
        if (i < j.planes) V::store(sums + i * V::bytes, planes[i]);
    }
  }
}

// Complete counts to output bits: acc < t where depth - 2 count < t, where the count is at least some number, which
// stands in planes as well.
template <op_signature S, class V>
OFFRAMP_AVX512 inline void store_bits(const parameters<S>& p, const window& w, const job& j, int first, int channels,
                                      int first_position, void* out) {
  unsigned char least[conv_bits_columns::most_planes * V::bytes] = {};
  for (int c = 0; c < channels; c += 16) {
    const int n = channels - c < 16 ? channels - c : 16;
    __m512i t = load_words16(avx2::parameter_words(p, 0, first + c), n);
    t = _mm512_max_epi32(_mm512_min_epi32(t, _mm512_set1_epi32(w.depth() + 1)), _mm512_set1_epi32(-w.depth()));
    t = _mm512_srai_epi32(_mm512_sub_epi32(_mm512_set1_epi32(w.depth() + 2), t), 1);
    for (int i = 0; i < j.planes; ++i) {
      const __mmask16 bits = _mm512_test_epi32_mask(t, _mm512_set1_epi32(1 << i));
      __builtin_memcpy(least + i * V::bytes + c / 8, &bits, 2);
    }
  }
  const int words = ceil_div(channels, 32);
  std::uint32_t flips[V::bytes / 4] = {}, used[V::bytes / 4] = {};
  for (int i = 0; i < words; ++i) {
    flips[i] = p.flips(first / 32 + i);
    used[i] = low_bits(channels - 32 * i);
  }
  const auto flip = V::load(flips), use = V::load(used);
  const int out_words = ceil_div(w.out.c, 32);
  auto* to = static_cast<std::uint32_t*>(out) + first_position * out_words + first / 32;
  const unsigned char* counts = j.sums;
  for (int i = 0; i < j.rows * j.columns; ++i, counts += j.sum_bytes, to += out_words) {
    auto below = V::template of_three<0xff>(flip, flip, flip);
    for (int k = 0; k < j.planes; ++k)
      below = V::template of_three<greater>(V::load(counts + k * V::bytes), V::load(least + k * V::bytes), below);
    V::store_words(to, words, V::template of_three<0x28>(below, flip, use));  // (below ^ flip) & use
  }
}

// Thirty-two counts in 16 bits, moved to the left by s.
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i gather_planes(const unsigned char* counts, int planes, int bytes, int s) {
  __m512i count = _mm512_setzero_si512();
#pragma GCC unroll 16
  for (int k = 0; k < conv_bits_columns::most_planes; ++k)
    if (k < planes) {
      __mmask32 bits;
      __builtin_memcpy(&bits, counts + k * bytes, 4);
      count = _mm512_mask_add_epi16(count, bits, count, _mm512_set1_epi16(static_cast<short>(1 << (k + s))));
    }
  return count;
}

// Complete counts to numbers.
template <op_signature S, class V>
OFFRAMP_AVX512 inline void store_numbers(const parameters<S>& p, const window& w, const job& j, int first, int channels,
                                         int first_position, void* out) {
  for (int c = 0; c < channels; c += 32) {
    const unsigned char* counts = j.sums + c / 8;
    if constexpr (short_scales::takes(S)) {
      const int s = short_scales::spare_bits({S, w});
      const std::size_t block = short_scales::block_words * static_cast<std::size_t>((first + c) / 32);
      short_lanes l;
      if (j.scales != nullptr && channels - c >= 32 &&
          load_short_lanes(j.scales + block, short_scales::middle({S, w}, s), p.low(), p.high(), l)) {
        auto* to = static_cast<std::int16_t*>(out) + first_position * w.out.c + first + c;
        for (int i = 0; i < j.rows * j.columns; ++i, counts += j.sum_bytes, to += w.out.c)
          store_shorts32<S>(to, scale_shorts<S.rectified>(l, gather_planes(counts, j.planes, V::bytes, s)));
        continue;
      }
    }
    const int n = channels - c < 16 ? channels - c : 16;
    const int more = channels - c - 16 < 16 ? channels - c - 16 : 16;
    const output_lanes16 lanes = load_output_lanes16<S>(p, first + c, n);
    output_lanes16 more_lanes = lanes;
    if (more > 0) more_lanes = load_output_lanes16<S>(p, first + c + 16, more);
    const __m512i depth = _mm512_set1_epi32(w.depth());
    for (int i = 0; i < j.rows * j.columns; ++i, counts += j.sum_bytes) {
      const __m512i count = gather_planes(counts, j.planes, V::bytes, 0);
      const __m512i low = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(count));
      const __m512i high = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(count, 1));
      store_lanes16<S>(lanes, w, out, first_position + i, first + c, n,
                       _mm512_sub_epi32(depth, _mm512_slli_epi32(low, 1)));
      if (more > 0)
        store_lanes16<S>(more_lanes, w, out, first_position + i, first + c + 16, more,
                         _mm512_sub_epi32(depth, _mm512_slli_epi32(high, 1)));
    }
  }
}

// A block of output channels in a band. `Passes`: those that there are; `FewTaps`: below 16 of them.
template <op_signature S, class V, unsigned Passes, bool FewTaps>
OFFRAMP_AVX512 inline void convolve_block(const parameters<S>& p, const window& w, job j, const unsigned char* weights,
                                          unsigned char* parities, const unsigned char* index, unsigned char* carries,
                                          int first, int first_row, void* out) {
  using layout_of = conv_bits_columns;
  const int words = layout_of::input_words(w);
  const std::ptrdiff_t carry_step = std::ptrdiff_t{j.rows} * j.columns * V::bytes;
  const std::ptrdiff_t tap_bytes = std::ptrdiff_t{layout_of::stored_words(w)} * 32 * V::bytes;
  const int position_bytes = layout_of::index_bytes(w);
  unsigned char* carries_of_chunk = carries;
  bool first_pass = true;
  j.sum_bytes = j.planes * V::bytes;
  for (int t = 0; t < w.taps(); ++t, weights += tap_bytes) {
    unsigned char* parity_of_tap = parities + 2 * t * V::bytes;
    V::store(parity_of_tap, V::zero());
    const unsigned char* inputs =
        index + (t / w.kernel_w * layout_of::index_columns(w) + t % w.kernel_w) * position_bytes;
    for (int word = 0; word < words; word += V::chunk_words) {
      const int n = words - word < V::chunk_words ? words - word : V::chunk_words;
      build_tables<V>(weights + word * 32 * V::bytes, w.in.c - 32 * word, 16 * n, parity_of_tap, j.tables);
      const unsigned char* x = inputs + 16 * word;
      if constexpr ((Passes & 2) != 0)
        if (n == 1) add_words<V, 1>(j, x, first_pass, carries_of_chunk);
      if constexpr ((Passes & 4) != 0)
        if (n == 2) add_words<V, 2>(j, x, first_pass, carries_of_chunk);
      if constexpr ((Passes & 8) != 0 && V::chunk_words == 4)
        if (n == 3) add_words<V, 3>(j, x, first_pass, carries_of_chunk);
      if constexpr ((Passes & 16) != 0 && V::chunk_words == 4)
        if (n == 4) add_words<V, 4>(j, x, first_pass, carries_of_chunk);
      first_pass = false;
      carries_of_chunk += carry_step;
    }
    const auto even = V::load(parity_of_tap);
    V::store(parity_of_tap + V::bytes, V::template of_three<0x0f>(even, even, even));
  }
  if constexpr (FewTaps)
    complete_counts<V, 4>(w, j, parities, index, carries);
  else
    complete_counts<V, 16>(w, j, parities, index, carries);
  const int channels = w.out.c - first < V::bytes * 8 ? w.out.c - first : V::bytes * 8;
  if constexpr (S.out == kind::bits)
    store_bits<S, V>(p, w, j, first, channels, first_row * w.out.w, out);
  else
    store_numbers<S, V>(p, w, j, first, channels, first_row * w.out.w, out);
}

}  // namespace columns

}  // namespace avx512

template <>
struct code<avx512::conv_bits_columns> {
  template <op_signature S, class Geometry>
  OFFRAMP_AVX512 static void run(Geometry g, const arguments& a) {
    using layout_of = avx512::conv_bits_columns;
    using avx512::columns::half;
    using avx512::columns::wide;
    constexpr unsigned vectors = Geometry::is_static ? layout_of::vectors(Geometry{}()) : 3;
    const window w = g();
    const parameters<S> params{a.weights, w};
    const std::uint32_t* kernel = a.weights + packed_begin({S, w});
    auto* scratch = reinterpret_cast<unsigned char*>((reinterpret_cast<std::uintptr_t>(a.scratch) + 63) / 64 * 64);
    const auto memory = layout_of::memory(w);
    unsigned char* const index = scratch + memory.index;
    avx512::columns::job j;
    j.columns = w.out.w;
    j.step_x = w.stride_w * layout_of::index_bytes(w);
    j.step_y = w.stride_h * layout_of::index_columns(w) * layout_of::index_bytes(w);
    j.planes = layout_of::planes(w);
    j.sum_bytes = 0;
    j.tables = scratch, j.sums = scratch + memory.sums;
    const kernel_op op{S, w};
    j.scales = short_scales::present(op) ? a.weights + layout_of::scales_begin(op) : nullptr;
    for (int row = 0; row < w.out.h; row += layout_of::band_rows(w)) {
      j.rows = w.out.h - row < layout_of::band_rows(w) ? w.out.h - row : layout_of::band_rows(w);
      avx512::columns::write_band(static_cast<const std::uint32_t*>(a.in), w, row, j.rows, index);
      for (int first = 0; first < w.out.c; first += 512) {
        const auto* weights = reinterpret_cast<const unsigned char*>(kernel + layout_of::block_begin(w, first / 512));
        const bool is_wide = layout_of::block_channels(w, first / 512) == 512;
        if constexpr ((vectors & 2) != 0)
          if (is_wide) block<S, wide, Geometry>(params, w, j, weights, memory, scratch, first, row, a.out);
        if constexpr ((vectors & 1) != 0)
          if (!is_wide) block<S, half, Geometry>(params, w, j, weights, memory, scratch, first, row, a.out);
      }
    }
  }

 private:
  // A constant geometry makes code for what it has alone.
  template <op_signature S, class V, class Geometry>
  OFFRAMP_AVX512 static void block(const parameters<S>& p, const window& w, const avx512::columns::job& j,
                                   const unsigned char* weights, const avx512::conv_bits_columns::working_memory& at,
                                   unsigned char* scratch, int first, int row, void* out) {
    using layout_of = avx512::conv_bits_columns;
    using avx512::columns::convolve_block;
    constexpr bool constant = Geometry::is_static;
    constexpr unsigned passes = constant ? layout_of::passes(Geometry{}(), V::bytes) : layout_of::every_pass;
    if constexpr (!constant || Geometry{}().taps() < 16)
      if (w.taps() < 16)
        convolve_block<S, V, passes, true>(p, w, j, weights, scratch + at.parities, scratch + at.index,
                                           scratch + at.carries, first, row, out);
    if constexpr (!constant || Geometry{}().taps() >= 16)
      if (w.taps() >= 16)
        convolve_block<S, V, passes, false>(p, w, j, weights, scratch + at.parities, scratch + at.index,
                                            scratch + at.carries, first, row, out);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
