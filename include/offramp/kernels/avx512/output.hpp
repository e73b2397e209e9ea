// From 16 accumulators of neighbouring channels to stored elements: the output stage (output_stage.hpp) bit for bit, in
// vectors of 32-bit lanes. `load_output_lanes16` reads the parameters of the channels, once for as many positions as
// one likes; `store_lanes16` does the rest for one position.
//
// Requantization in 32 bits. With k = 31 - shift, round(v * m / 2^k) = floor((v * m + 2^(k-1)) / 2^k). If k >= 33, the
// low half of the product matters no more (floors nest): floor((high(v * m) + 2^(k-33)) / 2^(k-32)), and |high| <= 2^30
// leaves room for the sum. Smaller k mean factors from 1/4 up: v moves left by 33 - k first, limited to where the
// result is beyond 2^24 already and thus at the clamp, whatever it is exactly.
#ifndef OFFRAMP_KERNELS_AVX512_OUTPUT_HPP
#define OFFRAMP_KERNELS_AVX512_OUTPUT_HPP

#include <cstdint>

#include <offramp/kernels/avx2/output.hpp>
#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

using avx2::parameter_words;
using avx2::stores_quads;
using avx2::takes_biased;

// The first n (1 to 16) lanes of a vector.
OFFRAMP_INLINE __mmask16 first_lanes16(int n) { return static_cast<__mmask16>(0xffffu >> (16 - n)); }

OFFRAMP_INLINE OFFRAMP_AVX512 __m512i load_words16(const void* from, int n) {
  return n == 16 ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi32(first_lanes16(n), from);
}

// One set of output parameters (weights.hpp).
struct output_set16 {
  __m512i bias;  // or the factor, where floats are multiplied
  __m512i multiplier, odd_multiplier;
  __m512i half, shift;  // k - 32 (k where sums of 64 bits are shifted), and what rounds before that shift
  __m512i left, most;   // of factors from 1/4 up
  bool grows;           // is there one?
};

// What `store_lanes16` needs to know of its 16 channels.
struct output_lanes16 {
  __m512i threshold;
  output_set16 set[2];  // two slopes: above and below the threshold
  std::uint32_t flips;
  std::int32_t out_zero, low, high;
};

namespace detail {

OFFRAMP_INLINE OFFRAMP_AVX512 __m512i odd_lanes(__m512i v) { return _mm512_shuffle_epi32(v, _MM_PERM_DDBB); }

// Parameter array a of channels [first, first + n).
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i load_parameter16(const parameters<S>& p, int a, int first, int n) {
  if constexpr (S.shares_parameters())
    return _mm512_set1_epi32(p.integer(a, 0));
  else
    return load_words16(parameter_words(p, a, first), n);
}

template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void load_set16(const parameters<S>& p, int array, int first, int n, output_set16& set) {
  set.bias = load_parameter16(p, array, first, n);
  if constexpr (parameter_set(S) > 1) set.multiplier = load_parameter16(p, array + 1, first, n);
  if constexpr (parameter_set(S) > 2 && !S.float_accumulator()) {
    set.odd_multiplier = odd_lanes(set.multiplier);
    __m512i k = _mm512_sub_epi32(_mm512_set1_epi32(31), load_parameter16(p, array + 2, first, n));
    if constexpr (S.out == kind::i32) {
      set.shift = k;
    } else {
      const __m512i most_k = _mm512_set1_epi32(33);
      set.grows = _mm512_mask_cmplt_epi32_mask(first_lanes16(n), k, most_k) != 0;
      k = _mm512_max_epi32(k, _mm512_set1_epi32(6));
      set.left = _mm512_max_epi32(_mm512_sub_epi32(most_k, k), _mm512_setzero_si512());
      set.most = _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_sub_epi32(k, _mm512_set1_epi32(6)));
      set.most = _mm512_mask_mov_epi32(set.most, _mm512_cmpge_epi32_mask(k, most_k), _mm512_set1_epi32(0x7fffffff));
      k = _mm512_max_epi32(k, most_k);
      set.half = _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_sub_epi32(k, most_k));
      set.shift = _mm512_sub_epi32(k, _mm512_set1_epi32(32));
    }
  }
}

// round(v * factor), right where the result lies within 2^24, and beyond it on the same side where it does not.
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i requantize16(const output_set16& set, __m512i v) {
  if (set.grows) {
    v = _mm512_max_epi32(_mm512_min_epi32(v, set.most), _mm512_sub_epi32(_mm512_setzero_si512(), set.most));
    v = _mm512_sllv_epi32(v, set.left);
  }
  const __m512i high_halves =
      _mm512_setr_epi32(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);  // of even and odd products
  const __m512i even = _mm512_mul_epi32(v, set.multiplier);
  const __m512i odd = _mm512_mul_epi32(odd_lanes(v), set.odd_multiplier);
  const __m512i high = _mm512_permutex2var_epi32(even, high_halves, odd);
  return _mm512_srav_epi32(_mm512_add_epi32(high, set.half), set.shift);
}

// The same in the whole range of 32 bits, for streams of i32.
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i requantize_wide8(__m512i product, __m512i k) {
  const __m512i half = _mm512_sllv_epi64(_mm512_set1_epi64(1), _mm512_sub_epi64(k, _mm512_set1_epi64(1)));
  const __m512i q = _mm512_srav_epi64(_mm512_add_epi64(product, half), k);
  return _mm512_min_epi64(_mm512_max_epi64(q, _mm512_set1_epi64(-0x7fffffffLL - 1)), _mm512_set1_epi64(0x7fffffffLL));
}
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i requantize_wide16(const output_set16& set, __m512i v) {
  const __m512i even_k = _mm512_and_si512(set.shift, _mm512_set1_epi64(0xff));
  const __m512i odd_k = _mm512_srli_epi64(set.shift, 32);
  const __m512i even = requantize_wide8(_mm512_mul_epi32(v, set.multiplier), even_k);
  const __m512i odd = requantize_wide8(_mm512_mul_epi32(odd_lanes(v), set.odd_multiplier), odd_k);
  return _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
}

// clamp(v, low, high), which keeps a zero's sign and what is no number.
OFFRAMP_INLINE OFFRAMP_AVX512 __m512 clamp16(__m512 v, float low, float high) {
  return _mm512_min_ps(_mm512_set1_ps(high), _mm512_max_ps(_mm512_set1_ps(low), v));
}

// The result before clamp and stream: q of i8 and i16, the number of i32 and f32. Floats as their bits. Biased: `acc`
// has its bias already.
template <op_signature S, bool Biased>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i scale16(const output_set16& set, __m512i acc) {
  if constexpr (S.out == kind::i32 && !S.add) {
    return _mm512_add_epi32(acc, set.bias);
  } else if constexpr (S.out == kind::i32) {
    return requantize_wide16(set, _mm512_add_epi32(acc, set.bias));
  } else if constexpr (S.out == kind::f32 || S.float_accumulator()) {
    const __m512 x = S.float_accumulator() ? _mm512_castsi512_ps(acc) : _mm512_cvtepi32_ps(acc);
    const __m512 y = _mm512_fmadd_ps(x, _mm512_castsi512_ps(set.bias), _mm512_castsi512_ps(set.multiplier));
    if constexpr (S.out == kind::f32) return _mm512_castps_si512(y);
    const __m512 limited = clamp16(y, -1e9f, 1e9f);
    const __mmask16 negative = _mm512_cmp_ps_mask(limited, _mm512_setzero_ps(), _CMP_LT_OQ);
    const __m512 half = _mm512_mask_mov_ps(_mm512_set1_ps(0.5f), negative, _mm512_set1_ps(-0.5f));
    return _mm512_cvttps_epi32(_mm512_add_ps(limited, half));
  } else {
    if constexpr (Biased) return requantize16(set, acc);
    const __m512i fine = _mm512_slli_epi32(acc, accumulator_fraction_bits(S));
    return requantize16(set, _mm512_add_epi32(fine, set.bias));
  }
}

// The first n elements of a vector from memory, as 32 bits each, and to memory. Half a vector of a stream that is added
// to goes without a mask: a masked load waits for masked stores to the position before it, since the vectors overlap
// even where the masks do not; streams of 8 channels take half the time so.
template <kind K>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i load_stream16(const storage_t<K>* from, int n) {
  if constexpr (K == kind::i8) {
    if (n == 16) return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    if (n == 8) return _mm512_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
    return _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(first_lanes16(n), from));
  } else if constexpr (K == kind::i16) {
    if (n == 16) return _mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
    if (n == 8)
      return _mm512_zextsi256_si512(_mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
    return _mm512_cvtepi16_epi32(_mm256_maskz_loadu_epi16(first_lanes16(n), from));
  } else {
    if (n == 8) return _mm512_zextsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
    return load_words16(from, n);
  }
}
// Saturating. Added: to a stream that such a load reads next.
template <kind K, bool Added>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_elements16(storage_t<K>* to, int n, __m512i v) {
  const __mmask16 lanes = first_lanes16(n);
  if constexpr (K == kind::i8) {
    const __m128i bytes = _mm512_cvtsepi32_epi8(v);
    if (n == 16)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    else if (Added && n == 8)
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), bytes);
    else
      _mm_mask_storeu_epi8(to, lanes, bytes);
  } else if constexpr (K == kind::i16) {
    const __m256i halves = _mm512_cvtsepi32_epi16(v);
    if (n == 16)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), halves);
    else if (Added && n == 8)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(halves));
    else
      _mm256_mask_storeu_epi16(to, lanes, halves);
  } else {
    if (n == 16)
      _mm512_storeu_si512(to, v);
    else if (Added && n == 8)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_castsi512_si256(v));
    else
      _mm512_mask_storeu_epi32(to, lanes, v);
  }
}

}  // namespace detail

// Parameters of channels [first, first + n), n from 1 to 16; `first` a multiple of 16.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 output_lanes16 load_output_lanes16(const parameters<S>& p, int first, int n) {
  output_lanes16 l;
  if constexpr (S.out == kind::bits || S.two_slopes) l.threshold = detail::load_parameter16(p, 0, first, n);
  if constexpr (S.out == kind::bits) {
    l.flips = p.flips(first / 32) >> (first % 32) & 0xffffu;
  } else {
    detail::load_set16(p, S.two_slopes ? 1 : 0, first, n, l.set[0]);
    if constexpr (S.two_slopes) detail::load_set16(p, 1 + parameter_set(S), first, n, l.set[1]);
    l.out_zero = p.out_zero();
    l.low = p.low();
    l.high = p.high();
  }
  return l;
}

// Which accumulators are below their thresholds (bits, two slopes). Floats as their bits, here and below.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 __mmask16 below_threshold16(const output_lanes16& l, __m512i acc) {
  if constexpr (S.float_accumulator())
    return _mm512_cmp_ps_mask(_mm512_castsi512_ps(acc), _mm512_castsi512_ps(l.threshold), _CMP_LT_OQ);
  else
    return _mm512_cmplt_epi32_mask(acc, l.threshold);
}

// The 16 output bits of n channels; spare ones are zero. Two of them make a word.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 std::uint32_t output_bits16(const output_lanes16& l, int n, __m512i acc) {
  return (static_cast<std::uint32_t>(below_threshold16<S>(l, acc)) ^ l.flips) & (0xffffu >> (16 - n));
}

// Output kinds i8 and i16, before zero point, clamp and stream. Biased: `acc` has its bias already.
template <op_signature S, bool Biased = false>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i scaled_lanes16(const output_lanes16& l, __m512i acc) {
  if constexpr (S.rectified && S.float_accumulator())
    acc = _mm512_castps_si512(_mm512_max_ps(_mm512_setzero_ps(), _mm512_castsi512_ps(acc)));
  else if constexpr (S.rectified)
    acc = _mm512_max_epi32(acc, _mm512_setzero_si512());
  const __m512i y = detail::scale16<S, Biased>(l.set[0], acc);
  if constexpr (!S.two_slopes) return y;
  return _mm512_mask_mov_epi32(y, below_threshold16<S>(l, acc), detail::scale16<S, Biased>(l.set[1], acc));
}

// What lies at channels [first, first + n) of a position, as `store_added16` takes it; zeros where nothing is added.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i load_added16(const window& w, const void* out, int position, int first, int n) {
  if constexpr (!S.add) return _mm512_setzero_si512();
  return detail::load_stream16<S.out>(static_cast<const storage_t<S.out>*>(out) + position * w.out.c + first, n);
}

// Stores channels [first, first + n) of a position. `added`: what lies there, read before positions next to it were
// stored where n is below 16 (load_stream16).
template <op_signature S, bool Biased = false>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_added16(const output_lanes16& l, const window& w, void* out, int position,
                                                 int first, int n, __m512i acc, __m512i added) {
  static_assert(!Biased || takes_biased<S>);
  if constexpr (S.out == kind::bits) {
    const std::uint32_t word = output_bits16<S>(l, n, acc);
    auto* to = static_cast<std::uint32_t*>(out) + position * ceil_div(w.out.c, 32) + first / 32;
    // The last channels of a position own what is left of their word.
    if (first % 32 == 0 && first + 16 >= w.out.c)
      __builtin_memcpy(to, &word, 4);
    else
      __builtin_memcpy(reinterpret_cast<unsigned char*>(to) + first % 32 / 8, &word, 2);
  } else if constexpr (S.out == kind::i8 || S.out == kind::i16) {
    storage_t<S.out>* to = static_cast<storage_t<S.out>*>(out) + position * w.out.c + first;
    __m512i q = scaled_lanes16<S, Biased>(l, acc);
    // What is clamped to low - zero cannot overflow when the zero point comes on top.
    q = _mm512_max_epi32(_mm512_min_epi32(q, _mm512_set1_epi32(l.high - l.out_zero)),
                         _mm512_set1_epi32(l.low - l.out_zero));
    q = _mm512_add_epi32(q, _mm512_set1_epi32(l.out_zero));
    if constexpr (S.add) q = _mm512_add_epi32(q, added);
    detail::store_elements16<S.out, S.add>(to, n, q);
  } else {
    storage_t<S.out>* to = static_cast<storage_t<S.out>*>(out) + position * w.out.c + first;
    __m512i y = scaled_lanes16<S>(l, acc);
    if constexpr (S.out == kind::f32) {
      __m512 f =
          detail::clamp16(_mm512_castsi512_ps(y), __builtin_bit_cast(float, l.low), __builtin_bit_cast(float, l.high));
      if constexpr (S.add) f = _mm512_add_ps(_mm512_castsi512_ps(added), f);
      y = _mm512_castps_si512(f);
    } else if constexpr (S.add) {
      y = _mm512_add_epi32(added, y);
    }
    detail::store_elements16<S.out, S.add>(to, n, y);
  }
}
template <op_signature S, bool Biased = false>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_lanes16(const output_lanes16& l, const window& w, void* out, int position,
                                                 int first, int n, __m512i acc) {
  store_added16<S, Biased>(l, w, out, position, first, n, acc, load_added16<S>(w, out, position, first, n));
}
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_lanes16(const output_lanes16& l, const window& w, void* out, int position,
                                                 int first, int n, __m512 acc) {
  store_lanes16<S>(l, w, out, position, first, n, _mm512_castps_si512(acc));
}

// The same, parameters loaded for this position alone.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_lanes16(const parameters<S>& p, const window& w, void* out, int position,
                                                 int first, int n, __m512i acc) {
  store_lanes16<S>(load_output_lanes16(p, first, n), w, out, position, first, n, acc);
}
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void store_lanes16(const parameters<S>& p, const window& w, void* out, int position,
                                                 int first, int n, __m512 acc) {
  store_lanes16(p, w, out, position, first, n, _mm512_castps_si512(acc));
}

// Four times 16 scaled accumulators (scaled_lanes16) as bytes, one vector after the other.
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i output_bytes64(const output_lanes16& l, __m512i a, __m512i b, __m512i c,
                                                     __m512i d) {
  const __m512i zero = _mm512_set1_epi16(static_cast<short>(l.out_zero));
  const __m512i ab = _mm512_adds_epi16(_mm512_packs_epi32(a, b), zero);
  const __m512i cd = _mm512_adds_epi16(_mm512_packs_epi32(c, d), zero);
  __m512i bytes = _mm512_packs_epi16(ab, cd);
  bytes = _mm512_max_epi8(_mm512_min_epi8(bytes, _mm512_set1_epi8(static_cast<char>(l.high))),
                          _mm512_set1_epi8(static_cast<char>(l.low)));
  // Packing works in quarters of a vector: quarter q holds 4 bytes of a, b, c and d.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, bytes);
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512
#endif

#endif
