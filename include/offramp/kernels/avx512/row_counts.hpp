// Counting mismatches plane by plane (x86/bit_rows.hpp): the table of carries of a chunk, and a chunk's sums of an
// output channel or two, from looking the carries up to comparing the count with the threshold.
#ifndef OFFRAMP_KERNELS_AVX512_ROW_COUNTS_HPP
#define OFFRAMP_KERNELS_AVX512_ROW_COUNTS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx512/bit_planes.hpp>
#include <offramp/kernels/x86/bit_rows.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512::planes {

using bit_rows::rows_job;

// Plane K of a pair's table: the majority of three planes, those complemented whose bits are set in K.
constexpr int complemented_majority(int k) {
  int f = 0;
  for (int i = 0; i < 8; ++i) {
    const int x = i ^ k;
    if ((x & 1) + (x >> 1 & 1) + (x >> 2 & 1) >= 2) f |= 1 << i;
  }
  return f;
}

// The carries of one pair, and the parity behind it. Planes K and 7 - K are each other's complement; an exclusive or
// makes that in whole vectors, whose stores make operations on three registers beside them wait.
OFFRAMP_INLINE OFFRAMP_AVX512 void make_pair(char* to, __m512i& parity, __m512i a, __m512i b) {
  __m512i ones;
  spread(ones, ~0u);
  asm("" : "+v"(ones));  // else compilers take an operation on three registers again
  const __m512i plane[4] = {
      logic<complemented_majority(0)>(parity, a, b), logic<complemented_majority(1)>(parity, a, b),
      logic<complemented_majority(2)>(parity, a, b), logic<complemented_majority(3)>(parity, a, b)};
#pragma GCC unroll 4
  for (int k = 0; k < 4; ++k) {
    store(to + k * 64, plane[k]);
    store(to + (7 - k) * 64, _mm512_xor_si512(plane[k], ones));
  }
  parity = logic<0x96>(parity, a, b);
}
// Half vectors are stored in order: two of them are one line.
OFFRAMP_INLINE OFFRAMP_AVX512 void make_pair(char* to, __m256i& parity, __m256i a, __m256i b) {
  store(to, logic<complemented_majority(0)>(parity, a, b));
  store(to + 32, logic<complemented_majority(1)>(parity, a, b));
  store(to + 2 * 32, logic<complemented_majority(2)>(parity, a, b));
  store(to + 3 * 32, logic<complemented_majority(3)>(parity, a, b));
  store(to + 4 * 32, logic<complemented_majority(4)>(parity, a, b));
  store(to + 5 * 32, logic<complemented_majority(5)>(parity, a, b));
  store(to + 6 * 32, logic<complemented_majority(6)>(parity, a, b));
  store(to + 7 * 32, logic<complemented_majority(7)>(parity, a, b));
  parity = logic<0x96>(parity, a, b);
}

// A block of the table. All taps are loaded before the first carry is stored: loads behind stores to the same place of
// another page would wait for them.
template <class V>
OFFRAMP_INLINE OFFRAMP_AVX512 void make_block(char* to, V& parity, const char* planes, const std::uint32_t* tap) {
  V x[bit_rows::block_taps];
#pragma GCC unroll 16
  for (int i = 0; i < bit_rows::block_taps; ++i) load(x[i], planes + tap[i]);
  asm volatile("" ::: "memory");
#pragma GCC unroll 8
  for (int i = 0; i < bit_rows::block_codes; ++i)
    make_pair(to + 8 * i * static_cast<int>(sizeof(V)), parity, x[2 * i], x[2 * i + 1]);
}

// A chunk's table: `taps` taps (an odd one is met by zeros), then no carries up to a whole block.
template <class V>
OFFRAMP_INLINE OFFRAMP_AVX512 void make_table(char* to, V& parity, const char* planes, const std::uint32_t* tap,
                                              int taps) {
  constexpr int pair_bytes = 8 * sizeof(V);
  for (; taps >= bit_rows::block_taps; taps -= bit_rows::block_taps) {
    make_block(to, parity, planes, tap);
    to += bit_rows::block_codes * pair_bytes;
    tap += bit_rows::block_taps;
  }
  if (taps == 0) return;
  V a, b, zeros;
  spread(zeros, 0);
#pragma GCC unroll 1
  for (int i = 0; i < bit_rows::block_taps; i += 2, to += pair_bytes) {
    a = b = zeros;
    if (i < taps) load(a, planes + tap[i]);
    if (i + 1 < taps) load(b, planes + tap[i + 1]);
    make_pair(to, parity, a, b);
  }
}

// One block of 8 pairs of N output channels, whose codes are `step` bytes apart.
template <class V, int N>
struct block {
  const char* table;
  std::uint64_t codes[N];

  OFFRAMP_INLINE OFFRAMP_AVX512 block(const char* t, const std::uint8_t* c, int step) : table{t} {
    // All codes come by one load: loads are what these loops have least of, and taking bytes apart costs nothing.
#pragma GCC unroll 2
    for (int n = 0; n < N; ++n) __builtin_memcpy(&codes[n], c + n * step, 8);
  }
  template <int I>
  OFFRAMP_INLINE OFFRAMP_AVX512 void carry(row<V, N>& to) const {
    constexpr int n_bytes = sizeof(V);
#pragma GCC unroll 2
    for (int n = 0; n < N; ++n)
      load(to.of[n], table + I * 8 * n_bytes + static_cast<std::size_t>(codes[n] >> I % 2 * 8 & 0xff) * (n_bytes / 8));
  }
  // Pair I and the next one; what they carry out of the twos.
  template <int I>
  OFFRAMP_INLINE OFFRAMP_AVX512 void add_two(row<V, N>& twos, row<V, N>& out) {
    row<V, N> b;
    carry<I>(out);
    carry<I + 1>(b);
    add(twos, out, b);
#pragma GCC unroll 2
    for (int n = 0; n < N; ++n) {
      codes[n] >>= 16;
      // Two bytes at a time, after what was added so far: compilers that may take the whole word apart at once run out
      // of registers.
      asm("" : "+r"(codes[n]), "+v"(twos.of[n]));
    }
  }
};

// Counts of N output channels.
template <class V, int N>
struct counter {
  row<V, N> twos, fours, eights, sixteens, thirtytwos, sixtyfours;

  OFFRAMP_INLINE OFFRAMP_AVX512 void clear() {
    twos.clear();
    fours.clear();
    eights.clear();
    sixteens.clear();
    thirtytwos.clear();
    sixtyfours.clear();
  }
  OFFRAMP_INLINE OFFRAMP_AVX512 void load_from(const char* p, int stride) {
    constexpr int n = sizeof(V);
    load(twos, p, stride);
    load(fours, p + n, stride);
    load(eights, p + 2 * n, stride);
    load(sixteens, p + 3 * n, stride);
    load(thirtytwos, p + 4 * n, stride);
    load(sixtyfours, p + 5 * n, stride);
  }
  OFFRAMP_INLINE OFFRAMP_AVX512 void store_to(char* p, int stride) const {
    constexpr int n = sizeof(V);
    store(p, stride, twos);
    store(p + n, stride, fours);
    store(p + 2 * n, stride, eights);
    store(p + 3 * n, stride, sixteens);
    store(p + 4 * n, stride, thirtytwos);
    store(p + 5 * n, stride, sixtyfours);
  }
  // What a block carries out of the eights.
  OFFRAMP_INLINE OFFRAMP_AVX512 void add_block(const char* table, const std::uint8_t* codes, int step, row<V, N>& a) {
    block<V, N> from{table, codes, step};
    row<V, N> b, c, d;
    from.template add_two<0>(twos, a);
    from.template add_two<2>(twos, b);
    add(fours, a, b);
    from.template add_two<4>(twos, c);
    from.template add_two<6>(twos, d);
    add(fours, c, d);
    add(eights, a, c);
  }
};

// Before anything of the next block: compilers that see several blocks put additions off until registers run out.
template <class V, int N>
OFFRAMP_INLINE OFFRAMP_AVX512 void finish(row<V, N>& carry) {
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) asm volatile("" : "+v"(carry.of[n])::"memory");
}

// What layers meet: a constant geometry makes code for its own alone.
struct row_cases {
  int pairs = 7;                               // rows in pairs (row_pairs.hpp); bits: of one, two, three blocks
  bool rows = true, wide = true, half = true;  // rows as they are, vectors of 512 and of 256 bits
  bool single = true;                          // an output channel that no second one stands beside
};

// What a chunk's additions depend on besides the chunk: `before` and `after` planes of counts, 7 at least.
struct chunk_step {
  int blocks;
  int code_bytes;  // of an output channel
  int before, after;
  bool first, last;
};

// From the lowest plane up: is the count at least the threshold? More of it, or as much and so far at least.
template <class V, int N>
OFFRAMP_INLINE OFFRAMP_AVX512 void at_least(row<V, N>& r, const std::uint32_t* bits, int step, const row<V, N>& count) {
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) {
    V bit;
    spread(bit, bits[n * step]);
    r.of[n] = logic<0xb2>(r.of[n], bit, count.of[n]);
  }
}

// Sums of a chunk of any number of blocks up to eight; what they carry out of the sixty-fours.
template <class V, int N>
OFFRAMP_INLINE OFFRAMP_AVX512 void add_blocks(counter<V, N>& sum, const char* table, const std::uint8_t* codes,
                                              const chunk_step& step, row<V, N>& out) {
  constexpr int block_bytes = 8 * bit_rows::block_codes * static_cast<int>(sizeof(V));
  row<V, N> a, b, held32, held64;
  // Carries into the thirty-twos and into the sixty-fours that wait for a second one.
  held32.clear();
  held64.clear();
  out.clear();
  for (int i = 0, left = step.blocks; left > 0; ++i, left -= 2) {
    sum.add_block(table, codes, step.code_bytes, a);
    if (left > 1) {
      sum.add_block(table + block_bytes, codes + bit_rows::block_codes, step.code_bytes, b);
      add(sum.sixteens, a, b);
      table += 2 * block_bytes;
      codes += 2 * bit_rows::block_codes;
    } else {
      add(sum.sixteens, a);
    }
    if ((i & 1) == 0) {
      held32 = a;
      continue;
    }
    add(sum.thirtytwos, a, held32);
    held32.clear();
    if ((i & 2) == 0) {
      held64 = a;
      continue;
    }
    add(sum.sixtyfours, a, held64);
    held64.clear();
    out = a;  // of a chunk of seven or eight blocks, which leaves nothing waiting
  }
  if (step.blocks < 7) {
    add(sum.thirtytwos, held32);
    add(sum.sixtyfours, held32, held64);
    out = held32;
  }
}

// One chunk of N output channels.
template <class V, int N, class Store>
OFFRAMP_INLINE OFFRAMP_AVX512 void add_chunk(const rows_job& job, const chunk_step& step, const char* table,
                                             const std::uint8_t* codes, int o, int at, const V* starts, V valid,
                                             Store put) {
  constexpr int n_bytes = sizeof(V);
  const int count_bytes = (job.count_planes - 1) * n_bytes;
  char* const counts = job.counts + o * count_bytes;
  codes += o * step.code_bytes;
  counter<V, N> sum;
  row<V, N> a, b;
  if (step.first)
    sum.clear();
  else
    sum.load_from(counts, count_bytes);
  add_blocks(sum, table, codes, step, a);
  if (!step.last) {
    sum.store_to(counts, count_bytes);
    int i = 7;
    for (; i < step.before; ++i) {
      load(b, counts + (i - 1) * n_bytes, count_bytes);
      add(b, a);
      store(counts + (i - 1) * n_bytes, count_bytes, b);
    }
    if (i < step.after) store(counts + (i - 1) * n_bytes, count_bytes, a);
    return;
  }
  const std::uint32_t* const threshold = job.weights.thresholds + o * (job.count_planes + 1);
  const int threshold_step = job.count_planes + 1;
  row<V, N> r;
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) r.of[n] = starts[threshold[n * threshold_step]];
  at_least(r, threshold + 1, threshold_step, sum.twos);
  at_least(r, threshold + 2, threshold_step, sum.fours);
  at_least(r, threshold + 3, threshold_step, sum.eights);
  at_least(r, threshold + 4, threshold_step, sum.sixteens);
  at_least(r, threshold + 5, threshold_step, sum.thirtytwos);
  at_least(r, threshold + 6, threshold_step, sum.sixtyfours);
  int i = 7;
  for (; i < step.before; ++i) {
    load(b, counts + (i - 1) * n_bytes, count_bytes);
    add(b, a);
    at_least(r, threshold + i, threshold_step, b);
  }
  if (i < step.after) at_least(r, threshold + i, threshold_step, a);
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n) {
    V flip;
    spread(flip, threshold[n * threshold_step + job.count_planes]);
    put.plane(job.out + (o + n) * job.out_bytes + at, logic<0x60>(valid, r.of[n], flip));
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512::planes
#endif

#endif
