// Sums of floats in registers: a tile of P positions x V vectors of 8 output channels. Weights of two vectors are read
// once for all positions, a number of the input once for both vectors, so that loads are fewer than multiply-adds.
// 6 x 2 sums, two weights and one number fill the 16 registers.
#ifndef OFFRAMP_KERNELS_AVX2_FLOAT_TILE_HPP
#define OFFRAMP_KERNELS_AVX2_FLOAT_TILE_HPP

#include <offramp/kernels/avx2/float_packing.hpp>
#include <offramp/kernels/avx2/output.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// Positions of a tile at most: what registers hold, and more loads shared where there is one vector only.
template <int V>
inline constexpr int most_positions = V == 2 ? 6 : 12;

// A multiply-add takes 4 cycles and two begin in each: 8 sums at least keep both units busy. Tiles with fewer take
// turns between several sets of sums.
constexpr int sets_of_sums(int sums) { return sums >= 8 ? 1 : sums >= 4 ? 2 : sums >= 2 ? 4 : 8; }

// Where channels are few, g++ finds that the next position's number is soon this position's, and keeps them all in
// registers that it does not have (its predictive commoning). It cannot if it does not know where x points to.
OFFRAMP_INLINE void forget_origin(const float*& x) { asm("" : "+r"(x)); }

template <int P, int V>
struct float_tile {
  static constexpr int sets = sets_of_sums(P * V);
  __m256 sum[sets][V][P];

  OFFRAMP_INLINE OFFRAMP_AVX2 void clear() {
#pragma GCC unroll 8
    for (int s = 0; s < sets; ++s)
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v)
#pragma GCC unroll 12
        for (int p = 0; p < P; ++p) sum[s][v][p] = _mm256_setzero_ps();
  }

  // A number of every position (`step` floats apart) times a row of 8 V weights.
  OFFRAMP_INLINE OFFRAMP_AVX2 void add_number(int s, const float* x, int step, const float* weights) {
    __m256 weight[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) weight[v] = _mm256_loadu_ps(weights + 8 * v);
#pragma GCC unroll 12
    for (int p = 0; p < P; ++p) {
      const __m256 number = _mm256_set1_ps(x[p * step]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sum[s][v][p] = _mm256_fmadd_ps(number, weight[v], sum[s][v][p]);
    }
  }

  // n neighbouring numbers of every position times as many rows of weights, `width` apart. `ahead`, if there is one: n
  // cache lines that will be wanted later.
  OFFRAMP_INLINE OFFRAMP_AVX2 void add_run(const float* x, int step, const float* weights, int width, int n,
                                           const float* ahead = nullptr) {
    int j = 0;
    if (ahead != nullptr)
      for (; j < n; ++j, ++x, weights += width) {
        _mm_prefetch(reinterpret_cast<const char*>(ahead + 16 * j), _MM_HINT_T1);
        add_number(0, x, step, weights);
      }
    if constexpr (sets > 1)
      for (; j + sets <= n; j += sets, x += sets, weights += sets * width) {
#pragma GCC unroll 8
        for (int s = 0; s < sets; ++s) add_number(s, x + s, step, weights + s * width);
      }
    for (; j < n; ++j, ++x, weights += width) {
      forget_origin(x);
      add_number(0, x, step, weights);
    }
  }

  // Brings the sums together in the first set.
  OFFRAMP_INLINE OFFRAMP_AVX2 void gather_sets() {
#pragma GCC unroll 8
    for (int s = 1; s < sets; ++s)
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v)
#pragma GCC unroll 12
        for (int p = 0; p < P; ++p) sum[0][v][p] = _mm256_add_ps(sum[0][v][p], sum[s][v][p]);
  }
};

// Calls task.run<P>(first position) for tiles of at most Most positions that make up [begin, end). N, if not 0, is the
// number of all positions, and tiles are those of `tile_begin`; else a few sizes must do.
template <int Most, int N, class Task>
OFFRAMP_INLINE OFFRAMP_AVX2 void over_positions(int begin, int end, const Task& task) {
  int p = begin;
  if constexpr (N > 0) {
    constexpr int least = N / ceil_div(N, Most);
    constexpr int larger = tile_begin(N, Most, N % ceil_div(N, Most));
    if constexpr (larger > 0)
      for (; p < larger && p < end; p += least + 1) task.template run<least + 1>(p);
    if constexpr (larger < N)
      for (; p < end; p += least) task.template run<least>(p);
  } else {
    for (; p + 6 <= end; p += 6) task.template run<6>(p);
    for (; p + 3 <= end; p += 3) task.template run<3>(p);
    for (; p < end; ++p) task.template run<1>(p);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2
#endif

#endif
