// From 8 accumulators of neighbouring channels to stored elements: the output stage (output_stage.hpp) bit for bit, in
// vectors of 32-bit lanes. `load_output_lanes8` reads the parameters of the channels, once for as many positions as one
// likes; `store_lanes8` does the rest for one position. How requantization stays within 32 bits:
// kernels/avx512/output.hpp.
#ifndef OFFRAMP_KERNELS_AVX2_OUTPUT_HPP
#define OFFRAMP_KERNELS_AVX2_OUTPUT_HPP

#include <cstdint>

#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/runs.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// Where parameter array `a` holds channel c.
template <op_signature S>
OFFRAMP_INLINE const std::uint32_t* parameter_words(const parameters<S>& p, int a, int c) {
  struct view {  // the members of `parameters`
    const std::uint32_t* words;
    int channels;
  };
  const view v = __builtin_bit_cast(view, p);
  return v.words + 4 + a * v.channels + c;
}

// May accumulators begin with the bias of their channel, so that adding it costs nothing?
template <op_signature S>
constexpr bool takes_biased = (S.out == kind::i8 || S.out == kind::i16) && !S.float_accumulator() && !S.two_slopes &&
                              !S.rectified && accumulator_fraction_bits(S) == 0;

// Can four vectors become bytes together, 2 instructions each instead of 5? Zero point, clamp and saturation then act
// on 16 and 8 bits; |zero| <= 128 cannot bring what 16 bits hold no more back into 8.
template <op_signature S>
constexpr bool stores_quads = S.out == kind::i8 && !S.add && !S.float_accumulator();

// All ones in the first n (0 to 8) lanes.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i first_lanes8(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

OFFRAMP_INLINE OFFRAMP_AVX2 __m256i load_words8(const void* from, int n) {
  return n == 8 ? _mm256_loadu_si256(static_cast<const __m256i*>(from))
                : _mm256_maskload_epi32(static_cast<const int*>(from), first_lanes8(n));
}

// One set of output parameters (weights.hpp).
struct output_set8 {
  __m256i bias;  // or the factor, where floats are multiplied
  __m256i multiplier, odd_multiplier;
  __m256i half, shift;  // k - 32, and what rounds before that shift
  __m256i left, most;   // of factors from 1/4 up
  bool grows;           // is there one?
};

// What `store_lanes8` needs to know of its 8 channels.
struct output_lanes8 {
  __m256i threshold;
  output_set8 set[2];  // two slopes: above and below the threshold
  std::uint32_t flips;
  std::int32_t out_zero, low, high;
};

namespace detail {

OFFRAMP_INLINE OFFRAMP_AVX2 __m256i odd_lanes(__m256i v) { return _mm256_shuffle_epi32(v, 0xf5); }

// Parameter array a of channels [first, first + n).
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i load_parameter8(const parameters<S>& p, int a, int first, int n) {
  if constexpr (S.shares_parameters())
    return _mm256_set1_epi32(p.integer(a, 0));
  else
    return load_words8(parameter_words(p, a, first), n);
}

template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void load_set8(const parameters<S>& p, int array, int first, int n, output_set8& set) {
  set.bias = load_parameter8(p, array, first, n);
  if constexpr (parameter_set(S) > 1) set.multiplier = load_parameter8(p, array + 1, first, n);
  if constexpr (parameter_set(S) > 2 && !S.float_accumulator()) {
    set.odd_multiplier = odd_lanes(set.multiplier);
    __m256i k = _mm256_sub_epi32(_mm256_set1_epi32(31), load_parameter8(p, array + 2, first, n));
    if constexpr (S.out == kind::i32) {
      set.shift = k;
    } else {
      const __m256i most_k = _mm256_set1_epi32(33);
      const __m256i one = _mm256_set1_epi32(1);
      const __m256i large = _mm256_cmpgt_epi32(most_k, k);
      set.grows = _mm256_testz_si256(large, first_lanes8(n)) == 0;
      k = _mm256_max_epi32(k, _mm256_set1_epi32(6));
      set.left = _mm256_max_epi32(_mm256_sub_epi32(most_k, k), _mm256_setzero_si256());
      set.most = _mm256_sllv_epi32(one, _mm256_sub_epi32(k, _mm256_set1_epi32(6)));
      set.most = _mm256_blendv_epi8(_mm256_set1_epi32(0x7fffffff), set.most, large);
      k = _mm256_max_epi32(k, most_k);
      set.half = _mm256_sllv_epi32(one, _mm256_sub_epi32(k, most_k));
      set.shift = _mm256_sub_epi32(k, _mm256_set1_epi32(32));
    }
  }
}

// round(v * factor), right where the result lies within 2^24, and beyond it on the same side where it does not.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i requantize8(const output_set8& set, __m256i v) {
  if (set.grows) {
    v = _mm256_max_epi32(_mm256_min_epi32(v, set.most), _mm256_sub_epi32(_mm256_setzero_si256(), set.most));
    v = _mm256_sllv_epi32(v, set.left);
  }
  const __m256i even = _mm256_mul_epi32(v, set.multiplier);
  const __m256i odd = _mm256_mul_epi32(odd_lanes(v), set.odd_multiplier);
  const __m256i high = _mm256_blend_epi32(odd_lanes(even), odd, 0xaa);
  return _mm256_srav_epi32(_mm256_add_epi32(high, set.half), set.shift);
}

// The same in the whole range of 32 bits, for streams of i32; rare, and AVX2 shifts no 64 bits arithmetically.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i requantize_wide8(const output_set8& set, __m256i v) {
  std::int32_t values[8], multipliers[8], k[8];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), v);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(multipliers), set.multiplier);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(k), set.shift);
  for (int i = 0; i < 8; ++i) values[i] = requantize(values[i], multipliers[i], 31 - k[i]);
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values));
}

// clamp(v, low, high), which keeps a zero's sign and what is no number.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256 clamp8(__m256 v, float low, float high) {
  return _mm256_min_ps(_mm256_set1_ps(high), _mm256_max_ps(_mm256_set1_ps(low), v));
}

// The result before clamp and stream: q of i8 and i16, the number of i32 and f32. Floats as their bits. Biased: `acc`
// has its bias already.
template <op_signature S, bool Biased>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i scale8(const output_set8& set, __m256i acc) {
  if constexpr (S.out == kind::i32 && !S.add) {
    return _mm256_add_epi32(acc, set.bias);
  } else if constexpr (S.out == kind::i32) {
    return requantize_wide8(set, _mm256_add_epi32(acc, set.bias));
  } else if constexpr (S.out == kind::f32 || S.float_accumulator()) {
    const __m256 x = S.float_accumulator() ? _mm256_castsi256_ps(acc) : _mm256_cvtepi32_ps(acc);
    const __m256 y = _mm256_fmadd_ps(x, _mm256_castsi256_ps(set.bias), _mm256_castsi256_ps(set.multiplier));
    if constexpr (S.out == kind::f32) return _mm256_castps_si256(y);
    const __m256 limited = clamp8(y, -1e9f, 1e9f);
    const __m256 negative = _mm256_cmp_ps(limited, _mm256_setzero_ps(), _CMP_LT_OQ);
    const __m256 half = _mm256_blendv_ps(_mm256_set1_ps(0.5f), _mm256_set1_ps(-0.5f), negative);
    return _mm256_cvttps_epi32(_mm256_add_ps(limited, half));
  } else {
    if constexpr (Biased) return requantize8(set, acc);
    const __m256i fine = _mm256_slli_epi32(acc, accumulator_fraction_bits(S));
    return requantize8(set, _mm256_add_epi32(fine, set.bias));
  }
}

// The first n elements of T as lanes. `whole`: there are 8 to read, which is done wherever they are: putting a vector
// together in memory takes as long as all the rest, since loads wait for narrower stores.
template <class T>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i load_stream8(const T* from, int n, bool whole) {
  T elements[8] = {};
  if (!whole) [[unlikely]] {
    copy_run(elements, from, n);
    from = elements;
  }
  if constexpr (sizeof(T) == 1)
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  else
    return _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

}  // namespace detail

// The first n (0 to 16) bytes of a vector.
OFFRAMP_INLINE OFFRAMP_AVX2 void store_first_bytes(void* to, int n, __m128i v) {
  if (n == 16) return _mm_storeu_si128(static_cast<__m128i*>(to), v);
  auto* at = static_cast<unsigned char*>(to);
  if ((n & 8) != 0) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(at), v);
    v = _mm_srli_si128(v, 8), at += 8;
  }
  std::uint32_t low = static_cast<std::uint32_t>(_mm_cvtsi128_si32(v));
  if ((n & 4) != 0) {
    __builtin_memcpy(at, &low, 4);
    low = static_cast<std::uint32_t>(_mm_extract_epi32(v, 1)), at += 4;
  }
  if ((n & 2) != 0) {
    __builtin_memcpy(at, &low, 2);
    low >>= 16, at += 2;
  }
  if ((n & 1) != 0) *at = static_cast<unsigned char>(low);
}

// Parameters of channels [first, first + n), n from 1 to 8; `first` a multiple of 8.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 output_lanes8 load_output_lanes8(const parameters<S>& p, int first, int n) {
  output_lanes8 l;
  if constexpr (S.out == kind::bits || S.two_slopes) l.threshold = detail::load_parameter8(p, 0, first, n);
  if constexpr (S.out == kind::bits) {
    l.flips = p.flips(first / 32) >> (first % 32) & 0xffu;
  } else {
    detail::load_set8(p, S.two_slopes ? 1 : 0, first, n, l.set[0]);
    if constexpr (S.two_slopes) detail::load_set8(p, 1 + parameter_set(S), first, n, l.set[1]);
    l.out_zero = p.out_zero();
    l.low = p.low();
    l.high = p.high();
  }
  return l;
}

// All ones where accumulators are below their thresholds (bits, two slopes). Floats as their bits, here and below.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i below_threshold8(const output_lanes8& l, __m256i acc) {
  if constexpr (S.float_accumulator())
    return _mm256_castps_si256(_mm256_cmp_ps(_mm256_castsi256_ps(acc), _mm256_castsi256_ps(l.threshold), _CMP_LT_OQ));
  else
    return _mm256_cmpgt_epi32(l.threshold, acc);
}

// The 8 output bits of n channels; spare ones are zero. Four of them make a word.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 std::uint32_t output_bits8(const output_lanes8& l, int n, __m256i acc) {
  const int below = _mm256_movemask_ps(_mm256_castsi256_ps(below_threshold8<S>(l, acc)));
  return (static_cast<std::uint32_t>(below) ^ l.flips) & (0xffu >> (8 - n));
}

// Output kinds i8 and i16, before zero point, clamp and stream. Biased: `acc` has its bias already.
template <op_signature S, bool Biased = false>
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i scaled_lanes8(const output_lanes8& l, __m256i acc) {
  if constexpr (S.rectified && S.float_accumulator())
    acc = _mm256_castps_si256(_mm256_max_ps(_mm256_setzero_ps(), _mm256_castsi256_ps(acc)));
  else if constexpr (S.rectified)
    acc = _mm256_max_epi32(acc, _mm256_setzero_si256());
  const __m256i y = detail::scale8<S, Biased>(l.set[0], acc);
  if constexpr (!S.two_slopes) return y;
  return _mm256_blendv_epi8(y, detail::scale8<S, Biased>(l.set[1], acc), below_threshold8<S>(l, acc));
}

// Stores channels [first, first + n) of a position.
template <op_signature S, bool Biased = false>
OFFRAMP_INLINE OFFRAMP_AVX2 void store_lanes8(const output_lanes8& l, const window& w, void* out, int position,
                                              int first, int n, __m256i acc) {
  static_assert(!Biased || takes_biased<S>);
  if constexpr (S.out == kind::bits) {
    const std::uint32_t byte = output_bits8<S>(l, n, acc);
    auto* to = reinterpret_cast<unsigned char*>(static_cast<std::uint32_t*>(out) + position * ceil_div(w.out.c, 32)) +
               first / 8;
    to[0] = static_cast<unsigned char>(byte);
    // The last channels of a position own what is left of their word.
    if (first + 8 >= w.out.c)
      for (int spare = 1; (first / 8 + spare) % 4 != 0; ++spare) to[spare] = 0;
  } else if constexpr (S.out == kind::i8 || S.out == kind::i16) {
    using element = storage_t<S.out>;
    element* to = static_cast<element*>(out) + position * w.out.c + first;
    __m256i q = scaled_lanes8<S, Biased>(l, acc);
    // What is clamped to low - zero cannot overflow when the zero point comes on top.
    q = _mm256_max_epi32(_mm256_min_epi32(q, _mm256_set1_epi32(l.high - l.out_zero)),
                         _mm256_set1_epi32(l.low - l.out_zero));
    q = _mm256_add_epi32(q, _mm256_set1_epi32(l.out_zero));
    if constexpr (S.add) {
      const bool whole = n == 8 || position * w.out.c + first + 8 <= w.out.size();
      q = _mm256_add_epi32(q, detail::load_stream8(to, n, whole));
    }
    __m128i packed = _mm_packs_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
    if constexpr (S.out == kind::i8) packed = _mm_packs_epi16(packed, packed);
    if (n < 8) [[unlikely]]
      store_first_bytes(to, n * static_cast<int>(sizeof(element)), packed);
    else if constexpr (S.out == kind::i8)
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), packed);
    else
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), packed);
  } else {
    storage_t<S.out>* to = static_cast<storage_t<S.out>*>(out) + position * w.out.c + first;
    __m256i y = scaled_lanes8<S>(l, acc);
    if constexpr (S.out == kind::f32) {
      __m256 f =
          detail::clamp8(_mm256_castsi256_ps(y), __builtin_bit_cast(float, l.low), __builtin_bit_cast(float, l.high));
      if constexpr (S.add) f = _mm256_add_ps(_mm256_castsi256_ps(load_words8(to, n)), f);
      y = _mm256_castps_si256(f);
    } else if constexpr (S.add) {
      y = _mm256_add_epi32(load_words8(to, n), y);
    }
    if (n == 8)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), y);
    else
      _mm256_maskstore_epi32(reinterpret_cast<int*>(to), first_lanes8(n), y);
  }
}
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void store_lanes8(const output_lanes8& l, const window& w, void* out, int position,
                                              int first, int n, __m256 acc) {
  store_lanes8<S>(l, w, out, position, first, n, _mm256_castps_si256(acc));
}

// The same, parameters loaded for this position alone.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void store_lanes8(const parameters<S>& p, const window& w, void* out, int position,
                                              int first, int n, __m256i acc) {
  store_lanes8<S>(load_output_lanes8(p, first, n), w, out, position, first, n, acc);
}
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void store_lanes8(const parameters<S>& p, const window& w, void* out, int position,
                                              int first, int n, __m256 acc) {
  store_lanes8(p, w, out, position, first, n, _mm256_castps_si256(acc));
}

// Four times 8 scaled accumulators (scaled_lanes8) as bytes, one vector after the other.
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i output_bytes32(const output_lanes8& l, __m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i zero = _mm256_set1_epi16(static_cast<short>(l.out_zero));
  const __m256i ab = _mm256_adds_epi16(_mm256_packs_epi32(a, b), zero);
  const __m256i cd = _mm256_adds_epi16(_mm256_packs_epi32(c, d), zero);
  __m256i bytes = _mm256_packs_epi16(ab, cd);
  bytes = _mm256_max_epi8(_mm256_min_epi8(bytes, _mm256_set1_epi8(static_cast<char>(l.high))),
                          _mm256_set1_epi8(static_cast<char>(l.low)));
  // Packing works in halves of a vector, each with 4 bytes of a, b, c and d.
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2
#endif

#endif
