// Convolution of signs plane by plane (layout bit_rows): every bit of a vector is one output position, every output
// channel a count of mismatches kept as planes (bit i of the counts of all positions). What the x86 paths share: the
// geometry, where the taps stand, and the last step's thresholds.
//
// A mismatch is x ^ w, so a plane of mismatches is the tap's plane, complemented where the weight is set. Taken two at
// a time behind a running parity p,
//     p + l1 + l2 = p' + 2 c     with   p' = p ^ l1 ^ l2,   c = majority(p, l1, l2),
// and p is the parity of the taps so far, complemented or not, whatever the weights were. So c is one of eight planes,
// chosen by three signs: that of p and the two weights. All eight are made once for all output channels, and a channel
// only looks its carries up, one for two taps, and adds them: its lowest plane costs nothing at all. (Tables shared by
// all outputs as in the "method of four Russians"; carry-save adders as in Harley and Seal's population count.)
#ifndef OFFRAMP_KERNELS_X86_BIT_ROWS_HPP
#define OFFRAMP_KERNELS_X86_BIT_ROWS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/layout.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::bit_rows {

// Convolutions of signs alone, in one group; those that read planes. (Planes are what they write then; a signature
// whose output layout is not settled yet is one of them.)
constexpr bool is_sign_conv(const op_signature& s) {
  return s.what == op_kind::conv && s.in == kind::bits && s.weights == kind::bits && s.out == kind::bits &&
         !s.grouped && !s.add && !s.two_slopes && !s.rectified;
}
constexpr bool is_conv(const op_signature& s) { return is_sign_conv(s) && s.in_layout == layout::bit_rows; }

// Geometries that run fast: windows that move by one, and rows that fit a field of a vector, input and output alike.
// Others take the reference's loop.
[[gnu::always_inline]] constexpr bool takes(const window& w) {
  return w.stride_h == 1 && w.stride_w == 1 && w.groups == 1 && w.in.w <= 64 && w.out.w <= 64 &&
         row_bits(w.in.w) == row_bits(w.out.w) && w.kernel_w <= 16;
}

// Products of an output for all stored channels. Weights are packed for those; channels that are not active are the
// last taps of all.
[[gnu::always_inline]] constexpr int stored_depth(const window& w) { return w.taps() * w.stored_in_c; }

// What a layer takes as planes, in hundredths of a cycle, for all stored channels: for every vector of positions (empty
// ones like full ones) tables, shared by all output channels, then what each of them looks up and compares.
struct planes_cost {
  std::int64_t vectors;
  int table, tap, output;  // for a tap, for a tap of an output channel, for an output channel
};
constexpr std::int64_t cost_of(const window& w, const planes_cost& p) {
  const std::int64_t taps = stored_depth(w), outputs = w.stored_out_c;  // layouts are the same for all nested widths
  return p.vectors * (taps * (p.table + p.tap * outputs) + p.output * outputs);
}

// For so many vectors of positions: what output channels look up, what they compare, and the tables.
constexpr reckoning reckoned(const window& w, std::int64_t vectors) {
  if (!takes(w)) return {};
  const std::int64_t taps = stored_depth(w), outputs = w.stored_out_c;
  return {.loops = vectors * taps * outputs, .turns = vectors * outputs, .moved = vectors * taps};
}

// Bits of one output plane.
[[gnu::always_inline]] constexpr int plane_bits(const window& w) { return w.out.h * row_bits(w.out.w); }

// Taps are counted in blocks of 16, blocks in chunks of at most `chunk`, whose tables fit the first cache.
inline constexpr int block_taps = 16;
inline constexpr int block_codes = 8;  // bytes of an output channel's codes, one for two taps

[[gnu::always_inline]] constexpr int block_count(int taps) { return ceil_div(taps, block_taps); }
// Blocks of the i-th chunk of so many taps.
[[gnu::always_inline]] constexpr int blocks_of(int taps, int chunk, int i) {
  const int left = block_count(taps) - chunk * i;
  return left < chunk ? left : chunk;
}

// Planes that hold a count up to n. The adders of a chunk fill seven at least.
[[gnu::always_inline]] constexpr int planes_for(int n) {
  int planes = 7;
  while (n >> planes != 0) ++planes;
  return planes;
}

// Bytes from one plane of working memory to the next: the output's rows in whole vectors, `covered` bits, and those
// that the window reaches beyond them. An odd number of cache lines, so that planes do not fall into the same few sets.
[[gnu::always_inline]] constexpr int plane_stride(const window& w, int covered) {
  return (ceil_div(covered + (w.kernel_h - 1) * row_bits(w.in.w), 512) | 1) * 64;
}

// Working memory keeps every input plane once for each column of the window, shifted into place, with rows of zeros
// around it. Here the tap t (channel, row, column) of the first vector begins, in bytes.
constexpr std::uint32_t tap_offset(const window& w, int stride, int t) {
  const int column = t % w.kernel_w, row = t / w.kernel_w % w.kernel_h, channel = t / w.taps();
  return static_cast<std::uint32_t>((channel * w.kernel_w + column) * stride + row * row_bits(w.in.w) / 8);
}

// Weight of tap t, output channel o, in the canonical kernel; no weight behind the last tap.
constexpr unsigned tap_weight(const std::uint32_t* kernel, const window& w, int o, int t) {
  if (t >= stored_depth(w)) return 0;
  const int words = ceil_div(w.stored_in_c, 32);
  return get_bit(kernel + (o * w.taps() + t % w.taps()) * words, t / w.taps()) ? 1 : 0;
}

// The comparison count >= m of an output channel, from the lowest plane up: r = count_i > m_i or (equal and r). Words:
//   start     which plane the comparison begins with: 0 none, 1 all, 2 the parity, 3 its complement
//   m_1 ...   bits of m as masks, one for each further plane
//   flip      a mask
[[gnu::always_inline]] constexpr int threshold_words(int depth) { return planes_for(depth) + 1; }

// The least count for which acc < t: that says depth - 2 count < t, so count > (depth - t) / 2. May be below 0.
constexpr std::int64_t least_count(int depth, std::int32_t t) {
  const std::int64_t twice = std::int64_t{depth} - t;
  return (twice >= 0 ? twice / 2 : -((1 - twice) / 2)) + 1;
}

// acc < t, flipped or not. `odd`: is the channel's number of set weights?
constexpr void pack_threshold(int depth, std::int32_t t, bool flip, bool odd, std::uint32_t* to) {
  const int planes = planes_for(depth);
  std::int64_t m = least_count(depth, t);
  const bool never = m > depth;
  if (m < 0) m = 0;
  if (never) m = (std::int64_t{1} << planes) - 1;
  to[0] = never ? 0u : (m & 1) == 0 ? 1u : odd ? 3u : 2u;
  for (int i = 1; i < planes; ++i) to[i] = (m >> i & 1) != 0 ? ~0u : 0u;
  to[planes] = flip ? ~0u : 0u;
}

// Words from the op's beginning to the parts of packed weights, behind the canonical parameters: where the taps stand,
// the thresholds (for all stored channels), and the codes, chunk by chunk, in a chunk channel by channel.
struct packed_parts {
  std::size_t taps = 0, thresholds = 0, codes = 0, end = 0;
};
[[gnu::always_inline]] constexpr packed_parts packed(const kernel_op& op) {
  const window& w = op.geometry;
  const int depth = stored_depth(w);
  const auto outputs = static_cast<std::size_t>(w.stored_out_c);
  packed_parts p;
  p.taps = packed_begin(op);
  p.thresholds = round_up(p.taps + static_cast<std::size_t>(depth), 16);
  p.codes = round_up(p.thresholds + outputs * static_cast<std::size_t>(threshold_words(depth)), 16);
  p.end = round_up(p.codes + outputs * static_cast<std::size_t>(block_count(depth) * block_codes / 4), 16);
  return p;
}

// Byte of the codes where the i-th run of `run_taps` taps of output channel o begins.
constexpr int code_position(const window& w, int chunk, int o, int run_taps, int i) {
  const int runs = chunk * block_taps / run_taps, c = i / runs;  // of a chunk; its number
  const int in_chunk = o * blocks_of(stored_depth(w), chunk, c) * block_codes + i % runs * (run_taps / 2);
  return c * chunk * w.stored_out_c * block_codes + in_chunk;
}

// What stands for a run of taps, a byte for every two. `code(i, parity, weights)` is the number of the plane that byte
// i looks up, for the parity of the weights before the run and those of the run, first one lowest; a byte is 8 times
// that number. `parity` and `weights` read them back.
struct pair_codes {  // one of eight carries
  static constexpr int taps = 2;
  static constexpr unsigned code(int, unsigned parity, unsigned weights) {
    return 4 * parity + 2 * (weights & 1) + (weights >> 1);
  }
  static constexpr unsigned parity(const std::uint8_t* run) { return run[0] / 32u; }
  static constexpr unsigned weights(const std::uint8_t* run) { return (run[0] / 16u & 1) + 2 * (run[0] / 8u & 1); }
};

// Packs all parts. Depends on stored channels alone.
template <class Codes>
constexpr void pack(const kernel_op& op, int stride, int chunk, const std::uint32_t* canonical, std::uint32_t* to) {
  const window& w = op.geometry;
  const weight_layout l = canonical_layout(op);
  if (!takes(w)) {
    for (std::size_t i = 0; i < l.total(); ++i) to[i] = canonical[i];
    return;
  }
  const packed_parts at = packed(op);
  const int depth = stored_depth(w);
  for (std::size_t i = 0; i < l.kernel(); ++i) to[i] = canonical[i];
  for (std::size_t i = l.kernel(); i < at.end; ++i) to[i] = 0;
  for (int t = 0; t < depth; ++t) to[at.taps + static_cast<std::size_t>(t)] = tap_offset(w, stride, t);
  for (int o = 0; o < w.stored_out_c; ++o) {
    unsigned parity = 0;
    for (int i = 0; i < ceil_div(depth, Codes::taps); ++i) {
      unsigned weights = 0, next = parity;
      for (int t = 0; t < Codes::taps; ++t) {
        const unsigned bit = tap_weight(canonical + l.kernel(), w, o, i * Codes::taps + t);
        weights |= bit << t;
        next ^= bit;
      }
      for (int b = 0; b < Codes::taps / 2; ++b) {
        const int byte = code_position(w, chunk, o, Codes::taps, i) + b;
        to[at.codes + static_cast<std::size_t>(byte / 4)] |= 8 * Codes::code(b, parity, weights) << (8 * (byte % 4));
      }
      parity = next;
    }
    pack_threshold(depth, static_cast<std::int32_t>(canonical[l.array(0) + static_cast<std::size_t>(o)]),
                   get_bit(canonical + l.flips(), o), parity != 0,
                   to + at.thresholds + static_cast<std::size_t>(o * threshold_words(depth)));
  }
}

// Packed weights as the loops read them.
struct weights_view {
  const std::uint32_t* taps = nullptr;
  const std::uint32_t* thresholds = nullptr;
  const std::uint8_t* codes = nullptr;  // of the first chunk; `chunk_bytes` to the next
  const std::uint8_t* last_codes = nullptr;
  int chunk_bytes = 0;
  int last_step = 0;  // bytes of an output channel's codes in the last chunk
};

// Fewer input channels than are stored end the sums early: the last codes and all thresholds are made anew, in working
// memory.
[[gnu::always_inline]] constexpr bool ends_early(const window& w) { return w.in.c != w.stored_in_c; }
[[gnu::always_inline]] constexpr std::size_t early_end_bytes(const window& w, int chunk) {
  if (!ends_early(w)) return 0;
  return static_cast<std::size_t>(w.out.c) *
         static_cast<std::size_t>(4 * threshold_words(w.depth()) + chunk * block_codes);
}

// Output channel o of sums that end early: codes of its last chunk, `blocks` blocks, at `to`; is the number of its set
// weights odd?
template <class Codes>
inline bool end_early(const window& w, int chunk, const std::uint8_t* codes, int o, int blocks, std::uint8_t* to) {
  const int runs = w.depth() / Codes::taps, rest = w.depth() % Codes::taps;
  const int first = (ceil_div(w.depth(), chunk * block_taps) - 1) * chunk * block_taps / Codes::taps;
  const std::uint8_t* const from = codes + code_position(w, chunk, o, Codes::taps, first);
  const int whole = (runs - first) * (Codes::taps / 2);
  for (int i = 0; i < blocks * block_codes; ++i) to[i] = i < whole ? from[i] : std::uint8_t{0};
  const std::uint8_t* const next =
      codes + code_position(w, chunk, o, Codes::taps, runs);  // there is one: it ends early
  const unsigned parity = Codes::parity(next), weights = Codes::weights(next) & low_bits(rest);
  if (rest > 0)
    for (int b = 0; b < Codes::taps / 2; ++b)
      to[whole + b] = static_cast<std::uint8_t>(8 * Codes::code(b, parity, weights));
  return ((parity + static_cast<unsigned>(popcount(weights))) & 1) != 0;
}

template <class Codes>
inline weights_view view_weights(const kernel_op& op, int chunk, const std::uint32_t* packed_words, char* room) {
  const window& w = op.geometry;
  const packed_parts at = packed(op);
  const int last = ceil_div(w.depth(), chunk * block_taps) - 1, blocks = blocks_of(w.depth(), chunk, last);
  weights_view v;
  v.taps = packed_words + at.taps;
  v.thresholds = packed_words + at.thresholds;
  v.codes = reinterpret_cast<const std::uint8_t*>(packed_words + at.codes);
  v.chunk_bytes = chunk * w.stored_out_c * block_codes;
  v.last_codes = v.codes + last * v.chunk_bytes;
  v.last_step = blocks * block_codes;
  if (!ends_early(w)) return v;
  const weight_layout l = canonical_layout(op);
  const int words = threshold_words(w.depth());
  auto* const thresholds = reinterpret_cast<std::uint32_t*>(room);
  auto* const codes = reinterpret_cast<std::uint8_t*>(thresholds + w.out.c * words);
  for (int o = 0; o < w.out.c; ++o) {
    const bool odd = end_early<Codes>(w, chunk, v.codes, o, blocks, codes + o * v.last_step);
    pack_threshold(w.depth(), static_cast<std::int32_t>(packed_words[l.array(0) + static_cast<std::size_t>(o)]),
                   get_bit(packed_words + l.flips(), o), odd, thresholds + o * words);
  }
  v.thresholds = thresholds;
  v.last_codes = codes;
  return v;
}

// What the loops of a path need to know.
struct rows_job {
  weights_view weights;
  const char* planes;
  char* table;
  char* counts;
  char* out;
  int out_bytes;  // of one plane
  int depth;
  int outputs;
  int count_planes;
  int chunk = 0;  // blocks, where that is no constant
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::bit_rows

#endif
