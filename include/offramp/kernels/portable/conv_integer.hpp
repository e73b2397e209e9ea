// Integers, or signs read as -1 and +1, times int8 or signs, summed in i32. The zero point lies in the range of the
// input kind, so differences fit 16 bits, and compilers know a 16-bit multiply-add of pairs.
#ifndef OFFRAMP_KERNELS_PORTABLE_CONV_INTEGER_HPP
#define OFFRAMP_KERNELS_PORTABLE_CONV_INTEGER_HPP

#include <cstdint>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/lanes.hpp>
#include <offramp/kernels/portable/output_tile.hpp>
#include <offramp/kernels/portable/packing.hpp>
#include <offramp/kernels/portable/patch.hpp>
#include <offramp/kernels/stored_bytes.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

template <class T>
[[gnu::always_inline]] inline std::int32_t product(T x, std::int32_t zero, std::int8_t weight) {
  return std::int32_t{static_cast<std::int16_t>(x - zero)} * std::int32_t{static_cast<std::int16_t>(weight)};
}

// acc[j] = sum of (x[k] - zero) * row j [k], for n rows of `depth` bytes.
template <class T>
[[gnu::always_inline]] inline void multiply_rows(const T* x, std::int32_t zero, stored_bytes rows, int depth, int n,
                                                 std::int32_t* acc) {
  const int whole = n / 4 * 4;
  for (int j = 0; j < whole; j += 4) {  // four sums at once hide the latency of each
    const stored_bytes row0 = rows + j * depth;
    const stored_bytes row1 = row0 + depth;
    const stored_bytes row2 = row1 + depth;
    const stored_bytes row3 = row2 + depth;
    std::int32_t sum0 = 0;
    std::int32_t sum1 = 0;
    std::int32_t sum2 = 0;
    std::int32_t sum3 = 0;
    for (int k = 0; k < depth; ++k) {
      sum0 += product(x[k], zero, row0[k]);
      sum1 += product(x[k], zero, row1[k]);
      sum2 += product(x[k], zero, row2[k]);
      sum3 += product(x[k], zero, row3[k]);
    }
    acc[j] = sum0;
    acc[j + 1] = sum1;
    acc[j + 2] = sum2;
    acc[j + 3] = sum3;
  }
  for (int j = whole; j < n; ++j) {
    const stored_bytes row = rows + j * depth;
    std::int32_t sum = 0;
    for (int k = 0; k < depth; ++k) sum += product(x[k], zero, row[k]);
    acc[j] = sum;
  }
}

// Sum of those x whose bit in `row` is set; 32 numbers to a word.
[[gnu::always_inline]] inline std::int32_t sum_where_set(const std::int16_t* x, const std::uint32_t* row, int words) {
  std::int32_t sum = 0;
  for (int k = 0; k < words; ++k)
    for (int c = 0; c < 32; ++c) sum += x[32 * k + c] & -static_cast<std::int32_t>(row[k] >> c & 1u);
  return sum;
}

// The same side by side in 16-bit lanes, for |x| < 2^9.
template <class V>
[[gnu::always_inline]] inline std::int32_t sum_lanes_where_set(const std::int16_t* x, const std::uint32_t* row,
                                                               int words) {
  constexpr int width = sizeof(V) / sizeof(std::int16_t);
  V place;
  for (int j = 0; j < width; ++j) place[j] = static_cast<std::int16_t>(1 << j);
  std::int32_t sum = 0;
  for (int begin = 0; begin < words; begin += 8) {  // at most 8 * 32 / width = 32 additions to a lane
    const int end = words - begin < 8 ? words : begin + 8;
    V part = {};
    for (int k = begin; k < end; ++k)
      for (int c = 0; c < 32; c += width) {
        const auto signs = static_cast<std::int16_t>(row[k] >> c);
        part += load_lanes<V>(x + 32 * k + c) & ((place & signs) != 0);
      }
    for (int j = 0; j < width; ++j) sum += part[j];
  }
  return sum;
}

// Where there are lanes, windows of fewer than 32 products run in floats, a channel a lane: sums stay below
// 32 * 255 * 128 < 2^24, hence exact. A tile of weights is widened to columns of floats once for all positions.
template <op_signature S, class Geometry>
inline void conv_shallow(Geometry g, const arguments& a, const parameters<S>& params, std::int32_t zero) {
  const window w = g();
  const kernel_op op{S, w};
  const stored_bytes rows = bytes_in(a.weights + canonical_layout(op).kernel());
  const int depth = stored_depth(op);
  float columns[31 * tile_channels];
  auto* patch = static_cast<float*>(a.scratch);
  for (int first = 0; first < w.out.c; first += tile_channels) {
    const int n = tile_width(w.out.c, first);
    for (int j = 0; j < n; ++j)
      for (int k = 0; k < depth; ++k)
        columns[k * tile_channels + j] = static_cast<float>(rows[(first + j) * depth + k]);
    for (int j = n; j % lanes != 0; ++j)  // lanes beyond n: sums that nobody reads, but they must fit an integer
      for (int k = 0; k < depth; ++k) columns[k * tile_channels + j] = 0;
    for (int oy = 0; oy < w.out.h; ++oy)
      for (int ox = 0; ox < w.out.w; ++ox) {
        gather_numbers<S.in>(a.in, w, zero, w.stored_in_c, oy, ox, patch);
        std::int32_t acc[tile_channels];
        for (int j = 0; j < n; j += lanes) {
          float sums[lanes];
          store_lanes(sums, multiply_columns<float_lanes>(patch, columns + j, tile_channels, depth));
          for (int i = 0; i < lanes; ++i) acc[j + i] = static_cast<std::int32_t>(sums[i]);
        }
        store_tile(params, w, a.out, oy * w.out.w + ox, first, n, acc);
      }
  }
}

template <op_signature S, class Geometry>
inline void conv_integer(Geometry g, const arguments& a) {
  const window w = g();
  const kernel_op op{S, w};
  const parameters<S> params{a.weights, w};
  const std::uint32_t* kernel = a.weights + canonical_layout(op).kernel();
  const stored_bytes rows = bytes_in(kernel);
  auto* patch = static_cast<std::int16_t*>(a.scratch);
  const int depth = stored_depth(op);
  const bool signs = form_of(op) == form::sign_rows;
  const bool in_place = reads_in_place(op);
  const std::int32_t zero = S.in == kind::u8 || S.in == kind::i8 ? params.in_zero() : 0;
  constexpr bool may_be_shallow = !Geometry::is_static || shallow({S, Geometry{}()});
  if constexpr (lanes > 1 && S.in != kind::i16 && may_be_shallow)
    if (!signs && shallow(op)) return conv_shallow<S>(g, a, params, zero);

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
        if (signs) {  // sum of x * sign = sum of all x - 2 * sum of those with a minus
          for (int j = 0; j < n; ++j) {
            const std::uint32_t* row = kernel + (first + j) * depth;
            if constexpr (lanes > 1 && S.in != kind::i16)
              acc[j] = total - 2 * sum_lanes_where_set<half_lanes>(patch, row, depth);
            else
              acc[j] = total - 2 * sum_where_set(patch, row, depth);
          }
        } else if (in_place) {
          if constexpr (S.in != kind::bits) {
            const auto* from =
                static_cast<const storage_t<S.in>*>(a.in) + (oy * w.stride_h * w.in.w + ox * w.stride_w) * w.in.c;
            multiply_rows(from, zero, rows + first * depth, depth, n, acc);
          }
        } else {
          multiply_rows(patch, 0, rows + first * depth, depth, n, acc);
        }
        store_tile(params, w, a.out, oy * w.out.w + ox, first, n, acc);
      }
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
