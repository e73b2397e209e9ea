// Means of integers, several channels at a time: sums stay in registers over all taps, and no array holds a tile of
// them. Layers share one body of code; what sets them apart are distances between elements, which it is handed.
#ifndef OFFRAMP_KERNELS_CORTEX_M_MEAN_POOL_HPP
#define OFFRAMP_KERNELS_CORTEX_M_MEAN_POOL_HPP

#include <cstdint>

#include <offramp/kernels/cortex_m/mean_pool_traits.hpp>
#include <offramp/kernels/cortex_m/scaled_sums.hpp>
#include <offramp/kernels/cortex_m/target.hpp>
#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/path.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace cortex_m {

// Counts and, in elements of the input, distances.
struct pool_steps {
  int out_h, out_w, out_c;
  int in_c;
  int kernel_h, kernel_w;
  int after_tap_row;  // from behind a row of taps to the next one
  int next_column;    // of the output
  int after_row;      // from behind a row of the output to the next one

  constexpr explicit pool_steps(const window& w)
      : out_h{w.out.h}, out_w{w.out.w}, out_c{w.out.c}, in_c{w.in.c}, kernel_h{w.kernel_h}, kernel_w{w.kernel_w},
        after_tap_row{(w.in.w - w.kernel_w) * w.in.c},
        next_column{w.stride_w * w.in.c}, after_row{(w.stride_h * w.in.w - w.out.w * w.stride_w) * w.in.c} {}
};
template <window W>
inline constexpr pool_steps pool_steps_of{W};

// Channels at a time: all numbers of channels are a multiple of it.
constexpr int pooled_together(const window& w) { return w.in.c % 4 == 0 && w.out.c % 4 == 0 ? 4 : 1; }

// Adds neighbouring numbers, one to each sum: by words, where those may lie anywhere.
template <kind K, int Together>
[[gnu::always_inline]] inline void add_neighbours(std::int32_t (&sums)[Together], const storage_t<K>* from) {
#if defined(__ARM_FEATURE_UNALIGNED) && !defined(__ARM_BIG_ENDIAN)
  if constexpr (Together == 4 && K == kind::i16) {
    std::uint32_t first, second;
    __builtin_memcpy(&first, from, 4);
    __builtin_memcpy(&second, from + 2, 4);
    sums[0] += static_cast<std::int16_t>(first);
    sums[1] += static_cast<std::int32_t>(first) >> 16;
    sums[2] += static_cast<std::int16_t>(second);
    sums[3] += static_cast<std::int32_t>(second) >> 16;
    return;
  } else if constexpr (Together == 4) {
    std::uint32_t word;
    __builtin_memcpy(&word, from, 4);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) sums[i] += static_cast<storage_t<K>>(word >> (8 * i));
    return;
  }
#endif
#pragma GCC unroll 4
  for (int i = 0; i < Together; ++i) sums[i] += from[i];
}

// Stores sums by `finish`, to channel c of the position that `out` points to and those behind it.
template <op_signature S>
struct finished_means {
  parameters<S> params;
  storage_t<S.out>* out;

  template <int Together>
  [[gnu::always_inline]] void put(const std::int32_t (&sums)[Together], int c) {
    storage_t<S.out>* to = out + c;
    for (const std::int32_t sum : sums) {
      *to = finish<S>(params, 0, sum, S.add ? *to : storage_t<S.out>{});
      ++to;
    }
  }
  void next(int channels) { out += channels; }
};

// Stores sums that begin with their bias as i8 or as i16: one body of code for both.
struct scaled_means {
  const std::uint32_t* weights;
  std::int32_t multiplier, rounding;
  std::int8_t* out;
  std::uint32_t right;  // 32: by finish_number
  int bytes;            // of an element

  template <int Together>
  [[gnu::always_inline]] void put(const std::int32_t (&sums)[Together], int c) {
    const auto twice = [&](std::int32_t sum) __attribute__((always_inline)) {
      return (high_product(sum * (1 << room_above), multiplier) >> right) + rounding;
    };
    std::int8_t* to = out + c * bytes;
    if (right > 31) return put_any(sums, Together, to);
    if (bytes == 2) {
      auto* halves = reinterpret_cast<std::int16_t*>(to);
      for (const std::int32_t sum : sums) *halves++ = static_cast<std::int16_t>(saturate<16, 1>(twice(sum)));
    } else {
      for (const std::int32_t sum : sums) *to++ = static_cast<std::int8_t>(saturate<8, 1>(twice(sum)));
    }
  }
  void next(int channels) { out += channels * bytes; }

 private:
  [[gnu::noinline]] void put_any(const std::int32_t* sums, int n, std::int8_t* to) const {
    for (; n > 0; --n, to += bytes) {
      const std::int32_t q = finish_number(weights, *sums++, weights + weight_layout::header_words, 1);
      if (bytes == 2)
        *reinterpret_cast<std::int16_t*>(to) = static_cast<std::int16_t>(q);
      else
        *to = static_cast<std::int8_t>(q);
    }
  }
};

template <kind In, int Together, class Means>
[[gnu::always_inline]] inline void add_up(const pool_steps& steps, const void* in, std::int32_t begin, Means& means) {
  const auto* corner = static_cast<const storage_t<In>*>(in);
  for (int rows = steps.out_h; rows > 0; --rows, corner += steps.after_row)
    for (int columns = steps.out_w; columns > 0; --columns, corner += steps.next_column, means.next(steps.out_c))
      for (int c = 0; c < steps.in_c; c += Together) {
        const auto* from = corner + c;
        std::int32_t sums[Together];
#pragma GCC unroll 4
        for (int i = 0; i < Together; ++i) sums[i] = begin;
        // There is a tap, so that no loop has to ask before it begins.
        int ky = steps.kernel_h;
        do {
          int kx = steps.kernel_w;
          do {
            add_neighbours<In>(sums, from);
            from += steps.in_c;
          } while (--kx > 0);
          from += steps.after_tap_row;
        } while (--ky > 0);
        // Channels repeat.
        for (int o = c; o < steps.out_c; o += steps.in_c) means.put(sums, o);
      }
}

// What all signatures share that read the same kind.
template <kind In, int Together>
OFFRAMP_CORTEX_M void add_up_and_scale(const pool_steps& steps, const arguments& a, bool wide) {
  const auto number = [&](int i) __attribute__((always_inline)) { return static_cast<std::int32_t>(a.weights[i]); };
  const int taps = steps.kernel_h * steps.kernel_w;
  const std::int32_t begin = number(4) - taps * number(0);
  const std::int32_t most = wide ? 32767 : 127;
  std::uint32_t right = right_shift(number(6));
  // Up to 2^12 numbers of 16 bits.
  if (!has_room(begin) || taps > 4096 || right > 31 || number(2) != -most - 1 || number(3) != most) right = 32;
  scaled_means means{a.weights, number(5), 1 + 2 * number(1), static_cast<std::int8_t*>(a.out), right, wide ? 2 : 1};
  add_up<In, Together>(steps, a.in, begin, means);
}

template <op_signature S, int Together>
OFFRAMP_CORTEX_M void add_up_and_finish(const pool_steps& steps, const arguments& a) {
  const parameters<S> params{a.weights, window{}};
  finished_means<S> means{params, static_cast<storage_t<S.out>*>(a.out)};
  add_up<S.in, Together>(steps, a.in, -steps.kernel_h * steps.kernel_w * params.in_zero(), means);
}

template <op_signature S, int Together>
[[gnu::always_inline]] inline void means(const pool_steps& steps, const arguments& a) {
  if constexpr (may_scale<S> && !S.add)
    add_up_and_scale<S.in, Together>(steps, a, S.out == kind::i16);
  else
    add_up_and_finish<S, Together>(steps, a);
}

}  // namespace cortex_m

template <>
struct code<cortex_m::mean_pool> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      constexpr window w = Geometry{}();
      cortex_m::means<S, cortex_m::pooled_together(w)>(cortex_m::pool_steps_of<w>, a);
    } else {
      const window w = g();
      if (cortex_m::pooled_together(w) == 4)
        cortex_m::means<S, 4>(cortex_m::pool_steps{w}, a);
      else
        cortex_m::means<S, 1>(cortex_m::pool_steps{w}, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
