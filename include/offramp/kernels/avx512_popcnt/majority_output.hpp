// From the planes of counts (majority_count.hpp) to stored outputs. Bits come from comparing planes with those of the
// thresholds, and lie ready packed: a byte is 8 channels of a position. Numbers are put together from their bits again.
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_OUTPUT_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_OUTPUT_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/avx512/output.hpp>
#include <offramp/kernels/avx512/output_block.hpp>
#include <offramp/kernels/avx512/short_output.hpp>
#include <offramp/kernels/avx512_popcnt/majority_bits.hpp>
#include <offramp/kernels/avx512_popcnt/majority_plan.hpp>
#include <offramp/kernels/output_stage.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt {

// A vector of outputs: channels [channel, channel + channels) of the flat positions from `at` on, of which those in
// `rows` rows and the first columns of every `pitch` are real. `row`: the output row that flat row 0 is.
struct output_place {
  int channel, channels, blocks;
  int rows, row, pitch;
  vector_place at{};
};

// Every block's byte of `bytes`, in all places of its positions.
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i spread_blocks(std::uint64_t bytes, int blocks) {
  const int runs = blocks == 8 ? 0 : blocks == 4 ? 1 : blocks == 2 ? 2 : 3;
  const __m512i place = _mm512_set_epi64(0x0707070707070707, 0x0606060606060606, 0x0505050505050505, 0x0404040404040404,
                                         0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
  return _mm512_permutexvar_epi8(_mm512_srl_epi64(place, _mm_cvtsi32_si128(runs)),
                                 _mm512_set1_epi64(static_cast<long long>(bytes)));
}

// Planes of the least count that sets a bit, behind them the flips and the channels that there are. acc < t where
// depth - 2 * count < t, that is count > (depth - t) / 2; t is limited to where acc can lie, lest this overflow.
template <op_signature S>
OFFRAMP_AVX512_POPCNT inline void make_limits(const parameters<S>& params, const window& w, const output_place& o,
                                              int planes, std::uint8_t* to) {
  const int depth = w.depth();
  __m512i least[4];
  std::uint64_t flips = 0;
  for (int i = 0; i < 4; ++i) {
    const int left = o.channels - 16 * i;
    least[i] = _mm512_setzero_si512();
    if (left <= 0) continue;
    const int n = left < 16 ? left : 16;
    const int first = o.channel + 16 * i;
    __m512i t = avx512::load_words16(avx512::parameter_words(params, 0, first), n);
    t = _mm512_max_epi32(_mm512_min_epi32(t, _mm512_set1_epi32(depth + 1)), _mm512_set1_epi32(-depth));
    t = _mm512_srai_epi32(_mm512_sub_epi32(_mm512_set1_epi32(depth), t), 1);
    least[i] = _mm512_add_epi32(t, _mm512_set1_epi32(1));
    const std::uint64_t flip = params.flips(first / 32) >> (first % 32) & 0xffffu;
    flips |= flip << (16 * i);
    // Sixteen channels of a group may begin with any byte.
    if (first % 32 > 16 && n > 32 - first % 32)
      flips |= static_cast<std::uint64_t>(params.flips(first / 32 + 1) << (32 - first % 32) & 0xffffu) << (16 * i);
  }
  for (int plane = 0; plane < planes; ++plane) {
    const __m512i bit = _mm512_set1_epi32(1 << plane);
    std::uint64_t bits = 0;
    for (int i = 0; i < 4; ++i) bits |= static_cast<std::uint64_t>(_mm512_test_epi32_mask(least[i], bit)) << (16 * i);
    _mm512_store_si512(to + 64 * plane, spread_blocks(bits, o.blocks));
  }
  _mm512_store_si512(to + 64 * planes, spread_blocks(flips, o.blocks));
  const std::uint64_t real = o.channels >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << o.channels) - 1;
  _mm512_store_si512(to + 64 * (planes + 1), spread_blocks(real, o.blocks));
}

// The real positions of a vector, runs of neighbours in a row: of each the first, counted within the vector and within
// the output tensor.
struct position_runs {
  int first = 0, count = 0, place = 0;  // the current run; count is 0 where there is none left
  int x, y;

  OFFRAMP_INLINE position_runs(const output_place& o) : x{o.at.x}, y{o.at.y} {}
  OFFRAMP_INLINE bool next(const output_place& o, const window& w, int positions) {
    for (first += count; first < positions && y < o.rows; first += o.pitch - x, x = 0, ++y) {
      if (x >= w.out.w) continue;
      count = w.out.w - x < positions - first ? w.out.w - x : positions - first;
      place = (o.row + y) * w.out.w + x;
      x += count;
      return true;
    }
    return false;
  }
};

// `Width` bytes, which hold `Blocks` of real ones and zeros, for every real position.
template <int Blocks, int Width>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void scatter_bytes(const output_place& o, const window& w,
                                                        const std::uint8_t* from, std::uint8_t* to,
                                                        std::ptrdiff_t step) {
  position_runs runs{o};
  while (runs.next(o, w, 64 / Blocks)) {
    const std::uint8_t* position = from + Blocks * runs.first;
    std::uint8_t* at = to + runs.place * step;
    for (int i = 0; i < runs.count; ++i, position += Blocks, at += step) {
      std::uint64_t bytes = 0;
      __builtin_memcpy(&bytes, position, Blocks);  // little endian: what is missing is zero
      __builtin_memcpy(at, &bytes, Width);
    }
  }
}

// Where byte 8 * (b * runs + i / 8) + i % 8, position i of block b, goes: `Width` bytes a position.
template <int Blocks, int Width>
struct byte_order {
  std::uint8_t from[64 * Width / Blocks];
};
template <int Blocks, int Width>
constexpr byte_order<Blocks, Width> make_byte_order() {
  byte_order<Blocks, Width> t{};
  for (int i = 0; i < 64 / Blocks; ++i)
    for (int b = 0; b < Blocks; ++b)
      t.from[i * Width + b] = static_cast<std::uint8_t>(8 * (b * (8 / Blocks) + i / 8) + i % 8);
  return t;
}
template <int Blocks, int Width>
inline constexpr byte_order<Blocks, Width> byte_orders = make_byte_order<Blocks, Width>();

// Tiles that are all of an output, `Width` bytes a position: positions lie side by side, whole runs are stored at once.
template <int Blocks, int Width>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void store_whole(const output_place& o, const window& w, __m512i bits,
                                                      std::uint8_t* to) {
  constexpr int together = 64 / Width;
  // Of every `Width` bytes the first `Blocks`.
  constexpr std::uint64_t real = 0xffffffffffffffffu / ((1u << Width) - 1) * ((1u << Blocks) - 1);
  __m512i bytes[Width / Blocks];
#pragma GCC unroll 4
  for (int i = 0; i < Width / Blocks; ++i)
    bytes[i] = _mm512_maskz_permutexvar_epi8(real, _mm512_loadu_si512(byte_orders<Blocks, Width>.from + 64 * i), bits);
  position_runs runs{o};
  while (runs.next(o, w, 64 / Blocks))
#pragma GCC unroll 4
    for (int i = 0; i < Width / Blocks; ++i) {
      const int first = runs.first > i * together ? runs.first - i * together : 0;
      int end = runs.first + runs.count - i * together;
      if (end > together) end = together;
      if (end <= first) continue;
      const std::uint64_t lanes = ~std::uint64_t{0} >> (64 - Width * (end - first)) << Width * first;
      _mm512_mask_storeu_epi8(to + (runs.place - runs.first + i * together) * Width, lanes, bytes[i]);
    }
}

// Output kind bits.
template <int Blocks>
OFFRAMP_AVX512_POPCNT inline void store_bits(const output_place& o, const window& w, const std::uint8_t* counts,
                                             const std::uint8_t* limits, int planes, void* out) {
  // A count that equals the least one is not below it: the comparison begins with yes, and lower planes yield to
  // higher ones.
  __m512i yes = _mm512_set1_epi8(-1);
  for (int i = 0; i < planes; ++i)
    yes = _mm512_ternarylogic_epi64(_mm512_load_si512(counts + 64 * i), _mm512_load_si512(limits + 64 * i), yes, 0xb2);
  const __m512i flips = _mm512_load_si512(limits + 64 * planes);
  const __m512i real = _mm512_load_si512(limits + 64 * (planes + 1));
  yes = _mm512_ternarylogic_epi64(yes, flips, real, 0x28);
  const int step = 4 * ceil_div(w.out.c, 32);
  const int first = o.channel / 8;
  auto* to = static_cast<std::uint8_t*>(out) + first;
  // The last tile fills the last word.
  const int width = o.channel + o.channels == w.out.c ? step - first : ceil_div(o.channels, 8);
  constexpr int whole = Blocks < 4 ? 4 : Blocks;
  if (step == whole && first == 0) return store_whole<Blocks, whole>(o, w, yes, to);
  alignas(64) std::uint8_t bytes[64];
  _mm512_store_si512(bytes, _mm512_permutexvar_epi8(_mm512_loadu_si512(byte_orders<Blocks, Blocks>.from), yes));
  if (width == Blocks) return scatter_bytes<Blocks, Blocks>(o, w, bytes, to, step);
  if (Blocks < 4 && width == 4) return scatter_bytes<Blocks, 4>(o, w, bytes, to, step);
  if (Blocks == 1 && width == 2) return scatter_bytes<Blocks, 2>(o, w, bytes, to, step);
  position_runs runs{o};
  while (runs.next(o, w, 64 / Blocks))
    for (int i = 0; i < runs.count; ++i)
      for (int k = 0; k < width; ++k)
        to[(runs.place + i) * step + k] = k < Blocks ? bytes[(runs.first + i) * Blocks + k] : std::uint8_t{0};
}

// Word j of vector i of eight transposed planes (make_bytes) comes from byte 8 * j + i of each. Which byte of a plane
// to put there, so that positions come out in order, and of each its blocks.
template <int Blocks>
struct position_order {
  std::uint8_t from[64];
};
template <int Blocks>
constexpr position_order<Blocks> make_position_order() {
  position_order<Blocks> t{};
  for (int i = 0; i < 64; ++i) {
    const int word = i % 8 * 8 + i / 8;
    t.from[i] = static_cast<std::uint8_t>(place_of_block(true, Blocks, word % Blocks) * (64 / Blocks) + word / Blocks);
  }
  return t;
}
template <int Blocks>
inline constexpr position_order<Blocks> position_orders = make_position_order<Blocks>();

// Eight planes become bytes, one an output, position after position. `planes` of them exist.
template <int Blocks>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void make_bytes(const std::uint8_t* counts, int planes, __m512i (&bytes)[8]) {
  const __m512i order = _mm512_loadu_si512(position_orders<Blocks>.from);
  __m512i p[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i)  // in reverse, as the rows of a matrix
    p[i] = 7 - i < planes ? _mm512_permutexvar_epi8(order, _mm512_load_si512(counts + 64 * (7 - i)))
                          : _mm512_setzero_si512();
  const __m512i unit = _mm512_set1_epi64(static_cast<long long>(0x8040201008040201u));
  // Of positions 2 * i and 2 * i + 1 the eight planes side by side, of even and of odd words.
  __m512i words[2][4];
#pragma GCC unroll 2
  for (int odd = 0; odd < 2; ++odd) {
    __m512i two[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      two[i] = odd == 0 ? _mm512_unpacklo_epi8(p[2 * i], p[2 * i + 1]) : _mm512_unpackhi_epi8(p[2 * i], p[2 * i + 1]);
    const __m512i a = _mm512_unpacklo_epi16(two[0], two[1]);
    const __m512i b = _mm512_unpacklo_epi16(two[2], two[3]);
    const __m512i c = _mm512_unpackhi_epi16(two[0], two[1]);
    const __m512i d = _mm512_unpackhi_epi16(two[2], two[3]);
    words[odd][0] = _mm512_unpacklo_epi32(a, b);
    words[odd][1] = _mm512_unpackhi_epi32(a, b);
    words[odd][2] = _mm512_unpacklo_epi32(c, d);
    words[odd][3] = _mm512_unpackhi_epi32(c, d);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m512i even = _mm512_gf2p8affine_epi64_epi8(unit, words[0][i], 0);
    const __m512i odd = _mm512_gf2p8affine_epi64_epi8(unit, words[1][i], 0);
    bytes[2 * i] = _mm512_unpacklo_epi64(even, odd);
    bytes[2 * i + 1] = _mm512_unpackhi_epi64(even, odd);
  }
}

// Planes [last - n, last) of counts, n up to `Rows`, become bytes of an output each, the last one its highest bit:
// vector 4 * odd + i holds positions 2 * i and 2 * i + 1 of the places that are even or odd.
template <int Rows>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void make_rows(const std::uint8_t* counts, int last, int n, __m512i (&bytes)[8]) {
  __m512i p[8];  // in reverse, as the rows of a matrix
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i)
    p[i] = i < n ? _mm512_load_si512(counts + 64 * (last - 1 - i)) : _mm512_setzero_si512();
#pragma GCC unroll 8
  for (int i = Rows; i < 8; ++i) p[i] = _mm512_setzero_si512();
  const __m512i unit = _mm512_set1_epi64(static_cast<long long>(0x8040201008040201u));
#pragma GCC unroll 2
  for (int odd = 0; odd < 2; ++odd) {
    __m512i two[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      two[i] = 2 * i >= Rows ? p[7]
               : odd == 0    ? _mm512_unpacklo_epi8(p[2 * i], p[2 * i + 1])
                             : _mm512_unpackhi_epi8(p[2 * i], p[2 * i + 1]);
    const __m512i a = _mm512_unpacklo_epi16(two[0], two[1]);
    const __m512i c = _mm512_unpackhi_epi16(two[0], two[1]);
    const __m512i b = Rows > 4 ? _mm512_unpacklo_epi16(two[2], two[3]) : p[7];
    const __m512i d = Rows > 4 ? _mm512_unpackhi_epi16(two[2], two[3]) : p[7];
    bytes[4 * odd] = _mm512_unpacklo_epi32(a, b);
    bytes[4 * odd + 1] = _mm512_unpackhi_epi32(a, b);
    bytes[4 * odd + 2] = _mm512_unpacklo_epi32(c, d);
    bytes[4 * odd + 3] = _mm512_unpackhi_epi32(c, d);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) bytes[i] = _mm512_gf2p8affine_epi64_epi8(unit, bytes[i], 0);
}

// Counts as words whose highest bit is that of the last plane: vector 8 * odd + i holds position i of even or odd
// places.
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void make_words(const std::uint8_t* counts, int planes, __m512i* to) {
  __m512i high[8];
  __m512i low[8];
  make_rows<8>(counts, planes, planes, high);
  const int rest = planes - 8;
  if (rest <= 2)
    make_rows<2>(counts, rest, rest, low);
  else if (rest <= 4)
    make_rows<4>(counts, rest, rest, low);
  else
    make_rows<8>(counts, rest, rest, low);
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    _mm512_store_si512(to + 2 * i, _mm512_unpacklo_epi8(low[i], high[i]));
    _mm512_store_si512(to + 2 * i + 1, _mm512_unpackhi_epi8(low[i], high[i]));
  }
}

// Sixteen-bit streams, tiles of 64 or 32 channels that have scales.
template <op_signature S, int Blocks>
OFFRAMP_AVX512_POPCNT inline void store_shorts(const avx512::short_lanes* lanes, const output_place& o, const window& w,
                                               const std::uint8_t* counts, int planes, void* out) {
  __m512i words[16];
  make_words(counts, planes, words);
  for (int vector = 0; vector < Blocks / 4; ++vector) {
    const avx512::short_lanes l = lanes[vector];
    std::int16_t* const to = static_cast<std::int16_t*>(out) + o.channel + 32 * vector;
    position_runs run{o};
    while (run.next(o, w, 64 / Blocks)) {
      const __m512i* from = words + 8 * vector + run.first;
      std::int16_t* at = to + run.place * w.out.c;
      for (int i = 0; i < run.count; ++i, at += w.out.c)
        avx512::store_shorts32<S>(at, avx512::scale_shorts<S.rectified>(l, _mm512_load_si512(from + i)));
    }
  }
}

// Sixteen bytes as lanes; eight of a single block, since a load over two stored vectors waits for both.
template <int Blocks>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i load_bytes16(const std::uint8_t* from) {
  if constexpr (Blocks == 1) return _mm512_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

// All other output kinds. `lanes`: the parameters of each 16 channels.
template <op_signature S, int Blocks>
OFFRAMP_AVX512_POPCNT inline void store_numbers(const avx512::output_lanes16* parameters, const output_place& o,
                                                const window& w, const std::uint8_t* counts, int planes, void* out) {
  alignas(64) std::uint8_t bytes[3][512];
  const int parts = ceil_div(planes, 8);
  for (int part = 0; part < parts; ++part) {
    __m512i of[8];
    make_bytes<Blocks>(counts + 512 * part, planes - 8 * part, of);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) _mm512_store_si512(bytes[part] + 64 * i, of[i]);
  }
  const __m512i depth = _mm512_set1_epi32(w.depth());
  for (int c = 0; c < o.channels; c += 16) {
    const int n = o.channels - c < 16 ? o.channels - c : 16;
    const avx512::output_lanes16 lanes = parameters[c / 16];
    position_runs run{o};
    while (run.next(o, w, 64 / Blocks))
      for (int i = 0; i < run.count; ++i) {
        const std::uint8_t* from = bytes[0] + 8 * Blocks * (run.first + i) + c;
        __m512i count = load_bytes16<Blocks>(from);
        for (int part = 1; part < parts; ++part) {
          const __m512i more = load_bytes16<Blocks>(from + part * static_cast<int>(sizeof bytes[0]));
          count = _mm512_or_si512(count, _mm512_slli_epi32(more, static_cast<unsigned>(8 * part)));
        }
        const __m512i acc = _mm512_sub_epi32(depth, _mm512_add_epi32(count, count));
        if (n == 16)  // a constant: no masks
          avx512::store_lanes16<S>(lanes, w, out, run.place + i, o.channel + c, 16, acc);
        else
          avx512::store_lanes16<S>(lanes, w, out, run.place + i, o.channel + c, n, acc);
      }
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt
#endif

#endif
