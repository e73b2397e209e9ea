// How kernels for integers lay out their weights and their work; any machine may pack.
//
// A 32-bit lane of a vector belongs to an output channel and takes `Together` products a step: 4 bytes (vpdpbusd) or 2
// halves (vpmaddwd), for which that many neighbouring numbers of the input are broadcast. Neighbouring numbers come in
// runs: in NHWC the taps of a window's row lie side by side, so that a whole row of taps is one run of the input if
// that fills lanes better (3 taps of one channel), else every tap is. Weights stand in blocks of `together` vectors:
//
//   block    sums     [kernel_h][kernel_w]: of the weights of each tap, times minus the zero point of stored inputs
//            weights  [kernel_h][run][step][vector of the block][output channel][number]
//
// Weights that halves meet are halves too, but bytes if they are read once only: memory is slower than widening them.
// Bytes are stored unsigned, signed ones 128 higher. With x = stored - zero, sum(x w) = sum(stored w) - zero sum(w):
// the sums are where accumulators begin (only if Together is 4; halves have their zero taken away when they are
// stored). Layout depends on stored channels, not on active ones, so that nested widths share packed weights.
#ifndef OFFRAMP_KERNELS_AVX2_INTEGER_PACKING_HPP
#define OFFRAMP_KERNELS_AVX2_INTEGER_PACKING_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/op.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/runs.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2::integer {

// The zero point of bytes as they are stored for vpdpbusd: signs as 0 and 2.
constexpr std::int32_t stored_zero(kind in, std::int32_t in_zero) {
  return in == kind::bits ? 1 : in == kind::i8 ? in_zero + 128 : in_zero;
}

// The work of one op. All of it folds where geometry is static.
template <int Lanes, int Together>
struct work_plan {
  window source{};  // as it was asked for
  window w{};       // as it is done: with long rows; bits have their padding in the copied input
  kind in = kind::none;
  int runs = 1;          // of a row of the kernel
  int stored_steps = 1;  // of a run
  int steps = 1;         // of these, as many as active channels need
  int channels = 1;      // numbers from one position of the (copied) input to the next
  int together = 1;      // vectors of output channels in a block
  int vectors = 1;       // all of them
  static constexpr bool trims_taps = Lanes == 16 || Together == 2;  // do loops know how to?
  int weight_bits = 32 / Together;
  bool copies = true;    // is the input copied into scratch?
  bool partial = false;  // are some of the packed sums not those of active channels?
  bool trims = false;    // are taps left out that meet padding on the left and right?
  int step_h = 1;        // which of its positions: those that 1x1 windows meet
  int step_w = 1;
  int top = 0;  // positions of padding around the copied input
  int bottom = 0;
  int left = 0;
  int right = 0;

  // `fixed`: with a static geometry, whose blocks of positions may each have code of their own.
  [[gnu::always_inline]] explicit constexpr work_plan(const kernel_op& op, bool fixed = false)
      : source{op.geometry}, w{op.geometry}, in{op.signature.in} {
    if (in == kind::bits) {
      pad_copy(true);
      w.in.h += top + bottom;
      w.in.w += left + right;
      w.pad_top = w.pad_left = 0;
    }
    const bool unpadded = w.pad_top + w.pad_left + top + bottom + left + right == 0 &&
                          (w.out.h - 1) * w.stride_h < w.in.h && (w.out.w - 1) * w.stride_w < w.in.w;
    if (unpadded && w.taps() == 1 && w.stride_h * w.stride_w > 1) {
      step_h = w.stride_h;
      step_w = w.stride_w;
      w.stride_h = w.stride_w = 1;
      w.in.h = w.out.h;
      w.in.w = w.out.w;
    }
    w = with_long_rows(w);
    const int c = w.stored_in_c;
    const bool narrow = w.in.c < c;
    vectors = ceil_div(w.stored_out_c, Lanes);
    const bool row_runs = ceil_div(w.kernel_w * c, Together) < w.kernel_w * ceil_div(c, Together);
    runs = row_runs ? 1 : w.kernel_w;
    stored_steps = steps = ceil_div(row_runs ? w.kernel_w * c : c, Together);
    channels = w.in.c;
    if (narrow) {
      // Lanes shared with inactive channels see zeros there.
      channels = row_runs ? c : ceil_div(w.in.c, Together) * Together;
      if (!row_runs) steps = ceil_div(w.in.c, Together);
      partial = !row_runs;
    }
    together = vectors_together();
    if (in != kind::bits) {
      pad_copy(false);
      trims =
          fixed && trims_taps && left + right > 0 && runs > 1 && runs <= 7 && w.out.w <= 2 * block_positions(together);
      if (trims) left = right = 0;
    }
    if (w.out.positions() == 1) weight_bits = 8;
    const bool as_stored = in == (Together == 4 ? kind::u8 : kind::i16) && c % Together == 0;
    copies = !as_stored || step_h * step_w > 1 || narrow || left + right > 0;
  }

  // Padding that the windows reach and no row of the kernel leaves out.
  [[gnu::always_inline]] constexpr void pad_copy(bool rows) {
    const int below = (w.out.h - 1) * w.stride_h + w.kernel_h - w.pad_top - w.in.h;
    const int beside = (w.out.w - 1) * w.stride_w + w.kernel_w - w.pad_left - w.in.w;
    top = rows ? w.pad_top : 0;
    bottom = rows && below > 0 ? below : 0;
    left = w.pad_left;
    right = beside > 0 ? beside : 0;
  }

  // More positions (or vectors, where positions are few) mean fewer loads for a multiply-add.
  [[nodiscard, gnu::always_inline]] constexpr int vectors_together() const {
    const int most = w.out.w >= 7 ? 2 : 4;
    return vectors < most ? vectors : most;
  }
  // Sums of a block of positions x v vectors fill the registers (32, or 16 of 8 lanes) beside v weights and a number.
  [[nodiscard, gnu::always_inline]] static constexpr int most_positions(int v) {
    return ((Lanes == 16 ? 29 : 13) + Together / 2 - v) / v - (v == 1 ? 2 : 0);
  }
  // Positions of a block, which is worth one more each: the last block of a row may share some with the one before.
  [[nodiscard, gnu::always_inline]] constexpr int block_positions(int v) const {
    int most = most_positions(v);
    // Measured on Zen 4: with one step a tap, 13 and 14 positions take 1.1 to 1.3 times as long as 12, each.
    if (Lanes == 16 && v == 2 && stored_steps == 1 && most > 12) most = 12;
    // g++ 12 unrolls four steps and keeps what neighbouring windows share: more sums than these go through memory.
    if (Lanes == 16 && Together == 4 && v <= 2 && stored_steps == 4 && runs == 1 && w.kernel_w > 1) {
      const int fit = v == 1 ? 16 : 10;
      if (most > fit) most = fit;
    }
    if (w.out.w <= most) return w.out.w;
    int best = most;
    for (int p = most; p >= (most + 1) / 2; --p)
      if (ceil_div(w.out.w, p) * (p + 1) < ceil_div(w.out.w, best) * (best + 1)) best = p;
    return best;
  }

  // Bytes of the copied input, and all scratch: rows that begin with a cache line, sums of active channels behind them.
  // Reading whole lanes goes beyond the last number.
  [[nodiscard, gnu::always_inline]] constexpr std::size_t input_bytes() const {
    if (!copies) return 0;
    const int positions = (top + source_rows() + bottom) * copied_columns();
    return round_up(static_cast<std::size_t>(positions) * static_cast<std::size_t>(position_bytes()) + 64, 64);
  }
  [[nodiscard, gnu::always_inline]] constexpr std::size_t scratch_bytes() const {
    const std::size_t sums = partial ? static_cast<std::size_t>(4 * sum_words() * together) : 0;
    return input_bytes() + sums == 0 ? 0 : 64 + input_bytes() + sums;
  }
  [[nodiscard, gnu::always_inline]] constexpr int source_rows() const {
    return step_h > 1 ? source.out.h : source.in.h;
  }
  [[nodiscard, gnu::always_inline]] constexpr int source_columns() const {
    return step_w > 1 ? source.out.w : source.in.w;
  }
  [[nodiscard, gnu::always_inline]] constexpr int copied_columns() const { return left + source_columns() + right; }

  // From one number, position and row of the input to the next.
  static constexpr int number_bytes = 4 / Together;
  [[nodiscard, gnu::always_inline]] constexpr int position_bytes() const { return channels * number_bytes; }
  [[nodiscard, gnu::always_inline]] constexpr int row_bytes() const {
    return (in == kind::bits ? w.in.w : left + w.in.w + right) * position_bytes();
  }

  // Of P positions from x0 on, those [begin, end) for which tap kx meets the input.
  [[nodiscard, gnu::always_inline]] constexpr int valid_begin(int x0, int positions, int kx) const {
    int p = 0;
    while (p < positions && (x0 + p) * w.stride_w + kx < w.pad_left) ++p;
    return p;
  }
  [[nodiscard, gnu::always_inline]] constexpr int valid_end(int x0, int positions, int kx) const {
    int p = positions;
    while (p > 0 && (x0 + p - 1) * w.stride_w + kx >= w.pad_left + w.in.w) --p;
    return p;
  }

  // Words of one vector in a block.
  [[nodiscard, gnu::always_inline]] constexpr int sum_words() const { return Together == 4 ? w.taps() * Lanes : 0; }
  [[nodiscard, gnu::always_inline]] constexpr int vector_words() const {
    return sum_words() + w.kernel_h * runs * stored_steps * step_bytes() / 4;
  }
  // Bytes of one vector's weights of a step.
  [[nodiscard, gnu::always_inline]] constexpr int step_bytes() const { return Lanes * Together * weight_bits / 8; }
  // Bytes of the weights of a row of taps, of v vectors.
  [[nodiscard, gnu::always_inline]] constexpr int row_weights(int v) const {
    return runs * stored_steps * v * step_bytes();
  }
  // Vectors of the block that begins with vector v.
  [[nodiscard, gnu::always_inline]] constexpr int block_vectors(int v) const {
    return vectors - v < together ? vectors - v : together;
  }
};

// The rows of the kernel that meet the input at output row oy.
struct row_range {
  int begin, end;
};
[[gnu::always_inline]] constexpr row_range valid_rows(const window& w, int oy) {
  const int y = oy * w.stride_h - w.pad_top;
  const int begin = y < 0 ? -y : 0;
  const int end = w.in.h - y < w.kernel_h ? w.in.h - y : w.kernel_h;
  return {begin, end > begin ? end : begin};
}

// A multiply-add takes 5 or 6 cycles and two begin in each: blocks with few sums take turns between several sets.
constexpr int sets_of_sums(int sums) { return sums >= 8 ? 1 : sums >= 4 ? 2 : sums >= 2 ? 4 : 8; }

// Of how many positions v vectors of output channels, `channels` of which there are, leave the output stage together
// (output_block.hpp); 0: each vector for itself.
template <int Lanes>
constexpr int stored_together(const op_signature& s, int channels, int v) {
  if (s.out == kind::bits) return 1;
  if (channels < Lanes * v || v == 3) return 0;
  if (s.out == kind::i8 && !s.add) return 4 / v;
  return Lanes == 16 && s.out == kind::i16 ? (v == 1 ? 2 : 1) : 0;
}

// Does a step take a row of taps that meets padding at once? The row's weights then stay in registers, beside the sums,
// and every number of the input is broadcast once for all of them.
template <int Lanes, int Together>
constexpr bool joins_taps(int sums, int v, int kernel_w) {
  return Lanes == 16 && Together == 4 && sets_of_sums(sums) == 1 && sums + v * kernel_w < 32;
}

// Half cycles, about: multiply-adds of all blocks, of which two begin in a cycle; what a block costs beside them, and
// what sums begin with; and copying the input. For the latency model; nothing is chosen by it.
template <int Lanes, int Together>
constexpr reckoning reckoned(const kernel_op& op) {
  const work_plan<Lanes, Together> p{op, true};
  std::int64_t rows = 0;    // of taps, over all rows of outputs
  std::int64_t begins = 0;  // of them, those of rows of outputs that differ from the one before, and their totals
  row_range before{};
  for (int y = 0; y < p.w.out.h; ++y) {
    const row_range r = valid_rows(p.w, y);
    rows += r.end - r.begin;
    if (p.sum_words() > 0 && (y == 0 || r.begin != before.begin || r.end != before.end)) begins += r.end - r.begin + 2;
    before = r;
  }
  reckoning r;
  for (int v = 0; Lanes * v < p.w.out.c; v += p.together) {
    const int n = p.block_vectors(v);
    const int positions = p.block_positions(n);
    const int sums = positions * n;
    const int blocks = ceil_div(p.w.out.w, positions);
    const int least = 11 / sets_of_sums(sums);  // of a step, by latency
    std::int64_t steps = std::int64_t{blocks} * p.runs * (sums > least ? sums : least);
    if (p.trims) {
      const int least_of_tap = joins_taps<Lanes, Together>(sums, n, p.w.kernel_w) ? 0 : least;
      steps = 0;
      for (int b = 0; b < blocks; ++b) {
        const int x0 = b + 1 < blocks ? b * positions : p.w.out.w - positions;
        for (int kx = 0; kx < p.runs; ++kx) {
          const int valid = (p.valid_end(x0, positions, kx) - p.valid_begin(x0, positions, kx)) * n;
          if (valid > 0) steps += valid > least_of_tap ? valid : least_of_tap;
        }
      }
    }
    r.loops += rows * steps * p.steps;
    r.turns += std::int64_t{p.w.out.h} * blocks + begins * n * p.w.kernel_w;
    const int together = stored_together<Lanes>(op.signature, p.w.out.c - v * Lanes, n);
    for (int x = 0; x < p.w.out.w; x += positions) {
      const int here = p.w.out.w - x < positions ? p.w.out.w - x : positions;
      r.stored += std::int64_t{p.w.out.h} * here * n * Lanes;
      r.uneven += std::int64_t{p.w.out.h} * (together > 0 ? here % together : here) * n * Lanes;
    }
  }
  if (!p.copies) return r;
  // All numbers at a time, or rows of them, or else position by position.
  const bool dense = p.in != kind::bits && p.channels == p.source.in.c && p.step_w == 1;
  const bool whole = dense && p.step_h == 1 && p.left + p.right == 0;
  const int each = p.copied_columns() * (dense ? 0 : 12 + 6 * ceil_div(p.source.in.c, 32));
  const int row = p.copied_columns() * p.position_bytes() / 16;
  r.moved = std::int64_t{p.source_rows()} * ((whole ? 0 : 30) + each + row);
  return r;
}

// The plan of an op; a constant where geometry is one.
template <class Plan, op_signature S, class Geometry>
[[gnu::always_inline]] constexpr Plan plan_of(Geometry g) {
  if constexpr (Geometry::is_static) {
    constexpr Plan plan{kernel_op{S, Geometry{}()}, true};
    return plan;
  } else {
    return Plan{kernel_op{S, g()}};
  }
}

// The first cache line in scratch.
[[gnu::always_inline]] inline unsigned char* first_cache_line(void* scratch) {
  const auto at = reinterpret_cast<std::uintptr_t>(scratch);
  return static_cast<unsigned char*>(scratch) + (64 - at % 64) % 64;
}

// n positions of padding: `active` numbers of one value and the rest of another. Returns what is behind them.
template <class T>
[[gnu::always_inline]] inline T* fill_positions(T* to, int n, int channels, int active, T padding, T zero) {
  if (active == channels || padding == zero) {
    fill_run(to, padding, n * channels);
    return to + n * channels;
  }
  for (int i = 0; i < n; ++i, to += channels) {
    fill_run(to, padding, active);
    fill_run(to + active, zero, channels - active);
  }
  return to;
}

// All packed words: whole cache lines.
template <int Lanes, int Together>
constexpr std::size_t packed_words(const kernel_op& op) {
  const work_plan<Lanes, Together> plan{op};
  return round_up(
      packed_begin(op) + static_cast<std::size_t>(plan.vectors) * static_cast<std::size_t>(plan.vector_words()), 16);
}

namespace detail {

// Weight of stored channel c at a tap, for output channel o.
constexpr std::int32_t canonical_weight(const op_signature& s, const window& w, const std::uint32_t* kernel, int o,
                                        int tap, int c) {
  if (s.weights == kind::bits) {
    const int words = ceil_div(w.stored_in_c, 32);
    return get_bit(kernel + (o * w.taps() + tap) * words, c) ? -1 : 1;
  }
  const int i = (o * w.taps() + tap) * w.stored_in_c + c;
  return static_cast<std::int8_t>(kernel[i / 4] >> (8 * (i % 4)) & 0xffu);
}

}  // namespace detail

template <int Lanes, int Together>
constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
  const work_plan<Lanes, Together> plan{op};
  const window& w = plan.w;
  const weight_layout l = canonical_layout(op);
  for (std::size_t i = 0; i < l.kernel(); ++i) packed[i] = canonical[i];
  for (std::size_t i = l.kernel(); i < packed_words<Lanes, Together>(op); ++i) packed[i] = 0;
  const std::uint32_t* kernel = canonical + l.kernel();
  std::uint32_t* to = packed + packed_begin(op);
  const std::int32_t zero = stored_zero(plan.in, static_cast<std::int32_t>(canonical[0]));
  for (int o = 0; o < w.stored_out_c; ++o) {
    const int v = o / Lanes;
    const int together = plan.block_vectors(v / plan.together * plan.together);
    std::uint32_t* block = to + v / plan.together * plan.together * plan.vector_words();
    const int column = v % plan.together * Lanes + o % Lanes;
    const int row = together * Lanes;
    std::uint32_t* weights = block + together * plan.sum_words();
    for (int tap = 0; tap < w.taps(); ++tap) {
      const int ky = tap / w.kernel_w;
      const int kx = tap % w.kernel_w;
      const int run = ky * plan.runs + (plan.runs == 1 ? 0 : kx);
      const int offset = plan.runs == 1 ? kx * w.stored_in_c : 0;
      std::int32_t sum = 0;
      for (int c = 0; c < w.stored_in_c; ++c) {
        const std::int32_t weight = detail::canonical_weight(op.signature, w, kernel, o, tap, c);
        sum += weight;
        const int step = run * plan.stored_steps + (offset + c) / Together;
        const int bit = ((step * row + column) * Together + (offset + c) % Together) * plan.weight_bits;
        weights[bit / 32] |= (static_cast<std::uint32_t>(weight) & low_bits(plan.weight_bits)) << (bit % 32);
      }
      if (Together == 4) block[tap * row + column] = static_cast<std::uint32_t>(-zero * sum);
    }
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2::integer

#endif
