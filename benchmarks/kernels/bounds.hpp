// What the core can do at most: products a cycle, from the throughput, measured in place, of the instructions that the
// designs of each path rest on and the counted number of them.
#ifndef BENCHMARKS_KERNELS_BOUNDS_HPP
#define BENCHMARKS_KERNELS_BOUNDS_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/kernels/x86/cpu.hpp>

#include "benchmarks/peers/measure.hpp"

namespace benchmarked {

// Instructions of an asm block a cycle.
template <class Block>
double per_cycle(Block block, int instructions) {
  constexpr int repeats = 200;
  const auto many = [&] {
    for (int i = 0; i < repeats; ++i) block();
  };
  const peers::timing t = peers::measure(many, 0.05);
  return instructions * repeats / (t.min_us * t.ghz * 1e3);
}

// Products a cycle.
struct bound {
  double binary = 0, int8 = 0, f32 = 0;  // 0: none known
};

#if OFFRAMP_X86_64
namespace detail {

// Twelve independent instructions (two a cycle, five cycles each, need ten) on registers 0 to 11, sources 13 and 14;
// four times over.
#define BENCHMARKS_TWELVE(op, r) \
  op(r, 0) op(r, 1) op(r, 2) op(r, 3) op(r, 4) op(r, 5) op(r, 6) op(r, 7) op(r, 8) op(r, 9) op(r, 10) op(r, 11)
#define BENCHMARKS_FORTY_EIGHT(op, r) \
  BENCHMARKS_TWELVE(op, r) BENCHMARKS_TWELVE(op, r) BENCHMARKS_TWELVE(op, r) BENCHMARKS_TWELVE(op, r)
#define BENCHMARKS_LOGIC3(r, n) "vpternlogd $0x96, %%" r "13, %%" r "14, %%" r #n "\n"
#define BENCHMARKS_LOGIC2(r, n) "vpxor %%" r "13, %%" r "14, %%" r #n "\n"
#define BENCHMARKS_FMA(r, n) "vfmadd231ps %%" r "13, %%" r "14, %%" r #n "\n"
#define BENCHMARKS_DOT4(r, n) "vpdpbusd %%" r "13, %%" r "14, %%" r #n "\n"
#define BENCHMARKS_DOT2(r, n) "vpmaddwd %%" r "13, %%" r "14, %%" r "15\n vpaddd %%" r "15, %%" r #n ", %%" r #n "\n"
#define BENCHMARKS_CLOBBERS                                                                                           \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm13", "xmm14", \
      "xmm15"
#define BENCHMARKS_PER_CYCLE(op, r) \
  per_cycle([] { asm volatile(BENCHMARKS_FORTY_EIGHT(op, r)::: BENCHMARKS_CLOBBERS); }, 48)

}  // namespace detail
#endif

// Of the paths of x86 that run here; none is known for others.
//   binary  three taps looked up, then carry-save adders: 1.31 three-input operations for as many products as the
//           register has bits (3.3 two-input ones with AVX2); with tiles, signs as bytes
//   int8    vpdpbusd adds up 4 products a lane; without it vpmaddwd 2, and an addition
//   f32     multiply-add; minimal filtering (Winograd) needs fewer products and may pass it
template <class Path>
bound bound_of() {
  bound b;
#if OFFRAMP_X86_64
  namespace path = offramp::path;
  if (!offramp::kernels::runs_here<Path>()) return b;
  if constexpr (std::is_same_v<Path, path::avx2>) {
    b.binary = BENCHMARKS_PER_CYCLE(BENCHMARKS_LOGIC2, "ymm") * 256 / 3.3;
    b.int8 = BENCHMARKS_PER_CYCLE(BENCHMARKS_DOT2, "ymm") * 16;
    b.f32 = BENCHMARKS_PER_CYCLE(BENCHMARKS_FMA, "ymm") * 8;
  } else if constexpr (!std::is_same_v<Path, path::portable>) {
    b.binary = BENCHMARKS_PER_CYCLE(BENCHMARKS_LOGIC3, "zmm") * 512 / 1.31;
    b.f32 = BENCHMARKS_PER_CYCLE(BENCHMARKS_FMA, "zmm") * 16;
    if constexpr (std::is_same_v<Path, path::avx512>)
      b.int8 = BENCHMARKS_PER_CYCLE(BENCHMARKS_DOT2, "zmm") * 32;
    else
      b.int8 = BENCHMARKS_PER_CYCLE(BENCHMARKS_DOT4, "zmm") * 64;
  }
#endif
  return b;
}

#undef BENCHMARKS_PER_CYCLE
#undef BENCHMARKS_CLOBBERS
#undef BENCHMARKS_DOT2
#undef BENCHMARKS_DOT4
#undef BENCHMARKS_FMA
#undef BENCHMARKS_LOGIC2
#undef BENCHMARKS_LOGIC3
#undef BENCHMARKS_FORTY_EIGHT
#undef BENCHMARKS_TWELVE

}  // namespace benchmarked

#endif
