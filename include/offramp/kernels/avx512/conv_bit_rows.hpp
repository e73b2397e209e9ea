// Convolutions of signs plane by plane (x86/bit_rows.hpp): for every vector of positions, chunk by chunk, a table of
// carries is made, and every output channel looks up its own and adds them to its planes of counts. Nothing below
// depends on a constant geometry: one compiled loop serves all layers.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BIT_ROWS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BIT_ROWS_HPP

#include <offramp/kernels/avx512/conv_bit_rows_traits.hpp>
#include <offramp/kernels/avx512/row_counts.hpp>
#include <offramp/kernels/avx512/row_pairs.hpp>
#include <offramp/kernels/avx512/row_planes.hpp>
#include <offramp/kernels/reference/code.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace avx512::planes {

// All output channels of one vector of positions, `at` bytes from the beginning of a plane.
template <bool Single, class V, class Store>
OFFRAMP_INLINE OFFRAMP_AVX512 void convolve_vector(const rows_job& job, int at, V valid, Store put) {
  const int chunk_taps = bit_rows::block_taps * job.chunk;
  V parity;
  spread(parity, 0);
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
    step.code_bytes = step.last ? job.weights.last_step : job.chunk * bit_rows::block_codes;
    if (step.last) codes = job.weights.last_codes;
    V starts[4];
    spread(starts[0], 0);
    spread(starts[1], ~0u);
    starts[2] = parity;
    starts[3] = logic<0x0f>(parity, parity, parity);
    int o = 0;
    for (; o + 2 <= job.outputs; o += 2) add_chunk<V, 2>(job, step, job.table, codes, o, at, starts, valid, put);
    if constexpr (Single)
      if (o < job.outputs) add_chunk<V, 1>(job, step, job.table, codes, o, at, starts, valid, put);
  }
}

// Stores the 16-bit words that lie inside a plane.
struct put_words {
  __mmask32 words;
  OFFRAMP_INLINE OFFRAMP_AVX512 void plane(char* to, __m512i v) const { _mm512_mask_storeu_epi16(to, words, v); }
  OFFRAMP_INLINE OFFRAMP_AVX512 void plane(char* to, __m256i v) const {
    _mm256_mask_storeu_epi16(to, static_cast<__mmask16>(words), v);
  }
};

template <row_cases Cases>
OFFRAMP_AVX512 inline void convolve_rows(const rows_job& job, const window& w) {
  const int bits = bit_rows::plane_bits(w);
  const __m512i column_bits = columns(w.out.w);
  for (int at = 0; 8 * at < bits;) {
    const __m512i valid = _mm512_maskz_mov_epi16(low_bits((bits - 8 * at) / 16), column_bits);
    const put_words put{low_bits((job.out_bytes - at) / 2)};
    const bool wide = bits - 8 * at > 256;
    if constexpr (Cases.wide)
      if (wide) convolve_vector<Cases.single>(job, at, valid, put);
    if constexpr (Cases.half)
      if (!wide) convolve_vector<Cases.single>(job, at, _mm512_castsi512_si256(valid), put);
    at += wide ? 64 : 32;
  }
}

}  // namespace avx512::planes

template <>
struct code<avx512::conv_bit_rows> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    const window w = g();
    if (S.out_layout != layout::bit_rows || !bit_rows::takes(w))
      code<path::reference>::run<S>(g, a);
    else
      convolve<cases<Geometry>()>({S, w}, a);
  }

 private:
  template <class Geometry>
  static constexpr avx512::planes::row_cases cases() {
    if constexpr (Geometry::is_static) {
      constexpr window w = Geometry{}();
      constexpr bool pairs = avx512::conv_bit_rows::shares_rows(w);
      constexpr int bits = bit_rows::plane_bits(w), rest = bits % 512;
      return {pairs ? 1 << (avx512::pair_weights::blocks(w) - 1) : 0, !pairs, bits > 256, 0 < rest && rest <= 256,
              w.out.c % 2 != 0};
    } else {
      return {};
    }
  }

  template <avx512::planes::row_cases Cases>
  static void convolve(const kernel_op& op, const arguments& a) {
    using traits = avx512::conv_bit_rows;
    const window& w = op.geometry;
    char* const scratch =
        reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(a.scratch) + 63) & ~std::uintptr_t{63});
    avx512::planes::rows_job job;
    job.out = static_cast<char*>(a.out);
    job.out_bytes = row_plane_words(w.out) * 4;
    job.depth = w.depth();
    job.outputs = w.out.c;
    job.count_planes = bit_rows::planes_for(w.depth());
    if constexpr (Cases.pairs != 0)
      if (traits::shares_rows(w)) {
        job.table = scratch;
        job.weights.thresholds = a.weights + bit_rows::packed(op).end;
        job.weights.codes =
            reinterpret_cast<const std::uint8_t*>(job.weights.thresholds + avx512::pair_weights::codes_begin(w));
        avx512::planes::convolve_row_pairs<Cases>(job, w, a.in, scratch + traits::table_bytes(w));
        return;
      }
    if constexpr (Cases.rows) {
      job.planes = scratch;
      job.table = scratch + traits::planes_bytes(w);
      job.counts = job.table + traits::table_bytes(w);
      job.weights = bit_rows::view_weights<bit_rows::pair_codes>(op, traits::chunk(w), a.weights,
                                                                 job.counts + traits::counts_bytes(w));
      job.chunk = traits::chunk(w);
      avx512::planes::spread_planes(w, a.in, traits::stride(w), scratch);
      avx512::planes::convolve_rows<Cases>(job, w);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
