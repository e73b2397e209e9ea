// The inner loop of counting by majorities (majority_plan.hpp), and the weights it reads.
//
// A vector holds 512 outputs, one a bit: 64 places of 8 channels, blocks of channels times runs of 8 positions. Its
// counts are planes in memory: bit i of all counts in vector i. Weights are made ready, four matrices an oct, a chunk
// at a time that stays in the first cache, and meet all positions before the next chunk.
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_COUNT_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_COUNT_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx512_popcnt/majority_bits.hpp>
#include <offramp/kernels/avx512_popcnt/majority_plan.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt {

// The bytes of a tile for one oct, every block repeated for its runs of positions.
template <int Blocks>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i load_blocks(const std::uint8_t* from) {
  constexpr int runs = 8 / Blocks;
  if constexpr (runs == 1) return _mm512_loadu_si512(from);
  const __m512i block = _mm512_setr_epi64(0, 1 / runs, 2 / runs, 3 / runs, 4 / runs, 5 / runs, 6 / runs, 7 / runs);
  return _mm512_permutexvar_epi64(block, _mm512_maskz_loadu_epi64((1u << Blocks) - 1u, from));
}

OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void store_quad(std::uint8_t* to, __m512i index, __m512i first, __m512i both) {
  _mm512_store_si512(to, _mm512_permutexvar_epi8(index, first));
  _mm512_store_si512(to + 64, _mm512_permutexvar_epi8(index, both));
}

// Matrices of the octs [first, end) of a tile. `sums` keeps what every tap leaves over, and behind them the sum of
// these. Behind the last oct follows the matrix of the plane of ones.
template <int Blocks>
OFFRAMP_AVX512_POPCNT inline void make_weights(const majority_plan& p, const std::uint8_t* tile, int first, int end,
                                               std::uint8_t* to, std::uint8_t* sums) {
  const __m512i first_carry = load_table(first_carry_table);
  const __m512i both_carries = load_table(both_carries_table);
  const __m512i last_channels = _mm512_set1_epi8(static_cast<char>(0xff >> p.spare));
  int oct = first;
  for (int tap = first / p.in_bytes; oct < end && oct < p.kernel_octs(); ++tap) {
    const std::uint8_t* from = tile + 8 * Blocks * (tap * p.stored_bytes - tap * p.in_bytes);
    const int next = (tap + 1) * p.in_bytes;
    __m512i sum = oct == tap * p.in_bytes ? _mm512_setzero_si512() : _mm512_load_si512(sums + 64 * tap);
    for (; oct < next && oct < end; ++oct, to += 256) {
      __m512i bits = load_blocks<Blocks>(from + 8 * Blocks * oct);
      if (oct == next - 1) bits = _mm512_and_si512(bits, last_channels);
      const oct_indices quads = next_oct(bits, sum);
      store_quad(to, quads.low, first_carry, both_carries);
      store_quad(to + 128, quads.high, first_carry, both_carries);
    }
    _mm512_store_si512(sums + 64 * tap, sum);
  }
  if (end < p.octs && oct == end) return;
  std::uint8_t* rest = sums + 64 * p.taps;
  const int tail = oct - p.kernel_octs();
  __m512i sum = tail == 0 ? _mm512_load_si512(sums) : _mm512_load_si512(rest);
  for (int quad = 2 * tail; quad < 2 * (end - p.kernel_octs()); ++quad, to += 128) {
    __m512i four[4];
    for (int i = 0; i < 4; ++i) {
      const int tap = 1 + 4 * quad + i;
      four[i] = tap < p.taps ? _mm512_load_si512(sums + 64 * tap) : _mm512_setzero_si512();
    }
    store_quad(to, next_sums(four, sum), first_carry, both_carries);
  }
  _mm512_store_si512(rest, sum);
  if (end == p.octs) _mm512_store_si512(to, choose(_mm512_set1_epi8(2), sum, _mm512_set1_epi8(1)));
}

// Bytes of 8, 16, 32 or 64 positions, repeated over the vector.
template <int Positions>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i load_positions(const std::uint8_t* from) {
  if constexpr (Positions == 8) {
    long long v;
    __builtin_memcpy(&v, from, 8);
    return _mm512_set1_epi64(v);
  } else if constexpr (Positions == 16) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  } else if constexpr (Positions == 32) {
    return _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  } else {
    return _mm512_loadu_si512(from);
  }
}

// Adds b and c to a plane, and returns what is carried: b where b equals c, else the inverse of the sum, in a form that
// overwrites what is not needed any more.
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i add_planes(__m512i& a, __m512i b, __m512i c) {
  a = xor3(a, b, c);
  return _mm512_ternarylogic_epi64(b, c, a, 0xd4);
}
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i add_plane(__m512i& a, __m512i b) {
  const __m512i carry = _mm512_and_si512(a, b);
  a = _mm512_xor_si512(a, b);
  return carry;
}

// The lower planes of a count, in registers: twos, fours, eights, sixteens.
struct low_planes {
  __m512i two, four, eight, sixteen;
};

// Eight products of each output; returns the eights that are carried.
template <int Positions>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i add_oct(low_planes& n, const std::uint8_t* x, std::ptrdiff_t plane,
                                                     const std::uint8_t* w) {
  const __m512i low = load_positions<Positions>(x);
  const __m512i high = load_positions<Positions>(x + plane);
  const __m512i a = _mm512_gf2p8affine_epi64_epi8(low, _mm512_load_si512(w), 0);
  const __m512i ab = _mm512_gf2p8affine_epi64_epi8(low, _mm512_load_si512(w + 64), 0);
  const __m512i c = _mm512_gf2p8affine_epi64_epi8(high, _mm512_load_si512(w + 128), 0);
  const __m512i cd = _mm512_gf2p8affine_epi64_epi8(high, _mm512_load_si512(w + 192), 0);
  // Four carries a, b, c, d come as a, a^b, c, c^d, so that two full adders take three operations (Demenkov et al.,
  // "New upper bounds on the Boolean circuit complexity of symmetric functions", 2010). Of the sum between the two
  // adders, `after` ^ cd, only the inverse of `after` is needed: where cd is set.
  const __m512i after = xor3(n.two, ab, cd);
  const __m512i first = choose(ab, n.two, a);
  const __m512i second = _mm512_ternarylogic_epi64(cd, after, c, 0x3a);
  n.two = after;
  return add_planes(n.four, first, second);
}

// Counts of Vectors vectors, `step` bytes apart, over `octs` octs: `x` plus an offset each, matrices from `w` on.
// `counts` are p.planes planes for each vector; fresh: they hold nothing yet.
template <int Positions, int Vectors>
OFFRAMP_AVX512_POPCNT inline void count_octs(const std::uint8_t* x, std::ptrdiff_t step, const std::int32_t* offsets,
                                             std::ptrdiff_t plane, const std::uint8_t* w, int octs,
                                             std::uint8_t* counts, int planes, bool fresh) {
  low_planes n[Vectors];
  __m512i waiting[8][Vectors];  // carries of 32, 64, 128 ... that wait for a second one
#pragma GCC unroll 2
  for (int v = 0; v < Vectors; ++v) {
    std::uint8_t* at = counts + v * planes * 64;
    if (fresh) {
      n[v].two = n[v].four = n[v].eight = n[v].sixteen = _mm512_setzero_si512();
      for (int i = 5; i < planes; ++i) _mm512_store_si512(at + 64 * i, _mm512_setzero_si512());
    } else {
      n[v].two = _mm512_load_si512(at + 64);
      n[v].four = _mm512_load_si512(at + 128);
      n[v].eight = _mm512_load_si512(at + 192);
      n[v].sixteen = _mm512_load_si512(at + 256);
    }
  }
  const int blocks = octs / 4;
  for (int block = 0; block < blocks; ++block, offsets += 4, w += 1024) {
    __m512i carry[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      const std::uint8_t* from = x + v * step;
      __m512i a = add_oct<Positions>(n[v], from + offsets[0], plane, w);
      __m512i b = add_oct<Positions>(n[v], from + offsets[1], plane, w + 256);
      carry[v] = add_planes(n[v].eight, a, b);
      a = add_oct<Positions>(n[v], from + offsets[2], plane, w + 512);
      b = add_oct<Positions>(n[v], from + offsets[3], plane, w + 768);
      b = add_planes(n[v].eight, a, b);
      carry[v] = add_planes(n[v].sixteen, carry[v], b);
    }
    int level = 0;
    for (int i = block; (i & 1) != 0; i >>= 1, ++level)
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) {
        auto* up = reinterpret_cast<__m512i*>(counts + (v * planes + 5 + level) * 64);
        carry[v] = add_planes(*up, waiting[level][v], carry[v]);
      }
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) waiting[level][v] = carry[v];
  }
#pragma GCC unroll 2
  for (int v = 0; v < Vectors; ++v) {
    std::uint8_t* at = counts + v * planes * 64;
    // Up to three octs more: with 24 in the lower planes already they carry to 32 once at most.
    __m512i carry = _mm512_setzero_si512();
    for (int i = 0; i < octs % 4; ++i) {
      const __m512i eights = add_oct<Positions>(n[v], x + v * step + offsets[i], plane, w + 256 * i);
      carry = _mm512_or_si512(carry, add_plane(n[v].sixteen, add_plane(n[v].eight, eights)));
    }
    for (int level = 0; level < planes - 5; ++level) {
      auto* up = reinterpret_cast<__m512i*>(at + 64 * (5 + level));
      carry = (blocks >> level & 1) != 0 ? add_planes(*up, waiting[level][v], carry) : add_plane(*up, carry);
    }
    _mm512_store_si512(at + 64, n[v].two);
    _mm512_store_si512(at + 128, n[v].four);
    _mm512_store_si512(at + 192, n[v].eight);
    _mm512_store_si512(at + 256, n[v].sixteen);
  }
}

// `count` vectors of a band from `at` on, over one chunk of octs.
template <int Positions>
OFFRAMP_AVX512_POPCNT inline void count_positions(const majority_plan& p, const position_vectors& vectors,
                                                  vector_place at, int count, const std::uint8_t* scratch,
                                                  const std::int32_t* offsets, const std::uint8_t* weights, int octs,
                                                  std::uint8_t* counts, bool fresh) {
  for (; count > 0; count -= 2, counts += 2 * 64 * p.planes) {
    const int begin = at.begin(vectors);
    if (count == 1)
      return count_octs<Positions, 1>(scratch + begin, 0, offsets, p.plane, weights, octs, counts, p.planes, fresh);
    at.advance(vectors);
    count_octs<Positions, 2>(scratch + begin, at.begin(vectors) - begin, offsets, p.plane, weights, octs, counts,
                             p.planes, fresh);
    at.advance(vectors);
  }
}

// The plane of ones: the sum of all, as far as it is odd.
template <int Positions>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void add_ones(const std::uint8_t* last, const std::uint8_t* matrix,
                                                   std::uint8_t* counts) {
  const __m512i sums = load_positions<Positions>(last);
  _mm512_store_si512(counts, _mm512_gf2p8affine_epi64_epi8(sums, _mm512_load_si512(matrix), 0));
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt
#endif

#endif
