// Integers, or signs read as -1 and +1, times int8 or signs, summed in i32. The patch is 16 bits wide: the zero point lies
// in the range of the input kind, so differences fit, and compilers know a 16-bit multiply-add of pairs.
#ifndef OFFRAMP_KERNELS_PORTABLE_CONV_INTEGER_HPP
#define OFFRAMP_KERNELS_PORTABLE_CONV_INTEGER_HPP

#include <cstdint>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/lanes.hpp>
#include <offramp/kernels/portable/output_tile.hpp>
#include <offramp/kernels/portable/packing.hpp>
#include <offramp/kernels/portable/patch.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

// Sum of (a[k] - zero) * w[k].
template <class T>
[[gnu::always_inline]] inline std::int32_t dot(const T* a, std::int32_t zero, const std::int8_t* w, int n) {
  std::int32_t acc = 0;
  for (int k = 0; k < n; ++k)
    acc += std::int32_t{static_cast<std::int16_t>(a[k] - zero)} * std::int32_t{static_cast<std::int16_t>(w[k])};
  return acc;
}

// acc[j] = dot product of x and column j of a byte tile.
[[gnu::always_inline]] inline void multiply_tile(const std::int16_t* x, const std::int8_t* tile, int width, int depth,
                                                 int n, std::int32_t* acc) {
  int j = 0;
  for (; j + lanes <= n; j += lanes) {
    integer_lanes sum = {};
    for (int k = 0; k < depth; ++k)
      sum += widen_lanes<integer_lanes>(load_lanes<byte_lanes>(tile + k * width + j)) * std::int32_t{x[k]};
    store_lanes(acc + j, sum);
  }
  for (; j < n; ++j) {
    acc[j] = 0;
    for (int k = 0; k < depth; ++k) acc[j] += std::int32_t{x[k]} * std::int32_t{tile[k * width + j]};
  }
}

// Sum of those x whose bit is set: x stands 32 numbers to a word of `row`.
[[gnu::always_inline]] inline std::int32_t sum_where_set(const std::int16_t* x, const std::uint32_t* row, int words) {
  std::int32_t sum = 0;
  for (int k = 0; k < words; ++k) {
    const std::uint32_t word = row[k];
    std::int32_t part[32];
    for (int c = 0; c < 32; ++c) part[c] = (word & (1u << c)) != 0 ? std::int32_t{x[32 * k + c]} : 0;
    for (int c = 0; c < 32; ++c) sum += part[c];
  }
  return sum;
}

template <op_signature S, class Geometry>
inline void conv_integer(Geometry g, const arguments& a) {
  const window w = g();
  const kernel_op op{S, w};
  const parameters<S> params{a.weights, w};
  const std::uint32_t* kernel = a.weights + canonical_layout(op).kernel();
  const auto* bytes = reinterpret_cast<const std::int8_t*>(kernel);
  auto* patch = static_cast<std::int16_t*>(a.scratch);
  const int depth = stored_depth(op);
  const form shape_of_kernel = form_of(op);
  const bool signs = S.weights == kind::bits && !widens_signs(op);
  const bool in_place = reads_in_place(op);
  const std::int32_t zero = S.in == kind::u8 || S.in == kind::i8 ? params.in_zero() : 0;

  for (int oy = 0; oy < w.out.h; ++oy)
    for (int ox = 0; ox < w.out.w; ++ox) {
      if (!in_place) {
        const int tap_stride = signs ? 32 * ceil_div(w.stored_in_c, 32) : w.stored_in_c;
        gather_numbers<S.in>(a.in, w, zero, tap_stride, oy, ox, patch);
      }
      std::int32_t total = 0;
      if (signs)
        for (int k = 0; k < 32 * depth; ++k) total += patch[k];
      for (int first = 0; first < w.out.c; first += tile_channels) {
        std::int32_t acc[tile_channels];
        const int n = tile_width(w.out.c, first);
        if (signs) {
          for (int j = 0; j < n; ++j) acc[j] = total - 2 * sum_where_set(patch, kernel + (first + j) * depth, depth);
        } else if (shape_of_kernel == form::byte_tiles) {
          multiply_tile(patch, bytes + first * depth, tile_width(w.stored_out_c, first), depth, n, acc);
        } else if (in_place) {
          if constexpr (S.in != kind::bits) {
            const auto* from = static_cast<const storage_t<S.in>*>(a.in) +
                               (oy * w.stride_h * w.in.w + ox * w.stride_w) * w.in.c;
            for (int j = 0; j < n; ++j) acc[j] = dot(from, zero, bytes + (first + j) * depth, depth);
          }
        } else {
          for (int j = 0; j < n; ++j) acc[j] = dot(patch, 0, bytes + (first + j) * depth, depth);
        }
        store_tile(params, w, a.out, oy * w.out.w + ox, first, n, acc);
      }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
