// Up to 32 accumulators of neighbouring channels become stored elements: one word of bits, or a run of numbers.
// Results go through a local array, so that the compiler may vectorise the output stage without fearing aliases.
#ifndef OFFRAMP_KERNELS_PORTABLE_OUTPUT_TILE_HPP
#define OFFRAMP_KERNELS_PORTABLE_OUTPUT_TILE_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/op.hpp>
#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

// Channels handled together: as many as a word has bits.
inline constexpr int tile_channels = 32;

// Channels of the tile that begins at `first`; folds to 32 in static geometries that are a multiple of it.
constexpr int tile_width(int channels, int first) {
  if (channels % tile_channels == 0) return tile_channels;
  return channels - first < tile_channels ? channels - first : tile_channels;
}

// Stores channels [first, first + n) of position p; n <= 32, first a multiple of 32.
template <op_signature S>
[[gnu::always_inline]] inline void store_tile(const parameters<S>& params, const window& w, void* out, int p, int first,
                                              int n, const accumulator_t<S>* acc) {
  constexpr bool shared = S.shares_parameters();
  if constexpr (S.out == kind::bits) {
    std::uint32_t below = 0;
    for (int j = 0; j < n; ++j)
      below |= static_cast<std::uint32_t>(below_threshold(params, shared ? 0 : first + j, acc[j])) << j;
    const int word = first / tile_channels;
    static_cast<std::uint32_t*>(out)[p * ceil_div(w.out.c, 32) + word] = (below ^ params.flips(word)) & low_bits(n);
  } else {
    using element = storage_t<S.out>;
    element* to = static_cast<element*>(out) + p * w.out.c + first;
    element result[tile_channels];
    for (int j = 0; j < n; ++j) result[j] = finish(params, shared ? 0 : first + j, acc[j], S.add ? to[j] : element{});
    copy_run(to, result, n);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
