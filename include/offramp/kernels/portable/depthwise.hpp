// Depthwise convolution: every output channel reads one input channel, so channels run side by side, a block of them
// with its sums in registers over all taps. Numbers are read where they stand, taps outside the input left out; signs,
// numbers that become floats, and channels read by several outputs are gathered first, for a tile of outputs.
//
// Bytes: x - zero and a weight give a product within 255 * 128 < 2^15, exact in 16-bit lanes. Seen as 32-bit lanes, a
// pair of products is split by shifts into two 32-bit sums, which need no unpacking. Streams (i16) are taken apart into
// 256 * high + low first, both of which meet a byte without overflow.
#ifndef OFFRAMP_KERNELS_PORTABLE_DEPTHWISE_HPP
#define OFFRAMP_KERNELS_PORTABLE_DEPTHWISE_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/lanes.hpp>
#include <offramp/kernels/portable/output_tile.hpp>
#include <offramp/kernels/portable/packing.hpp>
#include <offramp/kernels/portable/patch.hpp>
#include <offramp/kernels/stored_bytes.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

// The taps of one window that lie inside the input, over input and weights that both hold a row of channels per tap.
struct channel_taps {
  int rows = 0;  // taps inside; none where the window lies in the padding
  int columns = 0;
  int in_row = 0;  // elements from tap to tap
  int in_step = 0;
  int weight_row = 0;
  int weight_step = 0;

  // Calls use(x, weight) for all of them, with pointers to a channel; `x` and `weights` are those of the first tap.
  template <class X, class Weights, class Use>
  [[gnu::always_inline]] void for_each(const X* x, Weights weights, Use use) const {
    for (int ky = 0; ky < rows; ++ky) {
      const X* from = x + ky * in_row;
      Weights weight = weights + ky * weight_row;
      for (int kx = 0; kx < columns; ++kx, from += in_step, weight += weight_step) use(from, weight);
    }
  }
};

#if defined(__SSE2__) || defined(__ARM_NEON)
// Sums of products in 16-bit lanes, as 32-bit lanes of the even and of the odd ones.
struct split_sums {
  int_lanes even = {};
  int_lanes odd = {};

  [[gnu::always_inline]] void add(const half_lanes& products) {
    const auto pairs = __builtin_bit_cast(int_lanes, products);
    even += pairs << 16 >> 16;
    odd += pairs >> 16;
  }
  [[gnu::always_inline]] void store(std::int32_t* sums) const {
    for (int i = 0; i < lanes; ++i) sums[2 * i] = even[i], sums[2 * i + 1] = odd[i];
  }
};

// Numbers that need no splitting: bytes, also those gathered as 16-bit numbers without their zero point.
template <class X>
[[gnu::always_inline]] inline half_lanes widened(const X* from) {
  if constexpr (std::is_same_v<X, std::int16_t>) return load_lanes<half_lanes>(from);
  using bytes = std::conditional_t<std::is_same_v<X, std::uint8_t>, pixel_lanes, byte_lanes>;
  return __builtin_convertvector(load_lanes<bytes>(from), half_lanes);
}

// acc[0 .. 2 * lanes). Wide: x takes all 16 bits.
template <bool Wide, class X>
[[gnu::always_inline]] inline void add_channel_block(const channel_taps& taps, const X* x, std::int32_t zero,
                                                     stored_bytes weights, std::int32_t* acc) {
  split_sums sums;
  if constexpr (Wide) {
    split_sums high;
    taps.for_each(
        x, weights, [&](const X* from, stored_bytes weight) __attribute__((always_inline)) {
          const auto v = load_lanes<half_lanes>(from);
          const half_lanes by = widened(weight);
          high.add((v >> 8) * by);
          sums.add((v & 0xff) * by);
        });
    sums.even += high.even << 8;
    sums.odd += high.odd << 8;
  } else {
    taps.for_each(
        x, weights, [&](const X* from, stored_bytes weight) __attribute__((always_inline)) {
          sums.add((widened(from) - static_cast<std::int16_t>(zero)) * widened(weight));
        });
  }
  sums.store(acc);
}
inline constexpr int integer_block = 2 * lanes;
#else
// Four sums in registers.
template <bool Wide, class X>
[[gnu::always_inline]] inline void add_channel_block(const channel_taps& taps, const X* x, std::int32_t zero,
                                                     stored_bytes weights, std::int32_t* acc) {
  std::int32_t sum0 = 0;
  std::int32_t sum1 = 0;
  std::int32_t sum2 = 0;
  std::int32_t sum3 = 0;
  taps.for_each(
      x, weights, [&](const X* from, stored_bytes weight) __attribute__((always_inline)) {
        sum0 += (from[0] - zero) * weight[0];
        sum1 += (from[1] - zero) * weight[1];
        sum2 += (from[2] - zero) * weight[2];
        sum3 += (from[3] - zero) * weight[3];
      });
  acc[0] = sum0;
  acc[1] = sum1;
  acc[2] = sum2;
  acc[3] = sum3;
}
inline constexpr int integer_block = 4;
#endif

// acc[j] of n channels.
template <bool Wide, class X>
[[gnu::always_inline]] inline void convolve_channels(const channel_taps& taps, const X* x, std::int32_t zero,
                                                     stored_bytes weights, int n, std::int32_t* acc) {
  int j = 0;
  for (; j + integer_block <= n; j += integer_block) add_channel_block<Wide>(taps, x + j, zero, weights + j, acc + j);
  if (j < n && n >= integer_block) {  // the last block overlaps the one before it
    j = n - integer_block;
    add_channel_block<Wide>(taps, x + j, zero, weights + j, acc + j);
    return;
  }
  for (; j < n; ++j) {
    std::int32_t sum = 0;
    taps.for_each(
        x + j, weights + j, [&](const X* from, stored_bytes weight) __attribute__((always_inline)) {
          sum += (*from - zero) * *weight;
        });
    acc[j] = sum;
  }
}
template <bool>
[[gnu::always_inline]] inline void convolve_channels(const channel_taps& taps, const float* x, std::int32_t,
                                                     const float* weights, int n, float* acc) {
  int j = 0;
  for (; j + lanes <= n; j += lanes) {
    float_lanes sum = {};
    taps.for_each(
        x + j, weights + j, [&](const float* from, const float* weight) __attribute__((always_inline)) {
          sum += load_lanes<float_lanes>(from) * load_lanes<float_lanes>(weight);
        });
    store_lanes(acc + j, sum);
  }
  for (; j < n; ++j) {
    float sum = 0;
    taps.for_each(
        x + j, weights + j, [&](const float* from, const float* weight) __attribute__((always_inline)) {
          sum += *from * *weight;
        });
    acc[j] = sum;
  }
}

// What the outputs [first, first + n) read, tap by tap, tile_channels apart; the zero point is taken away.
template <kind K, class T>
inline void gather_tile(const void* in, const window& w, std::int32_t zero, int oy, int ox, int first, int n,
                        T* patch) {
  const int repeats = w.out.c / w.groups;
  for (int ky = 0; ky < w.kernel_h; ++ky)
    for (int kx = 0; kx < w.kernel_w; ++kx, patch += tile_channels) {
      const int y = oy * w.stride_h - w.pad_top + ky;
      const int x = ox * w.stride_w - w.pad_left + kx;
      if (y < 0 || y >= w.in.h || x < 0 || x >= w.in.w) {
        fill_run(patch, K == kind::bits ? T{1} : T{0}, n);
        continue;
      }
      const int p = y * w.in.w + x;
      int c = first / repeats;
      if constexpr (K == kind::bits) {
        const std::uint32_t* from = static_cast<const std::uint32_t*>(in) + p * ceil_div(w.in.c, 32);
        if (repeats == 1) {
          const std::uint32_t word = from[c / 32];
          for (int j = 0; j < n; ++j) patch[j] = static_cast<T>(1 - static_cast<int>(word >> j << 1 & 2u));
        } else {
          int left = repeats - first % repeats;  // outputs of channel c still to come
          for (int j = 0; j < n; ++j) {
            patch[j] = static_cast<T>(1 - 2 * static_cast<int>(get_bit(from, c)));
            if (--left == 0) ++c, left = repeats;
          }
        }
      } else {
        const storage_t<K>* from = static_cast<const storage_t<K>*>(in) + p * w.in.c + c;
        int left = repeats - first % repeats;
        for (int j = 0; j < n; ++from, left = repeats) {
          const auto v = static_cast<T>(*from - static_cast<T>(zero));
          for (; left > 0 && j < n; --left) patch[j++] = v;
        }
      }
    }
}

template <op_signature S, class Geometry>
inline void depthwise(Geometry g, const arguments& a) {
  using number = std::conditional_t<S.weights == kind::f32, float, std::int16_t>;  // gathered
  const window w = g();
  const kernel_op op{S, w};
  const parameters<S> params{a.weights, w};
  const auto weights = [&] {
    const std::uint32_t* kernel = a.weights + canonical_layout(op).kernel();
    if constexpr (S.weights == kind::f32)
      return reinterpret_cast<const float*>(kernel);
    else
      return bytes_in(kernel);
  }();
  const std::int32_t zero = S.in == kind::u8 || S.in == kind::i8 ? params.in_zero() : 0;
  const bool gathers = gathers_tile(op);
  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      const int y = oy * w.stride_h - w.pad_top;
      const int x = ox * w.stride_w - w.pad_left;
      const int skip_y = y < 0 ? -y : 0;
      const int skip_x = x < 0 ? -x : 0;
      channel_taps taps;
      taps.rows = (w.in.h - y < w.kernel_h ? w.in.h - y : w.kernel_h) - skip_y;
      taps.columns = (w.in.w - x < w.kernel_w ? w.in.w - x : w.kernel_w) - skip_x;
      taps.in_step = w.in.c;
      taps.in_row = w.in.w * w.in.c;
      taps.weight_step = w.stored_out_c;
      taps.weight_row = w.kernel_w * w.stored_out_c;
      const bool any = taps.rows > 0 && taps.columns > 0;
      const int in_first = any ? ((y + skip_y) * w.in.w + x + skip_x) * w.in.c : 0;
      const int weight_first = any ? (skip_y * w.kernel_w + skip_x) * w.stored_out_c : 0;
      for (int first = 0; first < w.out.c; first += tile_channels) {
        accumulator_t<S> acc[tile_channels];
        const int n = tile_width(w.out.c, first);
        if (gathers) {
          auto* patch = static_cast<number*>(a.scratch);
          gather_tile<S.in>(a.in, w, zero, oy, ox, first, n, patch);
          const channel_taps all{1, w.taps(), 0, tile_channels, 0, w.stored_out_c};
          convolve_channels<S.in == kind::i16>(all, patch, 0, weights + first, n, acc);
        } else if constexpr (reads_channels(S)) {
          const auto* from = static_cast<const storage_t<S.in>*>(a.in) + in_first + first;
          convolve_channels<S.in == kind::i16>(taps, from, zero, weights + weight_first + first, n, acc);
        }
        store_tile(params, w, a.out, oy * w.out.w + ox, first, n, acc);
      }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
