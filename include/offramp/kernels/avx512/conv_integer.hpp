// Convolutions and dense layers of 16-bit numbers: vpmaddwd adds two products, exactly, for each of 16 sums. Bytes are
// widened (vpmaddubsw would saturate), their zero point is taken away, padding is 0. Blocks of positions x vectors of
// output channels stay in registers; two numbers of a position are broadcast straight from the input.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_INTEGER_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_INTEGER_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <offramp/kernels/avx512/conv_integer_traits.hpp>
#include <offramp/kernels/avx512/output_block.hpp>
#include <offramp/kernels/runs.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx512::integer {

using avx2::integer::fill_positions;
using avx2::integer::first_cache_line;
using avx2::integer::plan_of;
using avx2::integer::row_range;
using avx2::integer::sets_of_sums;
using avx2::integer::valid_rows;

// acc + two neighbouring numbers times 16 pairs of weights.
template <int Bits>
OFFRAMP_INLINE OFFRAMP_AVX512 __m512i add_pairs(__m512i acc, const std::int16_t* x, const unsigned char* weights) {
  std::int32_t two;
  __builtin_memcpy(&two, x, 4);
  __m512i weight;
  if constexpr (Bits == 8)
    weight = _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights)));
  else
    weight = _mm512_loadu_si512(weights);
  return _mm512_add_epi32(acc, _mm512_madd_epi16(_mm512_set1_epi32(two), weight));
}

// acc[sets][P][V] += products of positions [Begin, End) of P with V vectors of weights, in `steps` steps. Loops over
// sums are single ones, or g++ does not see numbers in the array; that over steps is not unrolled, or it keeps numbers
// that positions share until registers run out.
template <int P, int V, int Begin, int End, int Bits>
OFFRAMP_INLINE OFFRAMP_AVX512 void add_run(__m512i* acc, const std::int16_t* x, int position,
                                           const unsigned char* weights, int steps) {
  constexpr int block = P * V;
  constexpr int sets = sets_of_sums(block);
  constexpr int bytes = 16 * 2 * Bits / 8;
  int step = 0;
#pragma GCC unroll 1
  for (; step + sets <= steps; step += sets, x += 2 * sets, weights += sets * V * bytes)
#pragma GCC unroll 32
    for (int i = 0; i < sets * block; ++i)
      if (i % block >= Begin * V && i % block < End * V)
        acc[i] = add_pairs<Bits>(acc[i], x + i % block / V * position + i / block * 2,
                                 weights + (i / block * V + i % V) * bytes);
  if constexpr (sets > 1)
    for (; step < steps; ++step, x += 2, weights += V * bytes)
#pragma GCC unroll 32
      for (int i = Begin * V; i < End * V; ++i)
        acc[i] = add_pairs<Bits>(acc[i], x + i / V * position, weights + i % V * bytes);
}

// A row of taps, from Kx on, without those that meet padding. `x` is where position X0 begins without padding.
template <op_signature S, int P, int V, int X0, int Kx, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX512 void add_valid_taps(__m512i* acc, const std::int16_t* x, const unsigned char* weights) {
  constexpr half_plan plan = plan_of<half_plan, S>(Geometry{});
  constexpr int begin = plan.valid_begin(X0, P, Kx), end = plan.valid_end(X0, P, Kx);
  if constexpr (begin < end)
    add_run<P, V, begin, end, plan.weight_bits>(acc, x + (Kx - plan.w.pad_left) * plan.channels,
                                                plan.w.stride_w * plan.channels, weights, plan.steps);
  if constexpr (Kx + 1 < plan.runs)
    add_valid_taps<S, P, V, X0, Kx + 1, Geometry>(acc, x, weights + plan.stored_steps * V * plan.step_bytes());
}

// sums[P][V][16] = start[V][16] + products of the P positions from x0 (X0 if that is not negative) on with V vectors of
// weights: `rows` rows of the kernel. Sums stay in registers, all of which are free at the call: a function of its own,
// else g++ prefers what lives around it.
template <op_signature S, int P, int V, int X0, int Bits, class Geometry>
__attribute__((noinline)) OFFRAMP_AVX512 void add_products(Geometry g, const std::int16_t* x,
                                                           const unsigned char* weights, int rows,
                                                           const std::int32_t* start, std::int32_t* sums) {
  const half_plan plan = plan_of<half_plan, S>(g);
  const int row_numbers = plan.row_bytes() / 2;
  constexpr int block = P * V;
  constexpr int sets = sets_of_sums(block);
  __m512i acc[sets * block];
#pragma GCC unroll 32
  for (int i = 0; i < sets * block; ++i)
    acc[i] = i < block ? _mm512_load_si512(start + i % V * 16) : _mm512_setzero_si512();
  if constexpr (X0 >= 0) {
    for (int row = 0; row < rows; ++row, x += row_numbers, weights += plan.row_weights(V))
      add_valid_taps<S, P, V, X0, 0, Geometry>(acc, x, weights);
  } else {
    // Runs that follow each other are one.
    const bool joined = plan.channels == 2 * plan.steps && plan.steps == plan.stored_steps;
    const int runs = joined ? 1 : plan.runs;
    const int steps = joined ? plan.runs * plan.steps : plan.steps;
    const int run_weights = plan.row_weights(V) / runs;
    for (int row = 0; row < rows; ++row, x += row_numbers)
      for (int run = 0; run < runs; ++run, weights += run_weights)
        add_run<P, V, 0, P, Bits>(acc, x + run * plan.channels, plan.w.stride_w * plan.channels, weights, steps);
  }
#pragma GCC unroll 32
  for (int i = block; i < sets * block; ++i) acc[i % block] = _mm512_add_epi32(acc[i % block], acc[i]);
#pragma GCC unroll 32
  for (int i = 0; i < block; ++i) _mm512_store_si512(sums + i * 16, acc[i]);
}

// n numbers of the input as 16 bits less their zero point; of bits, that begin with a word.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void copy_numbers(std::int16_t* to, const storage_t<S.in>* from, int n,
                                                std::int16_t zero) {
  for (int i = 0; i < n; i += 32) {
    const __mmask32 there = low_bits(n - i);
    __m512i x;
    if constexpr (S.in == kind::bits)
      x = _mm512_mask_blend_epi16(from[i / 32], _mm512_set1_epi16(1), _mm512_set1_epi16(-1));
    else if constexpr (S.in == kind::u8)
      x = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(there, from + i));
    else if constexpr (S.in == kind::i8)
      x = _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(there, from + i));
    else
      x = _mm512_maskz_loadu_epi16(there, from + i);
    _mm512_mask_storeu_epi16(to + i, there, _mm512_sub_epi16(x, _mm512_set1_epi16(zero)));
  }
}

// The input in scratch, padded; channels that no lane may see are zeros.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512 void copy_input(const half_plan& plan, std::int32_t in_zero, const void* in,
                                              std::int16_t* to) {
  const window& w = plan.source;
  const auto* from = static_cast<const storage_t<S.in>*>(in);
  const auto zero = static_cast<std::int16_t>(S.in == kind::u8 || S.in == kind::i8 ? in_zero : 0);
  const std::int16_t padding = S.in == kind::bits ? 1 : 0;
  const std::int16_t none = 0;
  const int from_position = S.in == kind::bits ? ceil_div(w.in.c, 32) : w.in.c;
  // Are numbers of a row one run in both?
  const bool dense = S.in != kind::bits && plan.channels == w.in.c && plan.step_w == 1;
  if (dense && plan.step_h == 1 && plan.left + plan.right == 0) return copy_numbers<S>(to, from, w.in.size(), zero);
  to = fill_positions(to, plan.top * plan.copied_columns(), plan.channels, w.in.c, padding, none);
  for (int y = 0; y < plan.source_rows(); ++y, from += plan.step_h * w.in.w * from_position) {
    to = fill_positions(to, plan.left, plan.channels, w.in.c, padding, none);
    if (dense)
      copy_numbers<S>(to, from, w.in.w * w.in.c, zero);
    else
      for (int x = 0; x < plan.source_columns(); ++x) {
        copy_numbers<S>(to + x * plan.channels, from + x * plan.step_w * from_position, w.in.c, zero);
        fill_run(to + x * plan.channels + w.in.c, none, plan.channels - w.in.c);
      }
    to += plan.source_columns() * plan.channels;
    to = fill_positions(to, plan.right, plan.channels, w.in.c, padding, none);
  }
  fill_positions(to, plan.bottom * plan.copied_columns(), plan.channels, w.in.c, padding, none);
}

// What a row of outputs needs.
struct row_task {
  const std::int16_t* x;         // of the first position
  const unsigned char* weights;  // of the first valid row of the kernel
  int rows, oy;
};

// Positions of a block where geometry is not static.
template <int V>
inline constexpr int most_dynamic = V <= 2 ? 7 : 4;

// A row of outputs in blocks of P positions; the last one begins early and shares positions with the one before. Trim:
// there are two at most, each with code of its own.
template <op_signature S, int P, int V, bool Trim, int Bits, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX512 void convolve_row(Geometry g, const half_plan& plan, const row_task& row,
                                                const std::int32_t* start, const output_lanes16* lanes, void* out,
                                                int first) {
  const window& w = plan.w;
  const int last = w.out.w - P;
  for (int x0 = 0; x0 < w.out.w; x0 += P) {
    alignas(64) std::int32_t sums[P * V * 16];
    const int begin = x0 < last ? x0 : last;
    const int skip = x0 - begin;
    if (skip >= P) __builtin_unreachable();  // g++ 12 warns of what it would do then
    const auto* x = row.x + begin * w.stride_w * plan.channels;
    if constexpr (!Trim) {
      add_products<S, P, V, -1, Bits>(g, x, row.weights, row.rows, start, sums);
    } else {
      constexpr int right = plan_of<half_plan, S>(Geometry{}).w.out.w - P;
      if (begin == 0)
        add_products<S, P, V, 0, Bits>(g, x, row.weights, row.rows, start, sums);
      else
        add_products<S, P, V, right, Bits>(g, x, row.weights, row.rows, start, sums);
    }
    store_sums<S, V, takes_biased<S>>(lanes, w, out, row.oy * w.out.w + x0, first, P - skip, sums + skip * V * 16);
  }
}

// All positions of V vectors of output channels, from channel `first`.
template <op_signature S, int V, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX512 void convolve_vectors(Geometry g, const half_plan& plan, const std::int16_t* input,
                                                    const unsigned char* weights, int first, const arguments& a) {
  const window& w = plan.w;
  const parameters<S> params{a.weights, w};
  output_lanes16 lanes[V];
  alignas(64) std::int32_t start[V * 16];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    const int n = w.stored_out_c - first - 16 * v;
    lanes[v] = load_output_lanes16(params, first + 16 * v, n < 16 ? n : 16);
    _mm512_store_si512(start + 16 * v, takes_biased<S> ? lanes[v].set[0].bias : _mm512_setzero_si512());
  }
  for (int oy = 0; oy < w.out.h; ++oy) {
    const row_range ky = valid_rows(w, oy);
    const row_task row{input + (oy * w.stride_h - w.pad_top + ky.begin) * (plan.row_bytes() / 2),
                       weights + ky.begin * plan.row_weights(V), ky.end - ky.begin, oy};
    if constexpr (Geometry::is_static) {
      constexpr half_plan p = plan_of<half_plan, S>(Geometry{});
      convolve_row<S, p.block_positions(V), V, p.trims, p.weight_bits>(g, plan, row, start, lanes, a.out, first);
    } else if (plan.weight_bits == 8) {
      convolve_row<S, 1, V, false, 8>(g, plan, row, start, lanes, a.out, first);
    } else if (w.out.w >= most_dynamic<V>) {
      convolve_row<S, most_dynamic<V>, V, false, 16>(g, plan, row, start, lanes, a.out, first);
    } else {
      convolve_row<S, 1, V, false, 16>(g, plan, row, start, lanes, a.out, first);
    }
  }
}

template <op_signature S, class Geometry>
OFFRAMP_AVX512 void convolve(Geometry g, const arguments& a) {
  const half_plan plan = plan_of<half_plan, S>(g);
  const auto* input = static_cast<const std::int16_t*>(a.in);
  if (plan.copies) {
    auto* scratch = reinterpret_cast<std::int16_t*>(first_cache_line(a.scratch));
    copy_input<S>(plan, parameters<S>{a.weights, plan.w}.in_zero(), a.in, scratch);
    input = scratch;
  }
  const std::uint32_t* blocks = a.weights + packed_begin({S, g()});
  for (int v = 0; 16 * v < plan.w.out.c; v += plan.together) {
    const auto* block = reinterpret_cast<const unsigned char*>(blocks + v * plan.vector_words());
    const int together = plan.block_vectors(v);
    if constexpr (Geometry::is_static) {
      constexpr half_plan p = plan_of<half_plan, S>(Geometry{});
      if (together == p.together)
        convolve_vectors<S, p.together>(g, plan, input, block, 16 * v, a);
      else if constexpr (p.vectors % p.together != 0)
        convolve_vectors<S, p.vectors % p.together>(g, plan, input, block, 16 * v, a);
    } else if (together == 1) {
      convolve_vectors<S, 1>(g, plan, input, block, 16 * v, a);
    } else if (together == 2) {
      convolve_vectors<S, 2>(g, plan, input, block, 16 * v, a);
    } else if (together == 3) {
      convolve_vectors<S, 3>(g, plan, input, block, 16 * v, a);
    } else {
      convolve_vectors<S, 4>(g, plan, input, block, 16 * v, a);
    }
  }
}

}  // namespace avx512::integer

template <>
struct code<avx512::conv_integer> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    avx512::integer::convolve<S>(g, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
