// Convolutions of signs plane by plane (x86/bit_rows.hpp): for every vector of positions, chunk by chunk, a table is
// made of what four taps carry (conv_bit_rows_traits.hpp), and every output channel looks up its own and adds them to
// its planes of counts. Nothing below depends on a constant geometry: one compiled loop serves all layers.
#ifndef OFFRAMP_KERNELS_AVX2_CONV_BIT_ROWS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_BIT_ROWS_HPP

#include <offramp/kernels/avx2/conv_bit_rows_traits.hpp>
#include <offramp/kernels/avx2/row_planes.hpp>
#include <offramp/kernels/reference/code.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx2::planes {

using bit_rows::rows_job;

OFFRAMP_INLINE OFFRAMP_AVX2 __m256i both(__m256i a, __m256i b) { return _mm256_and_si256(a, b); }
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i either(__m256i a, __m256i b) { return _mm256_or_si256(a, b); }
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i differ(__m256i a, __m256i b) { return _mm256_xor_si256(a, b); }
OFFRAMP_INLINE OFFRAMP_AVX2 __m256i second_only(__m256i a, __m256i b) { return _mm256_andnot_si256(a, b); }

// sum + a + b = sum' + 2 a'
OFFRAMP_INLINE OFFRAMP_AVX2 void add(__m256i& sum, __m256i& a, __m256i b) {
  const __m256i one = differ(a, b);
  a = either(both(a, b), both(sum, one));
  sum = differ(sum, one);
}
// sum + a = sum' + 2 a'
OFFRAMP_INLINE OFFRAMP_AVX2 void add(__m256i& sum, __m256i& a) {
  const __m256i carry = both(sum, a);
  sum = differ(sum, a);
  a = carry;
}

// The majority of p, a and b, complemented or not: m[4 s + 2 t + u] with signs s, t and u. Planes 4 to 7 are the first
// four, complemented and in reverse. Where a and b agree it is a, else p: a ^ ((a ^ b) & (a ^ p)).
template <int N>
OFFRAMP_INLINE OFFRAMP_AVX2 void majorities(__m256i (&m)[N], __m256i p, __m256i a, __m256i b) {
  const __m256i ones = _mm256_set1_epi32(-1);
  const __m256i x = differ(a, b), y = differ(a, p), xy = both(x, y), not_a = differ(a, ones);
  m[0] = differ(a, xy);
  m[1] = differ(a, differ(y, xy));
  m[2] = differ(a, either(x, y));
  m[3] = differ(not_a, differ(x, xy));
  if constexpr (N == 8)
    for (int i = 0; i < 4; ++i) m[4 + i] = differ(m[3 - i], ones);
}

// What four taps carry, and the parity behind them.
OFFRAMP_INLINE OFFRAMP_AVX2 void make_quad(char* to, __m256i& parity, const __m256i (&x)[4]) {
  __m256i c[4], d[8];
  majorities(c, parity, x[0], x[1]);
  parity = differ(parity, differ(x[0], x[1]));
  majorities(d, parity, x[2], x[3]);
  parity = differ(parity, differ(x[2], x[3]));
  char* const two = to + 16 * 32;
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {  // weights of the first two taps
    const int odd = (i >> 1) ^ (i & 1);
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {  // of the others
      store(to + 32 * (4 * i + j), differ(c[i], d[4 * odd + j]));
      store(two + 32 * (4 * i + j), both(c[i], d[4 * odd + j]));
      store(two + 32 * (16 + 4 * i + j), second_only(c[3 - i], d[4 - 4 * odd + j]));
    }
  }
}

// A chunk's table: `taps` taps, then zeros up to a whole block.
OFFRAMP_INLINE OFFRAMP_AVX2 void make_table(char* to, __m256i& parity, const char* planes, const std::uint32_t* tap,
                                            int taps) {
  for (int i = 0; i < taps; i += 4, to += 32 * quad_planes) {
    __m256i x[4];
    for (int j = 0; j < 4; ++j) x[j] = i + j < taps ? load(planes + tap[i + j]) : _mm256_setzero_si256();
    make_quad(to, parity, x);
  }
  for (int i = ceil_div(taps, 4); i % 4 != 0; ++i, to += 32 * quad_planes) {
    store(to, _mm256_setzero_si256());
    store(to + 16 * 32, _mm256_setzero_si256());
  }
}

// Counts of one output channel.
struct counter {
  __m256i twos, fours, eights, sixteens, thirtytwos, sixtyfours;

  OFFRAMP_INLINE OFFRAMP_AVX2 void clear() {
    twos = fours = eights = sixteens = thirtytwos = sixtyfours = _mm256_setzero_si256();
  }
  OFFRAMP_INLINE OFFRAMP_AVX2 void load_from(const char* p) {
    twos = load(p);
    fours = load(p + 32);
    eights = load(p + 64);
    sixteens = load(p + 96);
    thirtytwos = load(p + 128);
    sixtyfours = load(p + 160);
  }
  OFFRAMP_INLINE OFFRAMP_AVX2 void store_to(char* p) const {
    store(p, twos);
    store(p + 32, fours);
    store(p + 64, eights);
    store(p + 96, sixteens);
    store(p + 128, thirtytwos);
    store(p + 160, sixtyfours);
  }
  // Quad I, whose codes are the lowest bytes; what it carries into the fours.
  template <int I>
  OFFRAMP_INLINE OFFRAMP_AVX2 __m256i add_quad(const char* table, std::uint64_t& codes) {
    const char* const t = table + I * 32 * quad_planes;
    const __m256i one = load(t + (codes & 0xff) * 4);
    const __m256i carry = either(both(twos, one), load(t + 16 * 32 + (codes >> 8 & 0xff) * 4));
    twos = differ(twos, one);
    codes >>= 16;
    asm("" : "+r"(codes));  // two bytes at a time: compilers that see the whole word keep eight indices in memory
    return carry;
  }
  // What a block carries out of the eights.
  OFFRAMP_INLINE OFFRAMP_AVX2 __m256i add_block(const char* table, const std::uint8_t* at) {
    std::uint64_t codes;
    __builtin_memcpy(&codes, at, 8);
    __m256i a = add_quad<0>(table, codes);
    add(fours, a, add_quad<1>(table, codes));
    __m256i b = add_quad<2>(table, codes);
    add(fours, b, add_quad<3>(table, codes));
    add(eights, a, b);
    return a;
  }
};

// What a chunk's additions depend on besides the chunk: `before` and `after` planes of counts, 7 at least.
struct chunk_step {
  int blocks;
  int before, after;
  bool first, last;
};

// From the lowest plane up: is the count at least m? More of it, or as much and so far at least.
OFFRAMP_INLINE OFFRAMP_AVX2 void at_least(__m256i& r, std::uint32_t m, __m256i count) {
  const __m256i bit = _mm256_set1_epi32(static_cast<int>(m));
  r = either(both(r, count), second_only(bit, either(r, count)));
}

// One chunk of one output channel.
OFFRAMP_INLINE OFFRAMP_AVX2 void add_chunk(const rows_job& job, const chunk_step& step, const std::uint8_t* codes,
                                           int o, int at, const __m256i* starts, __m256i valid) {
  constexpr int block_bytes = 4 * 32 * quad_planes;
  char* const counts = job.counts + o * (job.count_planes - 1) * 32;
  const char* table = job.table;
  counter sum;
  if (step.first)
    sum.clear();
  else
    sum.load_from(counts);
  __m256i a = _mm256_setzero_si256(), b = a;  // two carries into the thirty-twos wait here
  int left = step.blocks;
  for (; left >= 2; left -= 2, table += 2 * block_bytes, codes += 2 * bit_rows::block_codes) {
    b = a;
    a = sum.add_block(table, codes);
    add(sum.sixteens, a, sum.add_block(table + block_bytes, codes + bit_rows::block_codes));
  }
  if (left > 0) {
    b = a;
    a = sum.add_block(table, codes);
    add(sum.sixteens, a);
  }
  add(sum.thirtytwos, a, b);
  add(sum.sixtyfours, a);
  if (!step.last) {
    sum.store_to(counts);
    int i = 7;
    for (; i < step.before; ++i) {
      b = load(counts + (i - 1) * 32);
      add(b, a);
      store(counts + (i - 1) * 32, b);
    }
    if (i < step.after) store(counts + (i - 1) * 32, a);
    return;
  }
  const std::uint32_t* const m = job.weights.thresholds + o * (job.count_planes + 1);
  __m256i r = starts[m[0]];
  at_least(r, m[1], sum.twos);
  at_least(r, m[2], sum.fours);
  at_least(r, m[3], sum.eights);
  at_least(r, m[4], sum.sixteens);
  at_least(r, m[5], sum.thirtytwos);
  at_least(r, m[6], sum.sixtyfours);
  int i = 7;
  for (; i < step.before; ++i) {
    b = load(counts + (i - 1) * 32);
    add(b, a);
    at_least(r, m[i], b);
  }
  if (i < step.after) at_least(r, m[i], a);
  r = both(valid, differ(r, _mm256_set1_epi32(static_cast<int>(m[job.count_planes]))));
  store_words(job.out + o * job.out_bytes + at, (job.out_bytes - at) / 4, r);
}

// All output channels of one vector of positions, `at` bytes from the beginning of a plane.
OFFRAMP_INLINE OFFRAMP_AVX2 void convolve_vector(const rows_job& job, int at, __m256i valid) {
  constexpr int chunk_taps = bit_rows::block_taps * conv_bit_rows::chunk;
  __m256i parity = _mm256_setzero_si256();
  const std::uint8_t* codes = job.weights.codes;
  for (int done = 0; done < job.depth; done += chunk_taps, codes += job.weights.chunk_bytes) {
    const int taps = job.depth - done < chunk_taps ? job.depth - done : chunk_taps;
    make_table(job.table, parity, job.planes + at, job.weights.taps + done, taps);
    chunk_step step;
    step.blocks = ceil_div(taps, bit_rows::block_taps);
    step.before = bit_rows::planes_for(done);
    step.after = bit_rows::planes_for(done + taps);
    step.first = done == 0;
    step.last = done + taps == job.depth;
    const __m256i ones = _mm256_set1_epi32(-1);
    const __m256i starts[4] = {_mm256_setzero_si256(), ones, parity, differ(parity, ones)};
    const int code_bytes = step.last ? job.weights.last_step : conv_bit_rows::chunk * bit_rows::block_codes;
    if (step.last) codes = job.weights.last_codes;
    for (int o = 0; o < job.outputs; ++o) add_chunk(job, step, codes + o * code_bytes, o, at, starts, valid);
  }
}

OFFRAMP_AVX2 inline void convolve_rows(const rows_job& job, const window& w) {
  const int bits = bit_rows::plane_bits(w);
  const __m256i column_bits = columns(w.out.w);
  for (int at = 0; 8 * at < bits; at += 32)
    convolve_vector(job, at, both(column_bits, first_halves((bits - 8 * at) / 16)));
}

}  // namespace avx2::planes

template <>
struct code<avx2::conv_bit_rows> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    const window w = g();
    if (S.out_layout != layout::bit_rows || !bit_rows::takes(w))
      code<path::reference>::run<S>(g, a);
    else
      convolve({S, w}, a);
  }

 private:
  static void convolve(const kernel_op& op, const arguments& a) {
    using traits = avx2::conv_bit_rows;
    const window& w = op.geometry;
    char* const scratch =
        reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(a.scratch) + 63) & ~std::uintptr_t{63});
    avx2::planes::rows_job job;
    job.planes = scratch;
    job.table = scratch + traits::planes_bytes(w);
    job.counts = job.table + traits::table_bytes(w);
    job.weights =
        bit_rows::view_weights<avx2::quad_codes>(op, traits::chunk, a.weights, job.counts + traits::counts_bytes(w));
    job.out = static_cast<char*>(a.out);
    job.out_bytes = row_plane_words(w.out) * 4;
    job.depth = w.depth();
    job.outputs = w.out.c;
    job.count_planes = bit_rows::planes_for(w.depth());
    avx2::planes::spread_planes(w, a.in, traits::stride(w), scratch);
    avx2::planes::convolve_rows(job, w);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
