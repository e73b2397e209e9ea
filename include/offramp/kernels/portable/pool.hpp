// Maximum, mean and a mixture of both over windows without padding, channels innermost; on bits (1 = negative) the
// maximum is the AND of words.
#ifndef OFFRAMP_KERNELS_PORTABLE_POOL_HPP
#define OFFRAMP_KERNELS_PORTABLE_POOL_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/output_tile.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

template <op_signature S, class Geometry>
inline void max_pool(Geometry g, const arguments& a) {
  const window w = g();
  using element = storage_t<S.in>;
  const int run = S.in == kind::bits ? ceil_div(w.in.c, 32) : w.in.c;  // elements (or words) of a position
  const auto* in = static_cast<const element*>(a.in);
  auto* out = static_cast<element*>(a.out);
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox)
      for (int first = 0; first < run; first += tile_channels) {
        element best[tile_channels];
        const int n = tile_width(run, first);
        const element* corner = in + (oy * w.stride_h * w.in.w + ox * w.stride_w) * run + first;
        copy_run(best, corner, n);
        for (int ky = 0; ky < w.kernel_h; ++ky)
          for (int kx = 0; kx < w.kernel_w; ++kx) {
            const element* from = corner + (ky * w.in.w + kx) * run;
            for (int c = 0; c < n; ++c) {
              if constexpr (S.in == kind::bits)
                best[c] &= from[c];
              else
                best[c] = from[c] > best[c] ? from[c] : best[c];
            }
          }
        copy_run(out + (oy * w.out.w + ox) * run + first, best, n);
      }
}

template <op_signature S, class Geometry>
inline void avg_pool(Geometry g, const arguments& a) {
  const window w = g();
  const parameters<S> params{a.weights, w};
  const int words = ceil_div(w.in.c, 32);
  // The sum is that of the stored numbers (or set bits) less what is the same for all channels.
  const accumulator_t<S> bias = [&] {
    if constexpr (S.in == kind::f32)
      return 0.0f;
    else
      return (S.in == kind::bits ? w.taps() : 0) - w.taps() * params.in_zero();
  }();
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      const int corner = oy * w.stride_h * w.in.w + ox * w.stride_w;
      for (int first = 0; first < w.out.c; first += tile_channels) {
        accumulator_t<S> acc[tile_channels];
        const int n = tile_width(w.out.c, first);
        fill_run(acc, bias, n);
        for (int ky = 0; ky < w.kernel_h; ++ky)
          for (int kx = 0; kx < w.kernel_w; ++kx) {
            const int p = corner + ky * w.in.w + kx;
            if constexpr (S.in == kind::bits) {
              const std::uint32_t* from = static_cast<const std::uint32_t*>(a.in) + p * words;
              if (first + n <= w.in.c) {
                const std::uint32_t word = from[first / 32];
                for (int j = 0; j < n; ++j) acc[j] -= static_cast<std::int32_t>(word >> j & 1u) * 2;
              } else {
                for (int j = 0; j < n; ++j)
                  acc[j] -= static_cast<std::int32_t>(get_bit(from, (first + j) % w.in.c)) * 2;
              }
            } else {
              const storage_t<S.in>* from = static_cast<const storage_t<S.in>*>(a.in) + p * w.in.c;
              if (first + n <= w.in.c)
                for (int j = 0; j < n; ++j) acc[j] += from[first + j];
              else
                for (int j = 0; j < n; ++j) acc[j] += from[(first + j) % w.in.c];
            }
          }
        store_tile(params, w, a.out, oy * w.out.w + ox, first, n, acc);
      }
    }
}

// Maximum and sum in one pass.
template <op_signature S, class Geometry>
inline void mixed_pool(Geometry g, const arguments& a) {
  static_assert(S.in != kind::bits, "offramp: mixed_pool reads numbers");
  const window w = g();
  const parameters<S> params{a.weights, w};
  const auto of_maximum = mixture<S>(a.weights, w, 0), of_sum = mixture<S>(a.weights, w, 1);
  using element = storage_t<S.in>;
  const auto* in = static_cast<const element*>(a.in);
  const std::int32_t zero = S.in == kind::f32 ? 0 : params.in_zero();
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox)
      for (int first = 0; first < w.in.c; first += tile_channels) {
        element best[tile_channels];
        accumulator_t<S> acc[tile_channels];
        const int n = tile_width(w.in.c, first);
        const element* corner = in + (oy * w.stride_h * w.in.w + ox * w.stride_w) * w.in.c + first;
        copy_run(best, corner, n);
        fill_run(acc, accumulator_t<S>{}, n);
        for (int ky = 0; ky < w.kernel_h; ++ky)
          for (int kx = 0; kx < w.kernel_w; ++kx) {
            const element* from = corner + (ky * w.in.w + kx) * w.in.c;
            for (int c = 0; c < n; ++c) {
              best[c] = from[c] > best[c] ? from[c] : best[c];
              acc[c] += static_cast<accumulator_t<S>>(from[c]);
            }
          }
        for (int c = 0; c < n; ++c) {
          if constexpr (S.in == kind::f32)
            acc[c] = of_maximum * best[c] + of_sum * acc[c];
          else
            acc[c] = of_maximum * (best[c] - zero) + of_sum * (acc[c] - w.taps() * zero);
        }
        store_tile(params, w, a.out, oy * w.out.w + ox, first, n, acc);
      }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
