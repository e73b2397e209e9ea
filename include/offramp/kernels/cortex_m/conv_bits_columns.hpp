// Signs times signs, 32 output channels at a time: pairs and their counts (pair_tables.hpp), the sides changed over. A
// bit of a word is an output channel; tables are made of weights, which stand in flash as they are wanted, and words of
// the input choose carries. No position is counted that is not there, whatever their number, nothing is transposed on
// the way in, and signs come out as words. Layers share one body of code, which is handed their sizes.
#ifndef OFFRAMP_KERNELS_CORTEX_M_CONV_BITS_COLUMNS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_CONV_BITS_COLUMNS_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/cortex_m/bit_matrix.hpp>
#include <offramp/kernels/cortex_m/conv_bits_planes.hpp>
#include <offramp/kernels/cortex_m/conv_bits_traits.hpp>
#include <offramp/kernels/cortex_m/pair_tables.hpp>
#include <offramp/kernels/cortex_m/scaled_sums.hpp>
#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

// What a layer is, in 16 bits each (conv_bits_traits.hpp sees to it that they are enough).
struct column_sizes {
  using number = std::uint16_t;
  number in_h, in_w, in_c, in_words;
  number out_w, out_c, positions;
  number kernel_h, kernel_w, pad_top, pad_left, stride_h, stride_w;
  number stored_in_c, stored_out_c;
  number block;   // positions at a time
  number planes;  // of their counts
  number kernel;  // where weights begin

  constexpr column_sizes(const window& w, int positions_together, std::size_t begin)
      : in_h{size(w.in.h)}, in_w{size(w.in.w)}, in_c{size(w.in.c)}, in_words{size(ceil_div(w.in.c, 32))},
        out_w{size(w.out.w)}, out_c{size(w.out.c)}, positions{size(w.out.positions())}, kernel_h{size(w.kernel_h)},
        kernel_w{size(w.kernel_w)}, pad_top{size(w.pad_top)}, pad_left{size(w.pad_left)}, stride_h{size(w.stride_h)},
        stride_w{size(w.stride_w)}, stored_in_c{size(w.stored_in_c)}, stored_out_c{size(w.stored_out_c)},
        block{size(positions_together)}, planes{size(plane_plan{w}.planes)}, kernel{static_cast<number>(begin)} {}

 private:
  static constexpr number size(int n) { return static_cast<number>(n); }
};
template <window W, int Block, std::size_t Begin>
inline constexpr column_sizes column_sizes_of{W, Block, Begin};

// The place of an output position, and how many of them from there on.
struct column_run {
  int row, column, n;
};

// The words at `in` that some positions see through a tap at (y, x) for the first of them, of which `rest` are left in
// the row; 0 in the padding. More: bits are added to what stands there, shifted.
template <bool More>
OFFRAMP_CORTEX_M void gather_inputs(const column_sizes& s, const std::uint32_t* in, const column_run& run, int y, int x,
                                    std::uint32_t* to, int shift) {
  const int step = s.stride_w * s.in_words;
  int rest = s.out_w - run.column;
  y += run.row * s.stride_h - s.pad_top;
  x += run.column * s.stride_w - s.pad_left;
  for (int n = run.n; n > 0; y += s.stride_h, x -= s.out_w * s.stride_w, rest = s.out_w) {
    if (rest > n) rest = n;
    n -= rest;
    const unsigned inside = static_cast<unsigned>(y) < s.in_h ? s.in_w : 0;
    for (int at = (y * s.in_w + x) * s.in_words; rest > 0; --rest, x += s.stride_w, at += step, ++to) {
      std::uint32_t word = 0;
      if (static_cast<unsigned>(x) < inside) word = in[at];
      *to = More ? *to | word << shift : word;
    }
  }
}

// The weights of a chunk without those of inactive inputs; `to` may be where the table of the chunk will stand.
[[gnu::noinline]] inline const std::uint32_t* keep_active(const std::uint32_t* weights, std::uint32_t active,
                                                          std::uint32_t* to) {
  for (int i = 0; i < 32; ++i) to[i] = (active >> i & 1u) != 0 ? weights[i] : 0u;
  return to;
}

// Planes that the counts of 32 output channels from `first` on begin with: rows[i] holds bit i of all of them.
template <op_signature S>
[[gnu::noinline]] inline void begin_planes(const column_sizes& s, const std::uint32_t* weights, int depth, int first,
                                           std::uint32_t* rows) {
  const std::uint32_t* thresholds = weights + weight_layout::header_words + first;
  for (int i = 0; i < 32; ++i) {
    const auto level = [&] { return level_of(depth, static_cast<std::int32_t>(thresholds[i])); };
    rows[i] = first + i < s.out_c ? static_cast<std::uint32_t>((1 << s.planes) - level()) : 0u;
  }
  transpose(rows);
}

// Whole: taps are whole words, all of them active.
template <op_signature S, bool Whole>
[[gnu::noinline]] inline void conv_bits_columns(const column_sizes& s, const arguments& a) {
  auto* const table = static_cast<std::uint32_t*>(a.scratch);
  std::uint32_t* const rows = table + pair_tables::rows;
  std::uint32_t* const inputs = table + pair_tables::words;
  std::uint32_t* const states = inputs + s.block;
  const int stride = state_words(s.planes);
  const int depth = s.kernel_h * s.kernel_w * s.in_c;
  const std::uint32_t* weights = a.weights + s.kernel;
  const count_store store{a.weights, s.stored_out_c, depth, s.out_c};
  const bool usual = is_usual<S>(a.weights, s.stored_out_c, s.out_c);
  const std::uint32_t* next = weights;
  for (int first = 0; first < s.out_c; first += 32, weights = next) {
    column_run run;  // set part by part: for Armv6-M gcc calls memset for a brace
    run.row = run.column = 0;
    run.n = s.block;
    for (int p = 0; p < s.positions; p += s.block) {
      if (run.n > s.positions - p) run.n = s.positions - p;
      std::uint32_t parity = 0;
      if constexpr (S.out == kind::bits) {
        begin_planes<S>(s, a.weights, depth, first, rows);
        parity = rows[0];
        rows[0] = 0;
        std::uint32_t* state = states;
        for (int i = run.n; i > 0; --i, state += stride) copy_run(state, rows, stride);
      } else {
        fill_run(states, std::uint32_t{0}, run.n * stride);
      }
      next = weights;
      const auto add = [&](std::uint32_t active) __attribute__((always_inline)) {
        const std::uint32_t* chunk = next;
        if (!Whole && active != ~0u) chunk = keep_active(next, active, rows);
        next += 32;
        parity = make_pairs_of_words(table, chunk, parity);
        add_with_pairs<true>(table, inputs, states, run.n, stride);
      };
      const auto* in = static_cast<const std::uint32_t*>(a.in);
      if (Whole || s.stored_in_c > 16) {
        for (int ky = 0; ky < s.kernel_h; ++ky)
          for (int kx = 0; kx < s.kernel_w; ++kx) {
            for (int word = 0; word < s.in_words; ++word) {
              gather_inputs<false>(s, in + word, run, ky, kx, inputs, 0);
              add(Whole ? ~0u : low_bits(s.in_c - 32 * word));
            }
            if (!Whole) next += 32 * (ceil_div(s.stored_in_c, 32) - s.in_words);
          }
      } else {
        // Several taps share a chunk.
        int shift = 0;
        std::uint32_t active = 0;
        fill_run(inputs, std::uint32_t{0}, run.n);
        for (int ky = 0; ky < s.kernel_h; ++ky)
          for (int kx = 0; kx < s.kernel_w; ++kx) {
            gather_inputs<true>(s, in, run, ky, kx, inputs, shift);
            active |= low_bits(s.in_c) << shift;
            shift += s.stored_in_c;
            if (shift + s.stored_in_c <= 32 && (ky + 1 < s.kernel_h || kx + 1 < s.kernel_w)) continue;
            add(active);
            fill_run(inputs, std::uint32_t{0}, run.n);
            shift = 0;
            active = 0;
          }
      }
      if constexpr (S.out == kind::bits) {
        const int words = ceil_div(s.out_c, 32);
        auto* out = static_cast<std::uint32_t*>(a.out) + p * words + first / 32;
        const std::uint32_t mask = low_bits(s.out_c - first);
        const std::uint32_t flips = (a.weights + weight_layout::header_words + s.stored_out_c)[first / 32];
        const std::uint32_t* top = states + s.planes;
        for (int i = run.n; i > 0; --i, top += stride, out += words) *out = (*top ^ flips) & mask;
      } else {
        const int channels = s.out_c - first < 32 ? s.out_c - first : 32;
        auto* out = static_cast<storage_t<S.out>*>(a.out) + p * s.out_c + first;
        const std::uint32_t* counts = states;
        for (int left = run.n; left > 0; left -= 2, out += 2 * s.out_c) {
          const int together = left > 1 ? 2 : 1;
          std::uint32_t* to = rows;
          for (int i = together; i > 0; --i, to += 16, counts += stride) {
            copy_run(to, counts, s.planes);
            to[0] ^= parity;
            fill_run(to + s.planes, std::uint32_t{0}, 16 - s.planes);
          }
          transpose(rows);
          if constexpr (may_scale<S>) {
            if (usual) {
              scale_counts<S>(store, first, channels, rows, together, out);
              continue;
            }
          }
          finish_counts<S>(store, first, channels, rows, together, out);
        }
      }
      for (run.column += s.block; run.column >= s.out_w; run.column -= s.out_w) ++run.row;
    }
  }
}

// Are there parts of words, inactive channels, taps that share a word?
constexpr bool is_whole(const window& w) { return w.in.c % 32 == 0 && w.in.c == w.stored_in_c; }

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
