// Convolutions of any number of groups; weights are [out_c][kh][kw][in_c / groups]. One group is a convolution as it
// is; several are convolutions of some of the channels, taken out image by image; where each input channel is its own
// group (depthwise) there is too little to multiply for a matrix product, and loops along the channels do it directly.
// Arguments are those of convolution.hpp; `columns` is scratch of grouped_convolution_columns() elements.
#ifndef OFFRAMP_HOST_LAYERS_GROUPED_CONVOLUTION_HPP
#define OFFRAMP_HOST_LAYERS_GROUPED_CONVOLUTION_HPP

#include <algorithm>
#include <cstddef>

#include <offramp/host/layers/channels.hpp>
#include <offramp/host/layers/convolution.hpp>
#include <offramp/host/layers/taps.hpp>

namespace offramp::inline OFFRAMP_ABI::host::layers {

namespace detail {

constexpr bool depthwise(const window& g) { return g.groups > 1 && g.groups == g.in.c; }

// What one group sees.
constexpr window group_window(window g) {
  g.in.c = g.stored_in_c = g.group_in_c();
  g.out.c = g.stored_out_c = g.out.c / g.groups;
  g.groups = 1;
  return g;
}

// Weights of a depthwise convolution with the taps outside: [taps][out_c].
template <class T>
void taps_outside(const window& g, const T* weights, T* out) {
  for (int o = 0; o < g.out.c; ++o)
    for (int tap = 0; tap < g.taps(); ++tap) out[tap * g.out.c + o] = weights[o * g.taps() + tap];
}

// As many output as input channels.
template <class T>
void depthwise_forward(const window& g, T padding, int n, const T* __restrict x, const T* weights, const T* bias,
                       T* __restrict y, T* columns) {
  T* const taps = columns;
  taps_outside(g, weights, taps);
  for_each_tap(g, n, [&](int tap, std::ptrdiff_t to, std::ptrdiff_t from) {
    T* __restrict const out = y + to;
    const T* __restrict const w = taps + tap * g.out.c;
    if (tap == 0) bias ? std::copy_n(bias, g.out.c, out) : std::fill_n(out, g.out.c, T{});
    if (from < 0) {
      for (int o = 0; o < g.out.c; ++o) out[o] += padding * w[o];
    } else {
      const T* __restrict const in = x + from;
      for (int c = 0; c < g.in.c; ++c) out[c] += in[c] * w[c];
    }
  });
}

template <class T>
void depthwise_backward(const window& g, T padding, int n, const T* __restrict x, const T* weights,
                        const T* __restrict dy, T* __restrict dx, bool add_dx, T* d_weights, T* d_bias, bool add,
                        T* columns) {
  T *const taps = columns, *const d_taps = columns + g.taps() * g.out.c;
  taps_outside(g, weights, taps);
  std::fill_n(d_taps, g.taps() * g.out.c, T{});
  if (dx && !add_dx) std::fill_n(dx, static_cast<std::ptrdiff_t>(n) * g.in.size(), T{});
  for_each_tap(g, n, [&](int tap, std::ptrdiff_t to, std::ptrdiff_t from) {
    const T* __restrict const d = dy + to;
    if (dx && from >= 0) {
      const T* __restrict const w = taps + tap * g.out.c;
      T* __restrict const in = dx + from;
      for (int c = 0; c < g.in.c; ++c) in[c] += d[c] * w[c];
    }
    if (!d_weights) return;
    T* __restrict const w = d_taps + tap * g.out.c;
    if (from < 0) {
      for (int o = 0; o < g.out.c; ++o) w[o] += padding * d[o];
    } else {
      const T* __restrict const in = x + from;
      for (int c = 0; c < g.in.c; ++c) w[c] += in[c] * d[c];
    }
  });
  if (d_weights)
    for (int o = 0; o < g.out.c; ++o)
      for (int tap = 0; tap < g.taps(); ++tap) {
        T& sum = d_weights[o * g.taps() + tap];
        sum = (add ? sum : T{}) + d_taps[tap * g.out.c + o];
      }
  if (!d_bias) return;
  if (!add) std::fill_n(d_bias, g.out.c, T{});
  for (int row = 0; row < n * g.out.positions(); ++row)
    for (int o = 0; o < g.out.c; ++o) d_bias[o] += dy[static_cast<std::ptrdiff_t>(row) * g.out.c + o];
}

// A depthwise convolution with several outputs per channel, as one of its input with every channel repeated.
struct repeated_input {
  window wide;
  int each;
  explicit repeated_input(const window& g) : wide{g}, each{g.out.c / g.in.c} {
    wide.in.c = wide.stored_in_c = wide.groups = g.out.c;
  }
  template <class T>
  void repeat(const T* x, T* to) const {
    for (int i = 0; i < wide.in.size() / each; ++i, to += each) std::fill_n(to, each, x[i]);
  }
  template <class T>
  void add_up(const T* from, bool add, T* to) const {
    for (int i = 0; i < wide.in.size() / each; ++i, from += each) {
      T sum = add ? to[i] : T{};
      for (int j = 0; j < each; ++j) sum += from[j];
      to[i] = sum;
    }
  }
};

}  // namespace detail

template <class T>
int grouped_convolution_columns(const window& g) {
  if (g.groups == 1) return convolution_columns<T>(g);
  if (detail::depthwise(g)) return 2 * g.taps() * g.out.c + (g.in.c == g.out.c ? 0 : 2 * g.in.positions() * g.out.c);
  const window part = detail::group_window(g);
  return 2 * part.in.size() + part.out.size() + convolution_columns<T>(part);
}

template <class T>
void grouped_convolution_forward(const window& g, T padding, int n, const T* x, const T* weights, const T* bias, T* y,
                                 T* columns) {
  if (g.groups == 1) return convolution_forward(g, padding, n, x, weights, bias, y, columns);
  if (detail::depthwise(g)) {
    if (g.in.c == g.out.c) return detail::depthwise_forward(g, padding, n, x, weights, bias, y, columns);
    const detail::repeated_input r{g};
    T *const in = columns, *const rest = in + r.wide.in.size();
    for (int i = 0; i < n; ++i, x += g.in.size(), y += g.out.size()) {
      r.repeat(x, in);
      detail::depthwise_forward(r.wide, padding, 1, in, weights, bias, y, rest);
    }
    return;
  }
  const window part = detail::group_window(g);
  T *const in = columns, *const out = in + part.in.size(), *const rest = out + part.out.size();
  for (int i = 0; i < n; ++i, x += g.in.size(), y += g.out.size())
    for (int k = 0; k < g.groups; ++k) {
      const int first = k * part.out.c;
      copy_channels<T>({x + k * part.in.c, g.in.c}, g.in.positions(), part.in.c, false, {in, part.in.c});
      convolution_forward<T>(part, padding, 1, in, weights + first * part.depth(), bias ? bias + first : nullptr, out,
                             rest);
      copy_channels<T>({out, part.out.c}, g.out.positions(), part.out.c, false, {y + first, g.out.c});
    }
}

template <class T>
void grouped_convolution_backward(const window& g, T padding, int n, const T* x, const T* weights, const T* dy, T* dx,
                                  bool add_dx, T* d_weights, T* d_bias, bool add, T* columns) {
  if (g.groups == 1)
    return convolution_backward(g, padding, n, x, weights, dy, dx, add_dx, d_weights, d_bias, add, columns);
  if (detail::depthwise(g)) {
    if (g.in.c == g.out.c)
      return detail::depthwise_backward(g, padding, n, x, weights, dy, dx, add_dx, d_weights, d_bias, add, columns);
    const detail::repeated_input r{g};
    T *const in = columns, *const d_in = in + r.wide.in.size(), *const rest = d_in + r.wide.in.size();
    for (int i = 0; i < n; ++i, x += g.in.size(), dy += g.out.size()) {
      r.repeat(x, in);
      detail::depthwise_backward<T>(r.wide, padding, 1, in, weights, dy, dx ? d_in : nullptr, false, d_weights, d_bias,
                                    add || i > 0, rest);
      if (dx) r.add_up(d_in, add_dx, dx + static_cast<std::ptrdiff_t>(i) * g.in.size());
    }
    return;
  }
  const window part = detail::group_window(g);
  T *const in = columns, *const d_in = in + part.in.size(), *const out = d_in + part.in.size();
  T* const rest = out + part.out.size();
  for (int i = 0; i < n; ++i, x += g.in.size(), dy += g.out.size()) {
    for (int k = 0; k < g.groups; ++k) {
      const int first = k * part.out.c, weight = first * part.depth();
      copy_channels<T>({x + k * part.in.c, g.in.c}, g.in.positions(), part.in.c, false, {in, part.in.c});
      copy_channels<T>({dy + first, g.out.c}, g.out.positions(), part.out.c, false, {out, part.out.c});
      convolution_backward<T>(part, padding, 1, in, weights + weight, out, dx ? d_in : nullptr, false,
                              d_weights ? d_weights + weight : nullptr, d_bias ? d_bias + first : nullptr, add || i > 0,
                              rest);
      if (dx)
        copy_channels<T>({d_in, part.in.c}, g.in.positions(), part.in.c, add_dx,
                         {dx + static_cast<std::ptrdiff_t>(i) * g.in.size() + k * part.in.c, g.in.c});
    }
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::host::layers

#endif
