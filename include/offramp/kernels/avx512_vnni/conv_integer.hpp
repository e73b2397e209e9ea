// Convolutions and dense layers of bytes: vpdpbusd adds four products to each of 16 sums. Blocks of positions x vectors
// of output channels stay in registers; four numbers of a position are broadcast straight from the input.
#ifndef OFFRAMP_KERNELS_AVX512_VNNI_CONV_INTEGER_HPP
#define OFFRAMP_KERNELS_AVX512_VNNI_CONV_INTEGER_HPP

#include <offramp/kernels/avx512/output_block.hpp>
#include <offramp/kernels/avx512_vnni/conv_integer_traits.hpp>
#include <offramp/kernels/runs.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx512_vnni::integer {

using avx2::integer::fill_positions;
using avx2::integer::first_cache_line;
using avx2::integer::plan_of;
using avx2::integer::row_range;
using avx2::integer::sets_of_sums;
using avx2::integer::stored_zero;
using avx2::integer::valid_rows;

// Columns of taps whose shares are kept apart: no more are trimmed.
inline constexpr int most_columns = 7;

OFFRAMP_INLINE OFFRAMP_AVX512_VNNI __m512i broadcast_four(const unsigned char* x) {
  std::int32_t four;
  __builtin_memcpy(&four, x, 4);
  return _mm512_set1_epi32(four);
}

// acc[sets][P][V] += products of positions [Begin, End) of P with V vectors of weights, in `steps` steps. Loops over
// sums are single ones, or g++ does not see numbers in the array; that over steps is not unrolled, or it keeps numbers
// that positions share until registers run out.
template <int P, int V, int Begin, int End>
OFFRAMP_INLINE OFFRAMP_AVX512_VNNI void add_run(__m512i* acc, const unsigned char* x, int position_bytes,
                                                const std::uint32_t* weights, int steps) {
  constexpr int block = P * V;
  constexpr int sets = sets_of_sums(block);
  int step = 0;
  if (steps > 4) asm("" : "+r"(steps));  // g++ 12 would unroll five after all, and spill: 1.7 times as long
#pragma GCC unroll 1
  for (; step + sets <= steps; step += sets, x += 4 * sets, weights += sets * V * 16)
#pragma GCC unroll 32
    for (int i = 0; i < sets * block; ++i)
      if (i % block >= Begin * V && i % block < End * V)
        acc[i] = _mm512_dpbusd_epi32(acc[i], broadcast_four(x + i % block / V * position_bytes + i / block * 4),
                                     _mm512_loadu_si512(weights + (i / block * V + i % V) * 16));
  if constexpr (sets > 1)
    for (; step < steps; ++step, x += 4, weights += V * 16)
#pragma GCC unroll 32
      for (int i = Begin * V; i < End * V; ++i)
        acc[i] = _mm512_dpbusd_epi32(acc[i], broadcast_four(x + i / V * position_bytes),
                                     _mm512_loadu_si512(weights + i % V * 16));
}

// A row of taps, from Kx on, without those that meet padding. `x` is where position X0 begins without padding.
template <op_signature S, int P, int V, int X0, int Kx, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX512_VNNI void add_valid_taps(__m512i* acc, const unsigned char* x,
                                                       const std::uint32_t* weights) {
  constexpr byte_plan plan = plan_of<byte_plan, S>(Geometry{});
  constexpr int begin = plan.valid_begin(X0, P, Kx), end = plan.valid_end(X0, P, Kx);
  if constexpr (begin < end)
    add_run<P, V, begin, end>(acc, x + (Kx - plan.w.pad_left) * plan.position_bytes(),
                              plan.w.stride_w * plan.position_bytes(), weights, plan.steps);
  if constexpr (Kx + 1 < plan.runs)
    add_valid_taps<S, P, V, X0, Kx + 1, Geometry>(acc, x, weights + plan.stored_steps * V * 16);
}

// A row of taps at once, if their weights fit the registers too: every number of the input is broadcast once for all of
// them.
template <op_signature S, int P, int V, int X0, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX512_VNNI void add_row_of_taps(__m512i* acc, const unsigned char* x,
                                                        const std::uint32_t* weights) {
  constexpr byte_plan plan = plan_of<byte_plan, S>(Geometry{});
  constexpr window w = plan.w;
  constexpr int x_begin = X0 * w.stride_w - w.pad_left;
  constexpr int x_end = x_begin + (P - 1) * w.stride_w + w.kernel_w;
#pragma GCC unroll 1
  for (int step = 0; step < plan.steps; ++step, x += 4, weights += V * 16) {
    __m512i weight[w.kernel_w * V];
#pragma GCC unroll 16
    for (int i = 0; i < w.kernel_w * V; ++i) {
      weight[i] = _mm512_loadu_si512(weights + (i / V * plan.stored_steps * V + i % V) * 16);
      asm("" : "+v"(weight[i]));  // read once: g++ would rather read it again for each tap
    }
#pragma GCC unroll 64
    for (int column = x_begin > 0 ? x_begin : 0; column < (x_end < w.in.w ? x_end : w.in.w); ++column) {
      const __m512i numbers = broadcast_four(x + (column - X0 * w.stride_w) * plan.position_bytes());
#pragma GCC unroll 16
      for (int i = 0; i < w.kernel_w * V; ++i) {
        const int from_first = column - x_begin - i / V;
        const int p = from_first / w.stride_w;
        if (from_first >= 0 && from_first % w.stride_w == 0 && p < P)
          acc[p * V + i % V] = _mm512_dpbusd_epi32(acc[p * V + i % V], numbers, weight[i]);
      }
    }
  }
}

// Takes the shares of columns that meet padding, from Kx on, away from the sums of position X0 ... of a row.
template <op_signature S, int P, int V, int X0, int Kx, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX512_VNNI void leave_out_columns(__m512i* acc, const std::int32_t* start) {
  constexpr byte_plan plan = plan_of<byte_plan, S>(Geometry{});
  constexpr int begin = plan.valid_begin(X0, P, Kx), end = plan.valid_end(X0, P, Kx);
  if constexpr (begin > 0 || end < P)
#pragma GCC unroll 32
    for (int i = 0; i < P * V; ++i)
      if (i < begin * V || i >= end * V)
        acc[i] = _mm512_sub_epi32(acc[i], _mm512_load_si512(start + ((1 + Kx) * V + i % V) * 16));
  if constexpr (Kx + 1 < plan.runs) leave_out_columns<S, P, V, X0, Kx + 1, Geometry>(acc, start);
}

// sums[P][V][16] = products of the P positions from x0 (X0 if that is not negative) on with V vectors of weights:
// `rows` rows of the kernel. They begin with start[V][16]; behind it stand [kernel_w][V][16] what columns of taps
// contribute to it. Sums stay in registers, all of which are free at the call: a function of its own, else g++ prefers
// what lives around it.
template <op_signature S, int P, int V, int X0, class Geometry>
__attribute__((noinline)) OFFRAMP_AVX512_VNNI void add_products(Geometry g, const unsigned char* x,
                                                                const std::uint32_t* weights, int rows,
                                                                const std::int32_t* start, std::int32_t* sums) {
  const byte_plan plan = plan_of<byte_plan, S>(g);
  constexpr int block = P * V;
  constexpr int sets = sets_of_sums(block);
  __m512i acc[sets * block];
#pragma GCC unroll 32
  for (int i = 0; i < sets * block; ++i)
    acc[i] = i < block ? _mm512_load_si512(start + i % V * 16) : _mm512_setzero_si512();
  if constexpr (X0 >= 0) {
    leave_out_columns<S, P, V, X0, 0, Geometry>(acc, start);
    for (int row = 0; row < rows; ++row, x += plan.row_bytes(), weights += plan.runs * plan.stored_steps * V * 16)
      if constexpr (avx2::integer::joins_taps<16, 4>(block, V, plan_of<byte_plan, S>(Geometry{}).w.kernel_w))
        add_row_of_taps<S, P, V, X0, Geometry>(acc, x, weights);
      else
        add_valid_taps<S, P, V, X0, 0, Geometry>(acc, x, weights);
  } else {
    // Runs that follow each other are one.
    const bool joined = plan.position_bytes() == 4 * plan.steps && plan.steps == plan.stored_steps;
    const int runs = joined ? 1 : plan.runs;
    const int steps = joined ? plan.runs * plan.steps : plan.steps;
    const int run_weights = (joined ? steps : plan.stored_steps) * V * 16;
    for (int row = 0; row < rows; ++row, x += plan.row_bytes())
      for (int run = 0; run < runs; ++run, weights += run_weights)
        add_run<P, V, 0, P>(acc, x + run * plan.position_bytes(), plan.w.stride_w * plan.position_bytes(), weights,
                            steps);
  }
#pragma GCC unroll 32
  for (int i = block; i < sets * block; ++i) acc[i % block] = _mm512_add_epi32(acc[i % block], acc[i]);
#pragma GCC unroll 32
  for (int i = 0; i < block; ++i) _mm512_store_si512(sums + i * 16, acc[i]);
}

// n numbers of the input as unsigned bytes; of bits, that begin with a word.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512_VNNI void copy_numbers(unsigned char* to, const storage_t<S.in>* from, int n) {
  if constexpr (S.in == kind::bits) {
    for (int i = 0; i < n; i += 32) {
      const __mmask32 there = low_bits(n - i);
      _mm256_mask_storeu_epi8(to + i, there, _mm256_maskz_set1_epi8(~from[i / 32], 2));
    }
  } else {
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(S.in == kind::i8 ? 0x80 : 0));
    int i = 0;
    for (; i + 64 <= n; i += 64) _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_loadu_si512(from + i), flip));
    if (i < n) {
      const __mmask64 rest = ~0ull >> (64 - (n - i));
      _mm512_mask_storeu_epi8(to + i, rest, _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, from + i), flip));
    }
  }
}

// The input in scratch, padded; channels that no lane may see are zeros.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX512_VNNI void copy_input(const byte_plan& plan, std::int32_t in_zero, const void* in,
                                                   unsigned char* to) {
  const window& w = plan.source;
  const auto* from = static_cast<const storage_t<S.in>*>(in);
  const auto zero = static_cast<unsigned char>(stored_zero(S.in, in_zero));
  const auto padding = static_cast<unsigned char>(S.in == kind::bits ? 2 : zero);
  const int from_position = S.in == kind::bits ? ceil_div(w.in.c, 32) : w.in.c;
  // Are numbers of a row one run in both?
  const bool dense = S.in != kind::bits && plan.channels == w.in.c && plan.step_w == 1;
  if (dense && plan.step_h == 1 && plan.left + plan.right == 0) return copy_numbers<S>(to, from, w.in.size());
  to = fill_positions(to, plan.top * plan.copied_columns(), plan.channels, w.in.c, padding, zero);
  for (int y = 0; y < plan.source_rows(); ++y, from += plan.step_h * w.in.w * from_position) {
    to = fill_positions(to, plan.left, plan.channels, w.in.c, padding, zero);
    if (dense)
      copy_numbers<S>(to, from, w.in.w * w.in.c);
    else
      for (int x = 0; x < plan.source_columns(); ++x) {
        copy_numbers<S>(to + x * plan.channels, from + x * plan.step_w * from_position, w.in.c);
        fill_run(to + x * plan.channels + w.in.c, zero, plan.channels - w.in.c);
      }
    to += plan.source_columns() * plan.channels;
    to = fill_positions(to, plan.right, plan.channels, w.in.c, padding, zero);
  }
  fill_positions(to, plan.bottom * plan.copied_columns(), plan.channels, w.in.c, padding, zero);
}

// start[V][16]: what the sums of a position begin with, and behind it the share of each column of taps, from the packed
// sums of `rows` rows of taps, and with the bias where that may be.
template <op_signature S, int V>
OFFRAMP_INLINE OFFRAMP_AVX512_VNNI void begin_sums(const std::uint32_t* sums, int rows, int columns,
                                                   const avx512::output_lanes16* lanes, std::int32_t* start) {
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    __m512i total = avx512::takes_biased<S> ? lanes[v].set[0].bias : _mm512_setzero_si512();
    for (int kx = 0; kx < columns; ++kx) {
      __m512i column = _mm512_setzero_si512();
      for (int ky = 0; ky < rows; ++ky)
        column = _mm512_add_epi32(column, _mm512_loadu_si512(sums + ((ky * columns + kx) * V + v) * 16));
      if (kx < most_columns) _mm512_store_si512(start + ((1 + kx) * V + v) * 16, column);
      total = _mm512_add_epi32(total, column);
    }
    _mm512_store_si512(start + v * 16, total);
  }
}

// The sums of taps for the active channels alone.
template <int V>
OFFRAMP_INLINE OFFRAMP_AVX512_VNNI void sum_active_weights(const byte_plan& plan, std::int32_t zero,
                                                           const std::uint32_t* weights, std::uint32_t* sums) {
  const __m512i one = _mm512_set1_epi8(1);
  for (int t = 0; t < plan.w.taps(); ++t)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      __m512i sum = _mm512_setzero_si512();
      for (int i = 0; i < plan.steps; ++i)
        sum = _mm512_dpbusd_epi32(sum, one, _mm512_loadu_si512(weights + ((t * plan.stored_steps + i) * V + v) * 16));
      _mm512_storeu_si512(sums + (t * V + v) * 16, _mm512_mullo_epi32(sum, _mm512_set1_epi32(-zero)));
    }
}

// What a row of outputs needs.
struct row_task {
  const unsigned char* x;        // of the first position
  const std::uint32_t* weights;  // of the first valid row of the kernel
  int rows, oy;
};

// Positions of a block where geometry is not static.
template <int V>
inline constexpr int most_dynamic = V <= 2 ? 7 : 4;

// A row of outputs in blocks of P positions; the last one begins early and shares positions with the one before. Trim:
// there are two at most, each with code of its own.
template <op_signature S, int P, int V, bool Trim, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX512_VNNI void convolve_row(Geometry g, const byte_plan& plan, const row_task& row,
                                                     const std::int32_t* start, const avx512::output_lanes16* lanes,
                                                     void* out, int first) {
  const window& w = plan.w;
  const int last = w.out.w - P;
  for (int x0 = 0; x0 < w.out.w; x0 += P) {
    alignas(64) std::int32_t sums[P * V * 16];
    const int begin = x0 < last ? x0 : last;
    const int skip = x0 - begin;
    if (skip >= P) __builtin_unreachable();  // g++ 12 warns of what it would do then
    const auto* x = row.x + begin * w.stride_w * plan.position_bytes();
    if constexpr (!Trim) {
      add_products<S, P, V, -1>(g, x, row.weights, row.rows, start, sums);
    } else {
      constexpr int right = plan_of<byte_plan, S>(Geometry{}).w.out.w - P;
      if (begin == 0)
        add_products<S, P, V, 0>(g, x, row.weights, row.rows, start, sums);
      else
        add_products<S, P, V, right>(g, x, row.weights, row.rows, start, sums);
    }
    avx512::store_sums<S, V, avx512::takes_biased<S>>(lanes, w, out, row.oy * w.out.w + x0, first, P - skip,
                                                      sums + skip * V * 16);
  }
}

// All positions of V vectors of output channels, from channel `first`.
template <op_signature S, int V, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX512_VNNI void convolve_vectors(Geometry g, const byte_plan& plan, const unsigned char* input,
                                                         const std::uint32_t* block, std::uint32_t* active_sums,
                                                         int first, const arguments& a) {
  const window& w = plan.w;
  const parameters<S> params{a.weights, w};
  avx512::output_lanes16 lanes[V];
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    const int n = w.stored_out_c - first - 16 * v;
    lanes[v] = avx512::load_output_lanes16(params, first + 16 * v, n < 16 ? n : 16);
  }
  const std::uint32_t* sums = block;
  const std::uint32_t* weights = block + V * plan.sum_words();
  if (plan.partial) {
    sum_active_weights<V>(plan, stored_zero(S.in, params.in_zero()), weights, active_sums);
    sums = active_sums;
  }
  alignas(64) std::int32_t start[(1 + most_columns) * V * 16];
  row_range before{};
  for (int oy = 0; oy < w.out.h; ++oy) {
    const row_range ky = valid_rows(w, oy);
    if (oy == 0 || ky.begin != before.begin || ky.end != before.end)
      begin_sums<S, V>(sums + ky.begin * w.kernel_w * V * 16, ky.end - ky.begin, w.kernel_w, lanes, start);
    before = ky;
    const row_task row{input + (oy * w.stride_h - w.pad_top + ky.begin) * plan.row_bytes(),
                       weights + ky.begin * plan.runs * plan.stored_steps * V * 16, ky.end - ky.begin, oy};
    if constexpr (Geometry::is_static) {
      constexpr byte_plan p = plan_of<byte_plan, S>(Geometry{});
      convolve_row<S, p.block_positions(V), V, p.trims>(g, plan, row, start, lanes, a.out, first);
    } else if (w.out.w >= most_dynamic<V>) {
      convolve_row<S, most_dynamic<V>, V, false>(g, plan, row, start, lanes, a.out, first);
    } else {
      convolve_row<S, 1, V, false>(g, plan, row, start, lanes, a.out, first);
    }
  }
}

}  // namespace avx512_vnni::integer

template <>
struct code<avx512_vnni::conv_integer> {
  template <op_signature S, class Geometry>
  OFFRAMP_AVX512_VNNI static void run(Geometry g, const arguments& a) {
    using namespace avx512_vnni::integer;
    const byte_plan plan = plan_of<byte_plan, S>(g);
    const auto* input = static_cast<const unsigned char*>(a.in);
    unsigned char* scratch = nullptr;
    if (plan.scratch_bytes() > 0) scratch = first_cache_line(a.scratch);
    if (plan.copies) {
      copy_input<S>(plan, parameters<S>{a.weights, plan.w}.in_zero(), a.in, scratch);
      input = scratch;
    }
    auto* active_sums = plan.partial ? reinterpret_cast<std::uint32_t*>(scratch + plan.input_bytes()) : nullptr;
    const std::uint32_t* blocks = a.weights + packed_begin({S, g()});
    for (int v = 0; 16 * v < plan.w.out.c; v += plan.together) {
      const std::uint32_t* block = blocks + v * plan.vector_words();
      const int together = plan.block_vectors(v);
      if constexpr (Geometry::is_static) {
        constexpr byte_plan p = plan_of<byte_plan, S>(Geometry{});
        if (together == p.together)
          convolve_vectors<S, p.together>(g, plan, input, block, active_sums, 16 * v, a);
        else if constexpr (p.vectors % p.together != 0)
          convolve_vectors<S, p.vectors % p.together>(g, plan, input, block, active_sums, 16 * v, a);
      } else if (together == 1) {
        convolve_vectors<S, 1>(g, plan, input, block, active_sums, 16 * v, a);
      } else if (together == 2) {
        convolve_vectors<S, 2>(g, plan, input, block, active_sums, 16 * v, a);
      } else if (together == 3) {
        convolve_vectors<S, 3>(g, plan, input, block, active_sums, 16 * v, a);
      } else {
        convolve_vectors<S, 4>(g, plan, input, block, active_sums, 16 * v, a);
      }
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
