// Depthwise convolutions: four channels at a time, their sums in registers over all taps. A word of four bytes is two
// pairs, of numbers and of weights alike, so that a tap costs two loads, four extensions and four products. Taps that
// lie outside the input are left out.
#ifndef OFFRAMP_KERNELS_CORTEX_M_DSP_DEPTHWISE_HPP
#define OFFRAMP_KERNELS_CORTEX_M_DSP_DEPTHWISE_HPP

#include <cstdint>

#include <offramp/kernels/cortex_m_dsp/depthwise_traits.hpp>
#include <offramp/kernels/cortex_m_dsp/instructions.hpp>
#include <offramp/kernels/cortex_m_dsp/output.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/conv_grouped.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace cortex_m_dsp {

// The taps of one window that lie inside the input, and their distances in elements and bytes.
struct tap_range {
  int rows = 0;
  int columns = 0;
  int in_row = 0;
  int in_step = 0;
  int weight_row = 0;
  int weight_step = 0;
};

[[gnu::always_inline]] inline void add_four(std::int32_t (&acc)[4], std::uint32_t x02, std::uint32_t x13,
                                            std::uint32_t weights) {
  const std::uint32_t w02 = wide_bytes<false>(weights);
  const std::uint32_t w13 = wide_bytes<true>(weights);
  acc[0] = smla<half::low, half::low>(x02, w02, acc[0]);
  acc[1] = smla<half::low, half::low>(x13, w13, acc[1]);
  acc[2] = smla<half::high, half::high>(x02, w02, acc[2]);
  acc[3] = smla<half::high, half::high>(x13, w13, acc[3]);
}

// One tap of four channels.
template <kind K>
[[gnu::always_inline]] inline void add_tap(std::int32_t (&acc)[4], const storage_t<K>* x, const unsigned char* weights,
                                           std::uint32_t minus_zero) {
  const std::uint32_t by = load_bytes(weights);
  if constexpr (K == kind::i16) {
    const std::uint32_t w02 = wide_bytes<false>(by);
    const std::uint32_t w13 = wide_bytes<true>(by);
    acc[0] = add_product(acc[0], x[0], low_half(w02));
    acc[1] = add_product(acc[1], x[1], low_half(w13));
    acc[2] = add_product(acc[2], x[2], high_half(w02));
    acc[3] = add_product(acc[3], x[3], high_half(w13));
  } else {
    const std::uint32_t bytes = load_bytes(x);
    add_four(acc, add_bytes<K == kind::i8, false>(minus_zero, bytes), add_bytes<K == kind::i8, true>(minus_zero, bytes),
             by);
  }
}

// Sums of four channels; Columns: all columns of the kernel are inside, and there are so many of them (0: look).
template <kind K, int Columns>
[[gnu::always_inline]] inline void add_taps(std::int32_t (&acc)[4], const tap_range& taps, const storage_t<K>* x,
                                            const unsigned char* weights, std::uint32_t minus_zero) {
  const int columns = Columns > 0 ? Columns : taps.columns;
  for (int row = 0; row < taps.rows; ++row, x += taps.in_row, weights += taps.weight_row) {
#pragma GCC unroll 7
    for (int i = 0; i < columns; ++i) add_tap<K>(acc, x + i * taps.in_step, weights + i * taps.weight_step, minus_zero);
  }
}

template <kind K>
[[gnu::always_inline]] inline std::int32_t channel_sum(std::int32_t sum, const tap_range& taps, const storage_t<K>* x,
                                                       std::int32_t zero, const unsigned char* weights) {
  for (int row = 0; row < taps.rows; ++row, x += taps.in_row, weights += taps.weight_row)
    for (int i = 0; i < taps.columns; ++i)
      sum = add_product(sum, x[i * taps.in_step] - zero, static_cast<std::int8_t>(weights[i * taps.weight_step]));
  return sum;
}

// What one position is made of.
template <op_signature S, class Geometry>
struct channel_task {
  const window& w;
  const output_stage<S, Geometry>& stage;
  std::int32_t zero;
  void* out;
};

// All channels of output number `position`.
template <op_signature S, int Columns, class Geometry>
[[gnu::always_inline]] inline void convolve_channels(const channel_task<S, Geometry>& task, const tap_range& taps,
                                                     const storage_t<S.in>* x, const unsigned char* weights,
                                                     int position) {
  const int channels = task.w.out.c;
  const std::uint32_t minus_zero = make_pair(-task.zero, -task.zero);
  const int words = ceil_div(channels, 32);
  std::uint32_t not_below[1] = {};
  const auto store = [&](int c, std::int32_t sum) __attribute__((always_inline)) {
    const std::int32_t acc[1] = {sum};
    if constexpr (S.out == kind::bits) {
      shift_in_signs<S, 1>(task.stage, c, acc, not_below);
      if (c % 32 == 31 || c + 1 == channels)
        static_cast<std::uint32_t*>(task.out)[position * words + c / 32] =
            sign_word(task.stage, c / 32, c % 32 + 1, not_below[0]);
    } else {
      store_numbers<S, 1>(task.stage, c, acc, static_cast<storage_t<S.out>*>(task.out) + position * channels + c,
                          channels);
    }
  };
  int c = 0;
  for (; c + 4 <= channels; c += 4) {
    std::int32_t acc[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) acc[i] = begin_of_signs<S> + task.stage.bias(c + i);
    add_taps<S.in, Columns>(acc, taps, x + c, weights + c, minus_zero);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) store(c + i, acc[i]);
  }
  for (; c < channels; ++c)
    store(c, channel_sum<S.in>(begin_of_signs<S> + task.stage.bias(c), taps, x + c, task.zero, weights + c));
}

template <op_signature S, class Geometry>
inline void convolve_by_channel(Geometry g, const arguments& a) {
  const window w = g();
  const output_stage<S, Geometry> stage{a.weights, w};
  const channel_task<S, Geometry> task{w, stage, S.in == kind::i16 ? 0 : static_cast<std::int32_t>(a.weights[0]),
                                       a.out};
  const auto* weights = reinterpret_cast<const unsigned char*>(a.weights + canonical_layout({S, w}).kernel());
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
      const unsigned char* first = weights + (any ? (skip_y * w.kernel_w + skip_x) * w.stored_out_c : 0);
      const int position = oy * w.out.w + ox;
      if (columns > 0 && taps.columns == columns)
        convolve_channels<S, columns>(task, taps, from, first, position);
      else
        convolve_channels<S, 0>(task, taps, from, first, position);
    }
  }
}

}  // namespace cortex_m_dsp

template <>
struct code<cortex_m_dsp::depthwise> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      if constexpr (cortex_m_dsp::runs_by_channel({S, Geometry{}()}))
        cortex_m_dsp::convolve_by_channel<S>(g, a);
      else
        portable::conv_grouped<S>(g, a);
    } else if (cortex_m_dsp::runs_by_channel({S, g()})) {
      cortex_m_dsp::convolve_by_channel<S>(g, a);
    } else {
      portable::conv_grouped<S>(g, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
