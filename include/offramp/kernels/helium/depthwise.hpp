// Depthwise convolutions: eight channels at a time, their sums in two vectors over all taps. Bytes are widened to 16
// bits as they are loaded, and their products added to the sums of even and of odd channels. Taps that lie outside the
// input are left out.
#ifndef OFFRAMP_KERNELS_HELIUM_DEPTHWISE_HPP
#define OFFRAMP_KERNELS_HELIUM_DEPTHWISE_HPP

#include <cstdint>

#include <offramp/core/kind.hpp>
#include <offramp/kernels/cortex_m/target.hpp>
#include <offramp/kernels/helium/depthwise_traits.hpp>
#include <offramp/kernels/helium/output.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/conv_grouped.hpp>
#include <offramp/kernels/stored_bytes.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace helium {

#if OFFRAMP_MVE

// Sums of n channels.
template <bool Whole, class T>
class eight_sums {
 public:
  [[gnu::always_inline]] eight_sums(std::int32_t zero, int n)
      : zero_{static_cast<std::int16_t>(-zero)}, some_{Whole ? mve_pred16_t{}
                                                             : vctp16q(static_cast<std::uint32_t>(n))} {}

  [[gnu::always_inline]] void add_tap(const T* x, const std::int8_t* weights) {
    const int16x8_t by = load(weights);
    const int16x8_t v = vaddq_n_s16(load(x), zero_);
    even_ = vaddq_s32(even_, vmullbq_int_s16(v, by));
    odd_ = vaddq_s32(odd_, vmulltq_int_s16(v, by));
  }
  [[gnu::always_inline]] void store(std::int32_t* to) const {
    const words4 twice = vmulq_n_u32(vidupq_n_u32(0, 1), 2);
    vstrwq_scatter_shifted_offset_s32(to, twice, even_);
    vstrwq_scatter_shifted_offset_s32(to + 1, twice, odd_);
  }

 private:
  template <class U>
  [[gnu::always_inline]] int16x8_t load(const U* p) const {
    if constexpr (Whole && sizeof(U) == 1 && U(-1) < U(0))
      return vldrbq_s16(p);
    else if constexpr (Whole)
      return vreinterpretq_s16_u16(vldrbq_u16(p));
    else if constexpr (U(-1) < U(0))
      return vldrbq_z_s16(p, some_);
    else
      return vreinterpretq_s16_u16(vldrbq_z_u16(p, some_));
  }
  ints4 even_ = vdupq_n_s32(0);
  ints4 odd_ = vdupq_n_s32(0);
  std::int16_t zero_;
  mve_pred16_t some_;
};

#else

// Sums of n channels.
template <bool Whole, class T>
class eight_sums {
 public:
  eight_sums(std::int32_t zero, int n) : zero_{zero}, n_{n} {}
  void add_tap(const T* x, stored_bytes weights) {
    for (int i = 0; i < n_; ++i) sums_[i] += (x[i] - zero_) * weights[i];
  }
  void store(std::int32_t* to) const {
    for (int i = 0; i < 8; ++i) to[i] = sums_[i];
  }

 private:
  std::int32_t sums_[8] = {};
  std::int32_t zero_;
  int n_;
};

#endif

// The taps of one window that lie inside the input, and their distances in elements and bytes.
struct tap_range {
  int rows = 0;
  int columns = 0;
  int in_row = 0;
  int in_step = 0;
  int weight_row = 0;
  int weight_step = 0;
};

// What all positions share.
struct depthwise_task {
  const std::uint32_t* weights;
  void* out;
  std::int32_t zero;
};

// n channels from c on of output number `position`: to numbers, or bits from place c on.
template <op_signature S, int Columns, bool Whole, class Bytes>
[[gnu::always_inline]] inline std::uint32_t convolve_eight(const depthwise_task& task, const output_limits<S>& limits,
                                                           const window& w, const tap_range& taps,
                                                           const storage_t<S.in>* x, Bytes weights, int position, int c,
                                                           int n) {
  eight_sums<Whole, storage_t<S.in>> total{task.zero, n};
  const int columns = Columns > 0 ? Columns : taps.columns;
  for (int row = 0; row < taps.rows; ++row, x += taps.in_row, weights += taps.weight_row) {
#pragma GCC unroll 7
    for (int i = 0; i < columns; ++i) total.add_tap(x + i * taps.in_step, weights + i * taps.weight_step);
  }
  std::int32_t sums[8];
  total.store(sums);
  std::uint32_t bits = 0;
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    if (!Whole && i >= n) break;
    const quad_stage<S> stage{task.weights, w.stored_out_c, c + i};
    if constexpr (S.out == kind::bits)
      bits |= stage.add_signs(0, load_ints(sums + i), make_words(1, 2, 4, 8)) << i;
    else
      stage.store(limits, load_ints(sums + i), static_cast<storage_t<S.out>*>(task.out) + position * w.out.c + c + i,
                  Whole ? 4 : n - i);
  }
  return bits;
}

template <op_signature S, int Columns, class Bytes>
[[gnu::always_inline]] inline void convolve_channels(const depthwise_task& task, const output_limits<S>& limits,
                                                     const window& w, const tap_range& taps, const storage_t<S.in>* x,
                                                     Bytes weights, int position) {
  std::uint32_t bits = 0;
  const auto put = [&](int c, std::uint32_t more) __attribute__((always_inline)) {
    if constexpr (S.out == kind::bits) {
      bits |= more << (c % 32);
      if (c % 32 != 24 && c + 8 < w.out.c) return;
      static_cast<std::uint32_t*>(task.out)[position * ceil_div(w.out.c, 32) + c / 32] =
          sign_word(task.weights, w, c / 32, bits);
      bits = 0;
    }
  };
  int c = 0;
  for (; c + 8 <= w.out.c; c += 8)
    put(c, convolve_eight<S, Columns, true>(task, limits, w, taps, x + c, weights + c, position, c, 8));
  if (c < w.out.c)
    put(c, convolve_eight<S, Columns, false>(task, limits, w, taps, x + c, weights + c, position, c, w.out.c - c));
}

template <op_signature S, class Geometry>
OFFRAMP_CORTEX_M void convolve_by_channel(Geometry g, const arguments& a) {
  const window w = g();
  const depthwise_task task{a.weights, a.out, static_cast<std::int32_t>(a.weights[0])};
  const output_limits<S> limits{a.weights};
  const stored_bytes weights = bytes_in(a.weights + canonical_layout({S, w}).kernel());
  const auto* in = static_cast<const storage_t<S.in>*>(a.in);
  tap_range taps;
  taps.in_step = w.in.c;
  taps.in_row = w.in.w * w.in.c;
  taps.weight_step = w.stored_out_c;
  taps.weight_row = w.kernel_w * w.stored_out_c;
  constexpr int columns = [] {
    if constexpr (Geometry::is_static)
      return Geometry{}().kernel_w <= 7 ? Geometry{}().kernel_w : 0;
    else
      return 0;
  }();
  for (int oy = 0; oy < w.out.h; ++oy) {
    const int y = oy * w.stride_h - w.pad_top;
    const int skip_y = y < 0 ? -y : 0;
    taps.rows = (w.in.h - y < w.kernel_h ? w.in.h - y : w.kernel_h) - skip_y;
    for (int ox = 0; ox < w.out.w; ++ox) {
      const int x = ox * w.stride_w - w.pad_left;
      const int skip_x = x < 0 ? -x : 0;
      taps.columns = (w.in.w - x < w.kernel_w ? w.in.w - x : w.kernel_w) - skip_x;
      const bool any = taps.rows > 0 && taps.columns > 0;
      const storage_t<S.in>* from = in + (any ? ((y + skip_y) * w.in.w + x + skip_x) * w.in.c : 0);
      const stored_bytes first = weights + (any ? (skip_y * w.kernel_w + skip_x) * w.stored_out_c : 0);
      const int position = oy * w.out.w + ox;
      if (columns > 0 && taps.columns == columns)
        convolve_channels<S, columns>(task, limits, w, taps, from, first, position);
      else
        convolve_channels<S, 0>(task, limits, w, taps, from, first, position);
    }
  }
}

}  // namespace helium

template <>
struct code<helium::depthwise> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      if constexpr (helium::runs_by_channel({S, Geometry{}()}))
        helium::convolve_by_channel<S>(g, a);
      else
        portable::conv_grouped<S>(g, a);
    } else if (helium::runs_by_channel({S, g()})) {
      helium::convolve_by_channel<S>(g, a);
    } else {
      portable::conv_grouped<S>(g, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
