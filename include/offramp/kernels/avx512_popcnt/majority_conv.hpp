// A convolution of bits by majorities (majority_plan.hpp), from its input to its output.
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_CONV_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_CONV_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <offramp/kernels/avx512_popcnt/conv_bits_traits.hpp>
#include <offramp/kernels/avx512_popcnt/majority_count.hpp>
#include <offramp/kernels/avx512_popcnt/majority_input.hpp>
#include <offramp/kernels/avx512_popcnt/majority_joined.hpp>
#include <offramp/kernels/avx512_popcnt/majority_output.hpp>
#include <offramp/kernels/avx512_popcnt/majority_plan.hpp>
#include <offramp/kernels/path.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt {

// One tile of channels over a band of rows. `place` says which; `tile`: its raw weights; `scales`: of 16-bit outputs,
// if there are some; `scratch` is aligned. `Kinds`: tile_kinds.
template <op_signature S, int Blocks, int Kinds>
OFFRAMP_AVX512_POPCNT inline void convolve_tile(const majority_plan& p, const majority_scratch& at, const window& w,
                                                const parameters<S>& params, output_place place,
                                                const std::uint32_t* scales, const std::uint8_t* tile,
                                                std::uint8_t* scratch, void* out) {
  constexpr int positions = 64 / Blocks;
  constexpr bool may_join = S.out != kind::bits && (Kinds & joined_tiles) != 0;
  constexpr bool may_part = (Kinds & parted_tiles) != 0;
  const auto* offsets = reinterpret_cast<const std::int32_t*>(scratch + at.offsets);
  std::uint8_t* counts = scratch + at.counts;
  std::uint8_t* matrices = scratch + at.weights;
  std::uint8_t* limits = scratch + at.limits;
  const position_vectors vectors = cover(p, place.rows, w.out.w, positions);
  avx512::output_lanes16 lanes[ceil_div(Blocks, 2)];
  [[maybe_unused]] std::conditional_t<may_join, joined_output<S, Blocks>, char> across;
  bool joined = false;
  if constexpr (may_join) joined = across.load(params, w, p.planes, place.channels, scales) || !may_part;
  if constexpr (S.out == kind::bits)
    make_limits(params, w, place, p.planes, limits);
  else if (may_part && !joined)
    for (int c = 0; c < place.channels; c += 16)
      lanes[c / 16] =
          avx512::load_output_lanes16(params, place.channel + c, place.channels - c < 16 ? place.channels - c : 16);
  constexpr bool shorts = short_scales::takes(S) && Blocks >= 4 && may_part;
  avx512::short_lanes short_of[shorts ? Blocks / 4 : 1];
  bool short_way = false;
  if constexpr (shorts)
    if (!joined && scales != nullptr && place.channels == 8 * Blocks) {
      short_way = true;
      const int middle = short_scales::middle({S, w}, 16 - p.planes);
      for (int i = 0; i < Blocks / 4; ++i)
        short_way &= avx512::load_short_lanes(scales + short_scales::block_words *
                                                           static_cast<std::size_t>(place.channel / 32 + i),
                                              middle, params.low(), params.high(), short_of[i]);
    }
  for (int first = 0; first < p.octs; first += p.chunk) {
    const int last = first + p.chunk < p.octs ? first + p.chunk : p.octs;
    make_weights<Blocks>(p, tile, first, last, matrices, scratch + at.sums);
    if (p.chunk < p.octs)
      count_positions<positions>(p, vectors, {}, vectors.count, scratch, offsets + first, matrices, last - first,
                                 counts, first == 0);
  }
  const bool whole = p.chunk == p.octs;
  const std::uint8_t* ones = matrices + 256 * (whole ? p.octs : (p.octs - 1) % p.chunk + 1);
  for (int done = 0; done < vectors.count; done += 2) {
    const int n = done + 2 <= vectors.count ? 2 : 1;
    if (whole) count_positions<positions>(p, vectors, place.at, n, scratch, offsets, matrices, p.octs, counts, true);
    std::uint8_t* count = whole ? counts : counts + done * p.planes * 64;
    for (int i = 0; i < n; ++i, count += p.planes * 64, place.at.advance(vectors)) {
      add_ones<positions>(scratch + at.last + place.at.begin(vectors), ones, count);
      if constexpr (S.out == kind::bits) {
        store_bits<Blocks>(place, w, count, limits, p.planes, out);
        continue;
      }
      if constexpr (may_join)
        if (joined) across.store(place, w, count, p.planes, out);
      if constexpr (shorts)
        if (short_way) store_shorts<S, Blocks>(short_of, place, w, count, p.planes, out);
      if constexpr (may_part && S.out != kind::bits)
        if (!joined && !short_way) store_numbers<S, Blocks>(lanes, place, w, count, p.planes, out);
    }
  }
}

// `Kinds`: of the tiles that there are (tile_kinds).
template <op_signature S, int Kinds>
OFFRAMP_AVX512_POPCNT inline void convolve_by_majorities(const majority_plan& p, const majority_scratch& at,
                                                         const window& w, const arguments& a) {
  const parameters<S> params{a.weights, w};
  const auto* kernel = reinterpret_cast<const std::uint8_t*>(a.weights + packed_begin({S, w}));
  auto* scratch = static_cast<std::uint8_t*>(a.scratch);
  scratch += (64 - reinterpret_cast<std::uintptr_t>(scratch) % 64) % 64;
  auto* taps = reinterpret_cast<std::int32_t*>(scratch + at.taps);
  list_taps(p, w, static_cast<std::int32_t>(at.tail), taps, reinterpret_cast<std::int32_t*>(scratch + at.offsets));
  const int groups = S.grouped ? w.groups : 1;
  const int channels = w.out.c / groups;
  const int octs = majority_tile_octs(p);
  const kernel_op op{S, w};
  const std::uint32_t* const scales =
      short_scales::present(op) && p.planes <= 16 ? a.weights + majority_scales_begin(p, op) : nullptr;
  for (int group = 0; group < groups; ++group, kernel += 8 * p.blocks() * octs)
    for (int row = 0; row < w.out.h; row += p.band) {
      const int rows = row + p.band < w.out.h ? p.band : w.out.h - row;
      make_planes(p, w, static_cast<const std::uint32_t*>(a.in), group, row, rows, scratch, scratch + at.parities);
      make_tail(p, taps, p.flat(rows, w.out.w), scratch + at.parities, scratch + at.tail, scratch + at.last);
      for (int first = 0; first < ceil_div(channels, 8);) {
        const int blocks = tile_blocks(p.blocks() - first);
        const std::uint8_t* tile = kernel + 8 * first * octs;
        const int left = channels - 8 * first;
        const output_place place{
            group * channels + 8 * first, left < 8 * blocks ? left : 8 * blocks, blocks, rows, row, p.pitch};
        if constexpr ((Kinds & 8) != 0)
          if (blocks == 8) convolve_tile<S, 8, Kinds>(p, at, w, params, place, scales, tile, scratch, a.out);
        if constexpr ((Kinds & 4) != 0)
          if (blocks == 4) convolve_tile<S, 4, Kinds>(p, at, w, params, place, scales, tile, scratch, a.out);
        if constexpr ((Kinds & 2) != 0)
          if (blocks == 2) convolve_tile<S, 2, Kinds>(p, at, w, params, place, scales, tile, scratch, a.out);
        if constexpr ((Kinds & 1) != 0)
          if (blocks == 1) convolve_tile<S, 1, Kinds>(p, at, w, params, place, scales, tile, scratch, a.out);
        first += blocks;
      }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt
#endif

#endif
