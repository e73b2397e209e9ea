// Bytes times signs: vpmaddubsw adds pairs of products without saturating, as no pair exceeds 2 * 255, and 64 pairs fit
// 16 bits. Twice the products of vpmaddwd in an instruction, for the first layers of binary networks.
#ifndef OFFRAMP_KERNELS_AVX2_CONV_SIGNS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_SIGNS_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <offramp/kernels/avx2/conv_integer_traits.hpp>
#include <offramp/kernels/avx2/output_block.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/runs.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels::avx2::signs {

using integer::fill_positions;
using integer::plan_of;
using integer::sign_plan;

// Steps whose sums of pairs fit 16 bits.
inline constexpr int most_steps = 64;

// The products of `steps` steps of P positions with V vectors of weights, at `rows` x `runs` places.
struct sign_runs {
  const unsigned char* x;
  int position_bytes, run_bytes, row_bytes;
  const std::uint32_t* weights;
  int run_weights;
  int rows, runs, steps;  // most_steps together at most
};

// sums[P][V][8] = start[...][8] + products. `start` has V vectors, or those of all positions.
template <int P, int V>
OFFRAMP_INLINE OFFRAMP_AVX2 void add_runs(const sign_runs& r, const std::int32_t* start, int vectors,
                                          std::int32_t* sums) {
  __m256i acc[P * V];
#pragma GCC unroll 16
  for (int i = 0; i < P * V; ++i) acc[i] = _mm256_setzero_si256();
  const std::uint32_t* weights = r.weights;
  for (int row = 0; row < r.rows; ++row)
    for (int run = 0; run < r.runs; ++run, weights += r.run_weights) {
      const unsigned char* x = r.x + row * r.row_bytes + run * r.run_bytes;
#pragma GCC unroll 1
      for (int step = 0; step < r.steps; ++step, x += 4)
#pragma GCC unroll 16
        for (int i = 0; i < P * V; ++i) {
          std::int32_t four;
          __builtin_memcpy(&four, x + i / V * r.position_bytes, 4);
          const auto* weight = reinterpret_cast<const __m256i*>(weights + (step * V + i % V) * 8);
          acc[i] = _mm256_add_epi16(acc[i], _mm256_maddubs_epi16(_mm256_set1_epi32(four), _mm256_loadu_si256(weight)));
        }
    }
#pragma GCC unroll 16
  for (int i = 0; i < P * V; ++i) {
    const __m256i sum = _mm256_madd_epi16(acc[i], _mm256_set1_epi16(1));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + i * 8),
                        _mm256_add_epi32(load_sums8(start + i % vectors * 8), sum));
  }
}

// sums[P][V][8] = start[V][8] + products of P positions from x on with V vectors of weights: `rows` rows of the kernel.
// A function of its own, at whose call all registers are free.
template <op_signature S, int P, int V, class Geometry>
__attribute__((noinline)) OFFRAMP_AVX2 void add_products(Geometry g, const unsigned char* x,
                                                         const std::uint32_t* weights, int rows,
                                                         const std::int32_t* start, std::int32_t* sums) {
  const sign_plan plan = plan_of<sign_plan, S>(g);
  // Runs that follow each other are one.
  const bool joined = plan.position_bytes() == 4 * plan.steps && plan.steps == plan.stored_steps;
  const int runs = joined ? 1 : plan.runs;
  const int steps = joined ? plan.runs * plan.steps : plan.steps;
  sign_runs r{x,
              plan.w.stride_w * plan.position_bytes(),
              plan.position_bytes(),
              plan.row_bytes(),
              weights,
              (joined ? steps : plan.stored_steps) * V * 8,
              rows,
              runs,
              steps};
  if (plan.w.kernel_h * runs * steps <= most_steps) return add_runs<P, V>(r, start, V, sums);
  for (int i = 0; i < P * V * 8; ++i) sums[i] = start[i % (V * 8)];
  r.rows = r.runs = 1;
  for (int row = 0; row < rows; ++row)
    for (int run = 0; run < runs; ++run)
      for (int step = 0; step < steps; step += most_steps) {
        r.x = x + row * r.row_bytes + run * r.run_bytes + 4 * step;
        r.weights = weights + (row * runs + run) * r.run_weights + step * V * 8;
        r.steps = steps - step < most_steps ? steps - step : most_steps;
        add_runs<P, V>(r, sums, P * V, sums);
      }
}

// n bytes of the input, unsigned.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void copy_numbers(unsigned char* to, const unsigned char* from, int n) {
  constexpr unsigned char flip = S.in == kind::i8 ? 0x80 : 0;
  for (int i = 0; i < n; ++i) to[i] = static_cast<unsigned char>(from[i] ^ flip);
}

// The input in scratch, padded; channels that no lane may see are zeros.
template <op_signature S>
OFFRAMP_INLINE OFFRAMP_AVX2 void copy_input(const sign_plan& plan, std::int32_t in_zero, const void* in,
                                            unsigned char* to) {
  const window& w = plan.source;
  const auto* from = static_cast<const unsigned char*>(in);
  const auto zero = static_cast<unsigned char>(integer::stored_zero(S.in, in_zero));
  const bool dense = plan.channels == w.in.c && plan.step_w == 1;  // are numbers of a row one run in both?
  for (int y = 0; y < plan.source_rows(); ++y, from += plan.step_h * w.in.w * w.in.c) {
    to = fill_positions(to, plan.left, plan.channels, w.in.c, zero, zero);
    if (dense)
      copy_numbers<S>(to, from, w.in.w * w.in.c);
    else
      for (int x = 0; x < plan.source_columns(); ++x) {
        copy_numbers<S>(to + x * plan.channels, from + x * plan.step_w * w.in.c, w.in.c);
        fill_run(to + x * plan.channels + w.in.c, zero, plan.channels - w.in.c);
      }
    to += plan.source_columns() * plan.channels;
    to = fill_positions(to, plan.right, plan.channels, w.in.c, zero, zero);
  }
}

// start[V][8]: what the sums of a position begin with, from the packed sums of taps, and with the bias where that may
// be.
template <op_signature S, int V>
OFFRAMP_INLINE OFFRAMP_AVX2 void begin_sums(const std::uint32_t* sums, int taps, const output_lanes8* lanes,
                                            std::int32_t* start) {
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    __m256i total = takes_biased<S> ? lanes[v].set[0].bias : _mm256_setzero_si256();
    for (int t = 0; t < taps; ++t) total = _mm256_add_epi32(total, load_words8(sums + (t * V + v) * 8, 8));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(start + v * 8), total);
  }
}

// The sums of taps for the active channels alone.
template <int V>
OFFRAMP_INLINE OFFRAMP_AVX2 void sum_active_weights(const sign_plan& plan, std::int32_t zero,
                                                    const std::uint32_t* weights, std::uint32_t* sums) {
  for (int t = 0; t < plan.w.taps(); ++t)
    for (int i = 0; i < V * 8; ++i) {
      std::int32_t sum = 0;
      for (int step = 0; step < plan.steps; ++step) {
        const std::uint32_t four = weights[(t * plan.stored_steps + step) * V * 8 + i];
        for (int k = 0; k < 32; k += 8) sum += static_cast<std::int8_t>(four >> k & 0xffu);
      }
      sums[t * V * 8 + i] = static_cast<std::uint32_t>(-zero * sum);
    }
}

// Where one block of vectors reads and writes.
struct task {
  const unsigned char* input;
  const std::uint32_t* block;
  std::uint32_t* active_sums;
  int first;  // output channel
};

// All positions of V vectors of output channels, in blocks of P; the last one of a row begins early and shares
// positions with the one before.
template <op_signature S, int P, int V, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX2 void convolve_vectors(Geometry g, const sign_plan& plan, const task& t,
                                                  const arguments& a) {
  const window& w = plan.w;
  const parameters<S> params{a.weights, w};
  output_lanes8 lanes[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    const int n = w.stored_out_c - t.first - 8 * v;
    lanes[v] = load_output_lanes8(params, t.first + 8 * v, n < 8 ? n : 8);
  }
  const std::uint32_t* tap_sums = t.block;
  const std::uint32_t* weights = t.block + V * plan.sum_words();
  if (plan.partial) {
    sum_active_weights<V>(plan, integer::stored_zero(S.in, params.in_zero()), weights, t.active_sums);
    tap_sums = t.active_sums;
  }
  std::int32_t start[V * 8];
  integer::row_range before{};
  const int last = w.out.w - P;
  for (int oy = 0; oy < w.out.h; ++oy) {
    const integer::row_range ky = integer::valid_rows(w, oy);
    if (oy == 0 || ky.begin != before.begin || ky.end != before.end)
      begin_sums<S, V>(tap_sums + ky.begin * w.kernel_w * V * 8, (ky.end - ky.begin) * w.kernel_w, lanes, start);
    before = ky;
    const unsigned char* row = t.input + (oy * w.stride_h - w.pad_top + ky.begin) * plan.row_bytes();
    for (int x = 0; x < w.out.w; x += P) {
      std::int32_t sums[P * V * 8];
      const int begin = x < last ? x : last;
      const int skip = x - begin;
      if (skip >= P) __builtin_unreachable();  // g++ 12 warns of what it would do then
      add_products<S, P, V>(g, row + begin * w.stride_w * plan.position_bytes(),
                            weights + ky.begin * plan.runs * plan.stored_steps * V * 8, ky.end - ky.begin, start, sums);
      store_sums<S, V, takes_biased<S>>(lanes, w, a.out, oy * w.out.w + x, t.first, P - skip, sums + skip * V * 8);
    }
  }
}

template <op_signature S, int V, class Geometry>
OFFRAMP_INLINE OFFRAMP_AVX2 void convolve_block(Geometry g, const sign_plan& plan, const task& t, const arguments& a) {
  if constexpr (Geometry::is_static)
    convolve_vectors<S, plan_of<sign_plan, S>(Geometry{}).block_positions(V), V>(g, plan, t, a);
  else if (plan.w.out.w >= 4)
    convolve_vectors<S, V <= 2 ? 4 : 2, V>(g, plan, t, a);
  else
    convolve_vectors<S, 1, V>(g, plan, t, a);
}

template <op_signature S, class Geometry>
OFFRAMP_AVX2 void convolve(Geometry g, const arguments& a) {
  const sign_plan plan = plan_of<sign_plan, S>(g);
  task t{static_cast<const unsigned char*>(a.in), nullptr, nullptr, 0};
  if (plan.scratch_bytes() > 0) {
    unsigned char* scratch = integer::first_cache_line(a.scratch);
    if (plan.copies) {
      copy_input<S>(plan, parameters<S>{a.weights, plan.w}.in_zero(), a.in, scratch);
      t.input = scratch;
    }
    t.active_sums = reinterpret_cast<std::uint32_t*>(scratch + plan.input_bytes());
  }
  for (int v = 0; 8 * v < plan.w.out.c; v += plan.together) {
    t.block = a.weights + packed_begin({S, g()}) + v * plan.vector_words();
    t.first = 8 * v;
    const int together = plan.block_vectors(v);
    if constexpr (Geometry::is_static) {
      constexpr sign_plan p = plan_of<sign_plan, S>(Geometry{});
      if (together == p.together)
        convolve_block<S, p.together>(g, plan, t, a);
      else if constexpr (p.vectors % p.together != 0)
        convolve_block<S, p.vectors % p.together>(g, plan, t, a);
    } else if (together == 1) {
      convolve_block<S, 1>(g, plan, t, a);
    } else if (together == 2) {
      convolve_block<S, 2>(g, plan, t, a);
    } else if (together == 3) {
      convolve_block<S, 3>(g, plan, t, a);
    } else {
      convolve_block<S, 4>(g, plan, t, a);
    }
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2::signs
#endif

#endif
