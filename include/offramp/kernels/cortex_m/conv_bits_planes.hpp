// Signs times signs, 32 output positions at a time: the inputs of a chunk are gathered, turned into planes, made into
// tables of carries, and added to the counts of a block of output channels (pair_tables.hpp). A count begins at
// 2^planes - level, so that its highest plane says whether it reaches the level that its threshold asks for.
#ifndef OFFRAMP_KERNELS_CORTEX_M_CONV_BITS_PLANES_HPP
#define OFFRAMP_KERNELS_CORTEX_M_CONV_BITS_PLANES_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/cortex_m/bit_matrix.hpp>
#include <offramp/kernels/cortex_m/conv_bits_traits.hpp>
#include <offramp/kernels/cortex_m/pair_tables.hpp>
#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

// Some output positions, one after the other in rows: the first one and how many.
struct position_run {
  int y, x, n;
};

// rows[j], shifted by `shift`, is the word at `in` that position j sees through tap (ky, kx); 0 in the padding. The
// first tap of a chunk writes its rows, others add bits to them.
[[gnu::always_inline]] inline void gather_tap(const std::uint32_t* in, const window& w, position_run p, int ky, int kx,
                                              int shift, std::uint32_t* rows) {
  const int words = ceil_div(w.in.c, 32);
  const auto skip = [&](int n) __attribute__((always_inline)) {
    if (shift == 0) fill_run(rows, std::uint32_t{0}, n);
    rows += n;
  };
  for (int left = p.n; left > 0; ++p.y, p.x = 0) {
    int n = w.out.w - p.x < left ? w.out.w - p.x : left;
    left -= n;
    const int y = p.y * w.stride_h - w.pad_top + ky;
    if (y < 0 || y >= w.in.h) {
      skip(n);
      continue;
    }
    int x = p.x * w.stride_w - w.pad_left + kx;
    int before = x < 0 ? (w.stride_w - 1 - x) / w.stride_w : 0;
    before = before < n ? before : n;
    skip(before);
    x += before * w.stride_w;
    n -= before;
    int inside = x < w.in.w ? (w.in.w - x + w.stride_w - 1) / w.stride_w : 0;
    inside = inside < n ? inside : n;
    const std::uint32_t* from = in + (y * w.in.w + x) * words;
    const int step = w.stride_w * words;
    if (shift == 0) {
      for (int i = inside; i > 0; --i, from += step) {
        *rows++ = *from;
        keep_loop();
      }
    } else {
      for (int i = inside; i > 0; --i, from += step) *rows++ |= *from << shift;
    }
    skip(n - inside);
  }
}

// Bits of a chunk that stored weights have and active inputs have not; `word` is the chunk's place in its tap.
[[gnu::always_inline]] inline std::uint32_t spare_inputs(const window& w, const plane_plan& plan, int word) {
  if (w.in.c == w.stored_in_c) return 0;
  if (plan.slots == 1) return ~low_bits(w.in.c - 32 * word);
  std::uint32_t spare = 0;
  for (int i = 0; i < plan.slots; ++i) spare |= (low_bits(w.stored_in_c) & ~low_bits(w.in.c)) << (i * w.stored_in_c);
  return spare;
}

// Weights of inactive inputs that are -1 and so would count as differing, for output channel o.
template <class Plan>
[[gnu::always_inline]] inline int count_spare(const std::uint32_t* kernel, const window& w, const Plan& plan, int o) {
  int n = 0;
  const int active_words = ceil_div(w.in.c, 32);
  for (int chunk = 0; chunk < plan.chunks; ++chunk) {
    const int word = plan.slots == 1 ? chunk % plan.tap_words : 0;
    if (word >= active_words) continue;
    const std::uint32_t parities = kernel[chunk * w.stored_out_c + o];
    n += popcount((parities ^ parities << 1) & spare_inputs(w, plan, word));
  }
  return n;
}

// The least count of differing bits from which on depth - 2 * count lies below the threshold t.
[[gnu::always_inline]] inline int level_of(int depth, std::int32_t t) {
  if (t > depth) return 0;
  if (t <= -depth) return depth + 1;
  return ((depth - t) >> 1) + 1;
}

// Counts of `channels` output channels, to begin with. `begin(o)` is the number they start from.
template <class Begin>
[[gnu::always_inline]] inline void start_counts(std::uint32_t* state, int channels, int planes, Begin begin) {
  for (int o = 0; o < channels; ++o) {
    std::uint32_t bits = begin(o);
    for (int left = planes + 1; left != 0; --left, bits >>= 1) {
      *state++ = 0u - (bits & 1u);
      keep_loop();
    }
  }
}

// The highest plane of up to 32 channels from `first` on, as bits of output words.
template <op_signature S>
[[gnu::always_inline]] inline void store_signs(const parameters<S>& params, const window& w, std::uint32_t* out,
                                               int first, int channels, int planes, const std::uint32_t* state,
                                               std::uint32_t* rows, int positions) {
  const int begin = first % 32;
  for (int i = 0; i < 32; ++i) {
    const bool inside = i >= begin && i < begin + channels;
    rows[i] = inside ? state[(i - begin) * state_words(planes) + planes] : 0u;
  }
  transpose(rows);
  const int words = ceil_div(w.out.c, 32);
  const std::uint32_t mask = low_bits(begin + channels) & ~low_bits(begin);
  const std::uint32_t flips = params.flips(first / 32) & mask;
  out += first / 32;
  for (int j = 0; j < positions; ++j, out += words) *out = (rows[j] ^ flips) | (begin == 0 ? 0u : *out);
}

// Numbers of channel c, from counts that stand in 16 bits of the rows.
template <op_signature S>
OFFRAMP_CORTEX_M void store_channel(parameters<S> params, int c, int depth, const std::uint32_t* rows, int shift,
                                    storage_t<S.out>* to, int distance, int positions) {
  for (const std::uint32_t* end = rows + positions; rows != end; ++rows, to += distance) {
    const int count = static_cast<int>(*rows >> shift & 0xffffu);
    *to = finish<S>(params, c, depth - 2 * count, S.add ? *to : storage_t<S.out>{});
  }
}

// The counts of two channels, 16 bits each, to numbers of all positions.
template <op_signature S>
[[gnu::always_inline]] inline void store_numbers(const parameters<S>& params, const window& w, storage_t<S.out>* out,
                                                 int first, int channels, int planes, std::uint32_t parity,
                                                 const std::uint32_t* state, std::uint32_t* rows, int positions) {
  for (int o = 0; o < channels; o += 2) {
    for (int half = 0; half < 2; ++half) {
      const std::uint32_t* s = state + (o + half) * state_words(planes);
      const bool inside = o + half < channels;
      std::uint32_t* to = rows + 16 * half;
      to[0] = inside ? parity ^ s[0] : 0u;
      for (int i = 1; i < 16; ++i) to[i] = inside && i < planes ? s[i] : 0u;
    }
    transpose(rows);
    for (int half = 0; half < 2 && o + half < channels; ++half) {
      const int c = first + o + half;
      store_channel<S>(params, c, w.depth(), rows, 16 * half, out + c, w.out.c, positions);
    }
  }
}

// `block` output channels at a time.
template <class Tables, op_signature S, class Geometry>
OFFRAMP_CORTEX_M void conv_bits_planes(Geometry g, const arguments& a, int block) {
  const window w = g();
  const plane_plan plan{w};
  const parameters<S> params{a.weights, w};
  const std::uint32_t* kernel = a.weights + canonical_layout(kernel_op{S, w}).kernel();
  const auto* in = static_cast<const std::uint32_t*>(a.in);
  auto* table = static_cast<std::uint32_t*>(a.scratch);
  std::uint32_t* rows = table + Tables::rows;
  std::uint32_t* state = table + Tables::words;
  const int active_words = ceil_div(w.in.c, 32);
  const int positions = w.out.positions();
  position_run run{0, 0, 0};
  for (int p = 0; p < positions; p += 32) {
    run.n = positions - p < 32 ? positions - p : 32;
    for (int first = 0; first < w.out.c; first += block) {
      const int channels = w.out.c - first < block ? w.out.c - first : block;
      start_counts(
          state, channels, plan.planes, [&](int o) __attribute__((always_inline)) {
            int begin = 1 << plan.planes;
            if (w.in.c != w.stored_in_c) begin -= count_spare(kernel, w, plan, first + o);
            if constexpr (S.out == kind::bits) begin -= level_of(w.depth(), params.integer(0, first + o));
            return static_cast<std::uint32_t>(begin);
          });
      std::uint32_t parity = 0;
      int ky = 0;
      int kx = 0;
      const auto next_tap = [&]() __attribute__((always_inline)) {
        if (++kx == w.kernel_w) kx = 0, ++ky;
      };
      const std::uint32_t* weights = kernel + first;
      const auto add = [&]() __attribute__((always_inline)) {
        exchange_far(rows);
        parity = Tables::make(table, parity);
        Tables::add(table, weights, state, channels, state_words(plan.planes));
      };
      if (plan.slots == 1) {
        for (; ky < w.kernel_h; next_tap())
          for (int word = 0; word < plan.tap_words; ++word, weights += w.stored_out_c) {
            if (word >= active_words) continue;
            gather_tap(in + word, w, run, ky, kx, 0, rows);
            fill_run(rows + run.n, std::uint32_t{0}, 32 - run.n);
            add();
          }
      } else {
        for (int chunk = 0; chunk < plan.chunks; ++chunk, weights += w.stored_out_c) {
          for (int i = 0; i < plan.slots && ky < w.kernel_h; ++i, next_tap())
            gather_tap(in, w, run, ky, kx, i * w.stored_in_c, rows);
          fill_run(rows + run.n, std::uint32_t{0}, 32 - run.n);
          add();
        }
      }
      for (int o = 0; S.out == kind::bits && o < channels; o += 32)
        if constexpr (S.out == kind::bits)
          store_signs<S>(params, w, static_cast<std::uint32_t*>(a.out) + p * ceil_div(w.out.c, 32), first + o,
                         channels - o < 32 ? channels - o : 32, plan.planes, state + o * state_words(plan.planes), rows,
                         run.n);
      if constexpr (S.out != kind::bits)
        store_numbers<S>(params, w, static_cast<storage_t<S.out>*>(a.out) + p * w.out.c, first, channels, plan.planes,
                         parity, state, rows, run.n);
    }
    for (run.x += 32; run.x >= w.out.w; run.x -= w.out.w) ++run.y;
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
